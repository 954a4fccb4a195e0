"""Where a task stands in the grid of a sweep: which of the values of each axis it has."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

MOST_AXES = 16
MOST_NUMBER = 10_000
LONGEST_LABEL = 100
LONGEST_VALUE = 200
LONGEST_SWEEP = 64
"""Characters; what is longer is cut, since each task's record has it."""


class Axis(NamedTuple):
    """One axis, and where a task stands on it: its value as a text, and the value's number."""

    label: str
    value: str
    number: int


class Cell(NamedTuple):
    """A task's place among those of its sweep."""

    sweep: str
    axes: tuple[Axis, ...]

    def parts(self) -> tuple[str, ...]:
        """Return each of its values with its label."""
        return tuple(f"{axis.label} {axis.value}".strip() for axis in self.axes)

    def told(self) -> str:
        """Return its values with their labels, as one text."""
        return ", ".join(self.parts())


def cell_of(sweep: str, axes: Sequence[Axis]) -> Cell | None:
    """Return a cell in the bounds that records keep; None for no axes, or numbers beyond them."""
    if not sweep or not all(0 <= axis.number <= MOST_NUMBER for axis in axes):
        return None
    kept = tuple(
        Axis(axis.label[:LONGEST_LABEL], axis.value[:LONGEST_VALUE], axis.number)
        for axis in axes[:MOST_AXES]
    )
    return Cell(sweep[:LONGEST_SWEEP], kept) if kept else None


def cell_to_json(cell: Cell | None) -> list[Any] | None:
    """Write a cell as plain lists."""
    return None if cell is None else [cell.sweep, [list(axis) for axis in cell.axes]]


def cell_from_json(row: Any) -> Cell | None:
    """Read what `cell_to_json` wrote; None for anything else."""
    match row:
        case [str(sweep), list(rows)] if sweep:
            axes = list(_axes(rows))
            return cell_of(sweep, axes) if len(axes) == len(rows) else None
    return None


def _axes(rows: list[Any]) -> Iterator[Axis]:
    for row in rows[:MOST_AXES]:
        match row:
            # A truth value is a number, too.
            case [str(label), str(value), int(number)] if 0 <= number <= MOST_NUMBER:
                yield Axis(label, value, int(number))
