"""The unfinished tasks of this browser's other windows, as the ledger has them."""

from collections.abc import Mapping

from tether.core.ids import TaskId, WindowId
from tether.core.model.task import State, Task
from tether.core.session.snapshot import read_task
from tether.core.windows.ledger import Entry


def others_of(entries: Mapping[TaskId, Entry]) -> dict[WindowId, list[Task]]:
    """Return each window's tasks, the oldest first, and first the window with the oldest task."""
    tasks = [(read_task(entry.record), entry.owner) for entry in entries.values()]
    known = [(task, owner) for task, owner in tasks if task is not None and not task.is_ended]
    found: dict[WindowId, list[Task]] = {}
    for task, owner in sorted(known, key=lambda each: each[0].accepted_at):
        found.setdefault(owner, []).append(task)
    return found


def since_of(task: Task) -> float:
    """Return when a task came to its state, 0 if its window did not note that."""
    return {
        State.WAITING: task.accepted_at,
        State.QUEUED: task.acknowledged_at or task.posted_at,
        State.RUNNING: task.started_at,
    }.get(task.state, task.bound_at)
