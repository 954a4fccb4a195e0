"""Which tasks have ended since the person last looked."""

from collections.abc import Iterable

from tether.core.ids import TaskId
from tether.core.model.task import State, Task

LONG_RUN = 20.0
"""Seconds after which a person may want to do something else meanwhile."""


class Ends:
    """Collects the ends of tasks, each once; those of `tasks` that have ended are not counted."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._counted: set[TaskId] = set()
        self._new: dict[TaskId, State] = {}
        self.note(tasks)
        self._new.clear()

    def note(self, tasks: Iterable[Task]) -> None:
        """Take up what has become of tasks; one that was lost can go on."""
        for task in tasks:
            if not task.is_ended:
                self._counted.discard(task.task_id)
                self._new.pop(task.task_id, None)
            elif task.task_id not in self._counted:
                self._counted.add(task.task_id)
                self._new[task.task_id] = task.state

    def take(self) -> tuple[int, int]:
        """Return how many tasks are newly done and newly failed; they are new no longer."""
        states = list(self._new.values())
        self._new.clear()
        return states.count(State.COMPLETED), states.count(State.FAILED) + states.count(State.LOST)


def seconds_until_long(tasks: Iterable[Task], now: float) -> float | None:
    """Return in how many seconds the oldest task will have taken long, 0 if it has.

    None where none runs. Of a batch, each task may be short.
    """
    live = list(tasks)
    if not any(task.state is State.RUNNING for task in live):
        return None
    return max(0.0, min(task.accepted_at for task in live) + LONG_RUN - now)
