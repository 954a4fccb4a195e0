"""Which of the tasks shown a person has picked out, to do one thing with all of them."""

from collections.abc import Sequence

from tether.core.ids import TaskId


class Selection:
    """Picked one by one, from one to another, or all."""

    def __init__(self) -> None:
        self._picked: set[TaskId] = set()
        self._latest: TaskId | None = None

    def __contains__(self, task_id: TaskId) -> bool:
        return task_id in self._picked

    def pick(self, task_id: TaskId, is_on: bool, shown: Sequence[TaskId] = ()) -> None:
        """Pick a task, or let it go.

        Args:
            task_id: Which.
            is_on: Whether it is picked from now on.
            shown: The tasks in order, if all are meant from the one before to this one.
        """
        several = {task_id}
        if self._latest in shown and task_id in shown:
            first, last = sorted(shown.index(each) for each in (self._latest, task_id))
            several.update(shown[first : last + 1])
        self._picked = self._picked | several if is_on else self._picked - several
        self._latest = task_id

    def pick_all(self, shown: Sequence[TaskId]) -> None:
        """Pick these, and no others."""
        self._picked = set(shown)
        self._latest = None
