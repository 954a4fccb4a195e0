"""Several values for fields of the form, as people type them."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from page.composer.form_fields import Field, read_answer
from tether.core.cells import Axis, Cell, cell_of
from tether.core.errors import BadInput
from tether.workflows.variants import MOST

_NUMBER = r"([+-]?\d{1,20}(?:[.,]\d{1,12})?)"
_RANGE = re.compile(rf"\s*{_NUMBER}\s*\.\.\s*{_NUMBER}(?:\s+step\s+{_NUMBER})?\s*")
_RANDOM = re.compile(r"\s*(\d{1,4})\s*(?:random|随机)\s*", re.IGNORECASE)
_NUMBERS = ("whole", "seed", "number")
_BETWEEN = re.compile(r"\s+\|\s+")


def can_vary(field: Field) -> bool:
    """Say whether a field can have several values: files have a list of their own."""
    return field.upload is None and field.kind != "switch" and not field.is_dynamic


def read_values(field: Field, typed: str) -> tuple[Any, ...]:
    """Return the values that were typed, one a line; of numbers also `1 | 3` and `1..8 step 2`.

    Raises:
        BadInput: There is none, one of them is wrong, or there are too many.
    """
    found: list[Any] = []
    for line in filter(str.strip, typed.splitlines()):
        for part in _BETWEEN.split(line.strip()) if field.kind in _NUMBERS else [line]:
            found += [read_answer(field, text) for text in _numbers(field, part)]
            _check(field, len(found))
    if not found:
        raise BadInput("sweep_empty", field=field.input)
    return tuple(found)


def with_rolled(typed: str, roll: Callable[[], int]) -> str:
    """Return what was typed with new seeds in place of each line `8 random`; `roll` gives one."""
    lines: list[str] = []
    for line in typed.splitlines():
        asked = _RANDOM.fullmatch(line)
        count = min(int(asked[1]), MOST) if asked else 0
        lines += [str(roll()) for _ in range(count)] if asked else [line]
    return "\n".join(lines)


def cells_of(
    sweep: str,
    axes: Sequence[tuple[Axis, ...]],
    pictures: Sequence[str],
    copies: int,
    labels: tuple[str, str],
) -> list[list[Cell | None]]:
    """Return each picture's cells; `axes` has those of its tasks, of which `copies` are alike.

    Pictures and copies are axes, too, where there are several; `labels` are what those are called.
    """

    def cell(number: int, task: int, own: tuple[Axis, ...]) -> Cell | None:
        picture = Axis(labels[0], pictures[number], number)
        copy = Axis(labels[1], str(task % copies + 1), task % copies)
        before, after = [picture] * (len(pictures) > 1), [copy] * (copies > 1)
        return cell_of(sweep, (*before, *own, *after))

    return [
        [cell(number, task, own) for task, own in enumerate(axes)]
        for number in range(len(pictures))
    ]


def _numbers(field: Field, part: str) -> list[str]:
    """Return the numbers of a range, by its own step or the field's; or the part as it is."""
    ends = _RANGE.fullmatch(part) if field.kind in _NUMBERS else None
    if ends is None:
        return [part]
    is_whole = not set(".,") & set(ends[1] + ends[2])
    usual = "1" if is_whole else str(field.step or 0)
    first, last, step = (Decimal(each.replace(",", ".")) for each in ends.groups(usual))
    if not step:
        return [part]
    step = abs(step) if last >= first else -abs(step)
    count = int((last - first) / step) + 1
    _check(field, count)
    return [f"{first + number * step:f}" for number in range(count)]


def _check(field: Field, count: int) -> None:
    if count > MOST:
        raise BadInput("sweep_long", field=field.input, count=count, most=MOST)
