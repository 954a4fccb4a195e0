"""The unfinished tasks of this browser's other windows, as the ledger has them."""

from collections.abc import Mapping
from typing import NamedTuple

from tether.core.ids import ServerUrl, TaskId, WindowId
from tether.core.model.task import State, Task
from tether.core.session.snapshot import read_task
from tether.core.windows.ledger import Entry


class OtherTask(NamedTuple):
    """A task of another window, in its state `since` then; 0 if nobody noted it."""

    title: str
    state: State
    server: ServerUrl | None
    since: float


class OtherWindow(NamedTuple):
    """Another window with its unfinished tasks, the oldest first."""

    window_id: WindowId
    tasks: tuple[OtherTask, ...]


def others_of(entries: Mapping[TaskId, Entry]) -> tuple[OtherWindow, ...]:
    """Group entries of the ledger by their windows, the one with the oldest task first."""
    found: dict[WindowId, list[Task]] = {}
    for entry in entries.values():
        task = read_task(entry.record)
        if task is not None:
            found.setdefault(entry.owner, []).append(task)
    for tasks in found.values():
        tasks.sort(key=lambda task: task.accepted_at)
    windows = sorted(found.items(), key=lambda each: each[1][0].accepted_at)
    return tuple(OtherWindow(owner, tuple(map(_other, tasks))) for owner, tasks in windows)


def _other(task: Task) -> OtherTask:
    since = {
        State.WAITING: task.accepted_at,
        State.QUEUED: task.acknowledged_at or task.posted_at,
        State.RUNNING: task.started_at,
    }.get(task.state, task.bound_at)
    return OtherTask(task.title, task.state, task.server, since)
