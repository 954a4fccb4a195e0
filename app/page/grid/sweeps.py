"""Sweeps: which tasks belong to one, and the tables that they make."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from tether.core.ids import TaskId
from tether.core.model.task import Task
from tether.core.model.title import JOINT

MOST_SIDE = 8_000
"""Pixels of a side of a contact sheet: browsers draw no canvas of any size.

Source: MDN, `<canvas>`, maximum size: 16,384 in Chromium and Safari, 11,180 in Firefox's default.
"""

GAP = 8
"""Pixels between the cells of a contact sheet, and around its labels."""

LINE = 28
"""Pixels of a line of labels."""


LEAST_CELL = 32
"""Pixels of a picture's longer side below which a sheet shows nothing any more."""

LEAST = 96
"""Pixels that a column has at least, so that its heading can be read."""

_VALUES = re.compile(r"\s*\(.*\)$", re.DOTALL)


class SweepAxis(NamedTuple):
    """What varies along one axis: its label, and its values by their numbers, in order."""

    label: str
    values: Mapping[int, str]


class GridTable(NamedTuple):
    """Some of the cells of a sweep; `rows` are (heading, cells), None where no task is left."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Task | None, ...]], ...]


@dataclass(frozen=True, slots=True)
class Sweep:
    """The tasks of one sweep, by their numbers on the axes."""

    key: str
    title: str
    axes: tuple[SweepAxis, ...]
    tasks: Mapping[tuple[int, ...], Task]

    def tables(self, down: int, across: int) -> tuple[GridTable, ...]:
        """Return a table for each combination of the values of all axes but two.

        Args:
            down: The axis of the rows; that of the columns for a sweep with one axis.
            across: The axis of the columns.
        """
        others = [each for each in range(len(self.axes)) if each not in (down, across)]
        row_numbers = list(self.axes[down].values) if down != across else [-1]
        made = []
        for numbers in product(*(self.axes[each].values for each in others)):
            place = dict(zip(others, numbers, strict=True))
            rows = []
            for row in row_numbers:
                cells = tuple(
                    self.tasks.get(self._key_of(place | {down: row} | {across: column}))
                    for column in self.axes[across].values
                )
                head = self.axes[down].values[row] if row >= 0 else ""
                rows.append((head, cells))
            caption = ", ".join(
                f"{self.axes[each].label} {self.axes[each].values[number]}".strip()
                for each, number in place.items()
            )
            made.append(GridTable(caption, tuple(self.axes[across].values.values()), tuple(rows)))
        return tuple(made)

    def _key_of(self, place: Mapping[int, int]) -> tuple[int, ...]:
        return tuple(place[each] for each in range(len(self.axes)))


def sweeps_of(tasks: Iterable[Task]) -> tuple[Sweep, ...]:
    """Return the sweeps of these tasks, the latest first; of a cell's tasks the latest counts.

    Records may have been changed: what has other axes than the sweep's first task is left out.
    """
    groups: dict[str, list[Task]] = {}
    for task in sorted(tasks, key=lambda task: task.accepted_at):
        if task.cell is not None:
            groups.setdefault(task.cell.sweep, []).append(task)
    return tuple(_sweep(key, found) for key, found in reversed(groups.items()))


def _sweep(key: str, tasks: list[Task]) -> Sweep:
    cells = [task.cell for task in tasks if task.cell is not None]
    labels = tuple(axis.label for axis in cells[0].axes)
    values: list[dict[int, str]] = [{} for _ in labels]
    found: dict[tuple[int, ...], Task] = {}
    for task, cell in zip(tasks, cells, strict=True):
        if tuple(axis.label for axis in cell.axes) == labels:
            found[tuple(axis.number for axis in cell.axes)] = task
            for known, axis in zip(values, cell.axes, strict=True):
                known.setdefault(axis.number, axis.value)
    axes = (
        SweepAxis(label, dict(sorted(known.items())))
        for label, known in zip(labels, values, strict=True)
    )
    _own, joint, workflow = tasks[0].title.rpartition(JOINT)
    title = workflow if joint else _VALUES.sub("", workflow) or workflow
    return Sweep(key, title, tuple(axes), found)


def held_up(task: Task, tasks: Mapping[TaskId, Task]) -> Task:
    """Return the task of a chain that waits for one that has ended, or that has none before it.

    A cell belongs to the last task of a chain; what fails may be any before it.
    """
    seen: set[TaskId] = set()  # records of other pages may go round in circles
    while task.after and task.source is None and task.after not in seen:
        first = tasks.get(task.after)
        if first is None or first.is_ended:
            break
        seen.add(task.after)
        task = first
    return task


class SheetCell(NamedTuple):
    """Where a picture stands on a contact sheet, in pixels; its place in the table."""

    left: int
    top: int
    row: int
    column: int


class SheetLayout(NamedTuple):
    """A contact sheet of one table: its size and that of its cells, in pixels."""

    width: int
    height: int
    cell: tuple[int, int]
    pitch: int
    """From one column to the next, without the gap."""
    cells: tuple[SheetCell, ...]


def layout_of(
    table: GridTable, largest: tuple[int, int], head: int, share: int = MOST_SIDE
) -> SheetLayout | None:
    """Lay out the contact sheet of a table; None where pictures would be too small to be seen.

    Args:
        table: Its rows and columns.
        largest: The width and the height in which each picture finds room, in pixels.
        head: Pixels that the headings of rows take.
        share: The height that it may have, in pixels; cells become smaller for it.
    """
    columns, rows = len(table.columns), len(table.rows)
    left = GAP + (head + GAP if head else 0)
    top = GAP + (LINE if table.caption else 0) + LINE
    room_across = (MOST_SIDE - left) // columns - GAP
    room_down = (share - top) // rows - GAP
    least = min(LEAST, room_across)
    scale = min(1.0, room_across / largest[0], room_down / largest[1])
    if scale < 1 and max(largest) * scale < LEAST_CELL:
        return None
    width, height = (max(1, int(side * scale)) for side in largest)
    pitch = max(width, least)
    cells = tuple(
        SheetCell(left + column * (pitch + GAP), top + row * (height + GAP), row, column)
        for row in range(rows)
        for column in range(columns)
    )
    whole = left + columns * (pitch + GAP), top + rows * (height + GAP)
    return SheetLayout(*whole, (width, height), pitch, cells)
