"""The order in which waiting tasks go, of all windows of the browser, as a list to change."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tether.core.ids import TaskId
from tether.core.model.task import Task
from tether.core.model.window import Window
from tether.core.scheduling.allotment import order_of_all

MOST_LISTED = 200
"""Tasks that are listed; who wants one behind them to go next has *Run next* on its card."""


class QueueRow(NamedTuple):
    """A task that waits; `place` counts from 1, of all windows. Others' can't be moved here."""

    task_id: TaskId
    title: str
    place: int
    is_own: bool


def queue_rows(
    window: Window, title_of: Callable[[TaskId], str], now: float
) -> tuple[list[QueueRow], int]:
    """Return what waits, the next one first, and how many tasks are not listed.

    `title_of` says what another window's task is called, "" where that is unknown.
    """
    rows: dict[TaskId, QueueRow] = {}
    total = 0
    for total, each in enumerate(order_of_all(window, now), 1):
        if len(rows) < MOST_LISTED and each.task_id not in rows:
            is_own = isinstance(each, Task)
            title = each.title if isinstance(each, Task) else title_of(each.task_id)
            rows[each.task_id] = QueueRow(each.task_id, title, total, is_own)
    return list(rows.values()), total - len(rows)


def behind(own: Sequence[TaskId], task_id: TaskId, place: int) -> TaskId | None:
    """Return the task that one goes behind to have a place, from 0, among those of its window.

    None is before all others of all windows.
    """
    others = [each for each in own if each != task_id]
    return others[min(place, len(others)) - 1] if place > 0 and others else None
