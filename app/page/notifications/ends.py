"""Which tasks came to their end since the person last looked."""

from collections.abc import Collection

from tether.core.ids import TaskId
from tether.core.model.task import State, Task

LONG = 20.0
"""Seconds after which a person may want to do something else while a task runs."""


class Ends:
    """Counts ends while nobody looks, and tells them once nothing is under way any more."""

    def __init__(self) -> None:
        self._seen: set[TaskId] | None = None

    def look(self, tasks: Collection[Task], is_watched: bool) -> tuple[int, int]:
        """Return how many tasks are newly done and newly failed, zeros while there is no news.

        Args:
            tasks: All tasks of the window.
            is_watched: The person sees the page, and needs no telling.
        """
        ended = {task.task_id: task.state for task in tasks if task.is_ended}
        if self._seen is None or is_watched:
            self._seen = set(ended)
            return 0, 0
        if len(ended) < len(tasks):
            return 0, 0
        new = [state for task_id, state in ended.items() if task_id not in self._seen]
        self._seen = set(ended)
        failed = sum(state in (State.FAILED, State.LOST) for state in new)
        return new.count(State.COMPLETED), failed


def runs_long(tasks: Collection[Task], now: float) -> bool:
    """Say whether a task has run for so long that one may want to do something else."""
    return any(task.state is State.RUNNING and 0 < task.started_at < now - LONG for task in tasks)
