"""Bars in rows, so that none hides another."""

from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple

from app.core.lane_line import Said
from app.core.task import ENDED, State

ROWS = 8
"""Rows of a lane; what doesn't fit is counted."""


class Part(NamedTuple):
    """A stage of a bar, in parts of that bar."""

    stage: str
    start: float
    end: float


class Bar(NamedTuple):
    """A task. `start` and `end` are parts of the picture, `row` counts from 0."""

    key: str
    row: int
    start: float
    end: float
    parts: tuple[Part, ...]
    state: State
    ink: str
    label: str
    detail: tuple[Said, ...]


def placed(bars: Iterable[Bar]) -> tuple[Bar, ...]:
    """Give each bar the first row where it is free, in the order of time.

    Where there are too few rows, what runs comes first, then what has yet to end: they are what
    one looks for.
    """
    ordered = sorted(bars, key=lambda bar: bar.start)
    found = _in_rows(ordered)
    if len(found) < len(ordered):
        found = _in_rows(sorted(ordered, key=_urgency))
    return tuple(sorted(found, key=lambda bar: (bar.start, bar.row)))


def _urgency(bar: Bar) -> int:
    if bar.state is State.RUNNING:
        return 0
    return 2 if bar.state in ENDED else 1


def _in_rows(bars: Iterable[Bar]) -> list[Bar]:
    rows: list[list[tuple[float, float]]] = []
    found = []
    for bar in bars:
        for number in range(ROWS):
            if number == len(rows):
                rows.append([])
            row, span = rows[number], (bar.start, bar.end)
            place = bisect_left(row, span)
            is_free = (place == 0 or row[place - 1][1] <= bar.start) and (
                place == len(row) or row[place][0] >= bar.end
            )
            if is_free:
                row.insert(place, span)
                found.append(bar._replace(row=number))
                break
    return found
