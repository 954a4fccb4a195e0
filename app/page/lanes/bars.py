"""A task as a bar: the stages it went through, and what there is to tell of it.

Bars in rows, so that none hides another.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from page.lanes.socket_line import Said
from tether.core.model.task import ENDED, State, Task

BRIEF = 0.05
"""Seconds under which nobody wants to know how long a stage took."""


class Life(NamedTuple):
    """A task in the lane where it is, in seconds since the epoch.

    `stages` holds (`waiting`, `way`, `queued` or `running`, since); the first begins at
    `start`, each ends where the next begins, the last at `end`. `ink` is `own`, `adopted` from
    a window that is gone, or `foreign`: another window's.
    """

    task: Task
    ink: str
    start: float
    end: float
    stages: tuple[tuple[str, float], ...]


def life_of(task: Task, ink: str, now: float) -> Life:
    """Return a task's life until now.

    At a server it begins when the task was bound: how long it had waited before is told in words.
    """
    end = now
    if task.is_ended:
        known = (task.accepted_at, task.bound_at, task.posted_at, task.started_at)
        end = min(now, task.ended_at or max(known))
    if task.server is None:
        began = [("waiting", task.accepted_at)]
    else:
        began = [("way", task.bound_at or task.accepted_at)]
        began += [
            (stage, at)
            for stage, at in (("queued", task.posted_at), ("running", task.started_at))
            if at
        ]
    # The clock may have been put back between two pages of the window.
    latest = min(began[0][1], end)
    stages = []
    for stage, at in began:
        latest = min(max(latest, at), end)
        stages.append((stage, latest))
    return Life(task, ink, stages[0][1], end, tuple(stages))


def is_datable(task: Task) -> bool:
    """Say whether it is known when a task ran; of what was collected after its end it isn't."""
    return bool(task.digest) or not task.is_ended


def details(life: Life, owner: str, now: float) -> tuple[Said, ...]:
    """Return what there is to tell of a task beside its title, its place and its state.

    Args:
        life: The task's.
        owner: The window that has it, where it is another one.
        now: The time.
    """
    return tuple(_details(life, owner, now))


def _details(life: Life, owner: str, now: float) -> Iterator[Said]:
    task = life.task
    if task.is_ended:
        yield "lanes.ended", {"at": life.end, "ago": now - life.end}
        if task.ended_by:
            yield f"lanes.by.{task.ended_by}", {}
    else:
        since = life.stages[-1][1]
        yield "lanes.since", {"at": since, "lasting": now - since}
    if task.state is State.RUNNING and life.ink != "foreign":
        yield "lanes.progress", {"percent": f"{task.progress.overall * 100:.0f}"}
    cuts = [("waiting", task.accepted_at)] if task.server is not None else []
    cuts += [*life.stages, ("", life.end)]
    if not task.is_ended:
        cuts.pop()  # how long the stage has lasted is told above
    for (stage, at), (_, end) in pairwise(cuts):
        if end - at >= BRIEF:
            yield f"lanes.took.{stage}", {"lasting": end - at}
    if life.ink == "foreign":
        yield "lanes.ink.foreign", {"window": owner}
    elif life.ink == "adopted":
        yield "lanes.ink.adopted", {}
    trouble = task.trouble or task.note
    if trouble is not None:
        facts: dict[str, str | float] = {**dict(trouble.facts)}
        yield f"trouble.{trouble.code}", facts
    yield "lanes.prompt", {"id": task.prompt_id}


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
