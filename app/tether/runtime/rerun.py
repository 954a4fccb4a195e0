"""Doing the work of a task once more, as a new task."""

from tether.core.events import CancelRequested, Emit
from tether.core.ids import TaskId
from tether.core.model.task import Task
from tether.core.model.window import Window
from tether.core.tracking.verdicts import is_still_lost
from tether.runtime.intake import Intake


class Repetition:
    """Runs tasks again: on request, and lost ones by itself where that is wanted.

    Args:
        since: Run again what gets lost from then on, each task once; None for nothing.
    """

    def __init__(self, window: Window, intake: Intake, emit: Emit, since: float | None) -> None:
        self._window = window
        self._intake = intake
        self._emit = emit
        self.since = since
        self._taken: set[TaskId] = set()

    async def run_again(self, task_id: TaskId) -> None:
        """Accept the work of a task that has ended once more.

        Raises:
            TetherError: The browser no longer has what it needs.
        """
        task = self._window.tasks.get(task_id)
        if task is not None and task.is_ended:
            await self._intake.accept_again(task, task.pinned)

    async def run_elsewhere(self, task_id: TaskId) -> None:
        """Give a task up where it is, and accept its work for the other servers.

        Its server may still run it: it is told to cancel as soon as it can be told.

        Raises:
            TetherError: The browser no longer has what it needs.
        """
        task = self._window.tasks.get(task_id)
        if task is not None and not task.is_ended:
            await self._intake.accept_again(task, None)
            self._emit(CancelRequested(task_id))

    def due(self) -> tuple[TaskId, ...]:
        """Return the lost tasks that are to run again by themselves; each is returned once.

        One that was lost again is left to the person: its server may lose it each time.
        """
        if self.since is None:
            return ()
        due = [
            task.task_id
            for task in self._window.ended()
            if task.ended_at >= self.since and self._is_due(task)
        ]
        self._taken.update(due)
        return tuple(due)

    def _is_due(self, task: Task) -> bool:
        is_new = task.again_of is None and task.task_id not in self._taken
        return is_new and is_still_lost(task)
