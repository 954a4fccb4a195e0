"""Runs the work of a task once more, as a new task."""

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from tether.core.errors import TetherError
from tether.core.events import CancelRequested, Emit, StorageFailed
from tether.core.ids import TaskId
from tether.core.model.server import Reach
from tether.core.model.task import Task
from tether.core.model.window import Changes, Window
from tether.core.tracking.verdicts import is_still_lost
from tether.runtime.intake import Intake


class Rerun:
    """Runs tasks again: on request, and lost ones by itself where a person wants that.

    It must follow the runner through `changed`.
    """

    def __init__(
        self,
        window: Window,
        intake: Intake,
        emit: Emit,
        soon: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._window = window
        self._intake = intake
        self._emit = emit
        self._soon = soon
        self._taken: set[TaskId] = set()
        self.since: float | None = None
        """Tasks lost from then on run again by themselves; None for none."""

    def rerun_from(self, since: float | None) -> None:
        """Run again what gets lost from a time on, each task once; None stops that."""
        self.since = since
        self._rerun_lost(list(self._window.ended()))

    def changed(self, changes: Changes) -> None:
        """Run again what the last round has lost."""
        known = filter(None, map(self._window.tasks.get, changes.tasks))
        self._rerun_lost(sorted(known, key=lambda task: task.turn))

    async def run_again(self, task_id: TaskId) -> None:
        """Accept the work of a task that has ended once more, for its server if that can be used.

        Raises:
            TetherError: The browser no longer has what it needs.
        """
        task = self._window.tasks.get(task_id)
        if task is None or not task.is_ended:
            return
        chosen = self._window.servers.get(task.pinned) if task.pinned else None
        if chosen is not None and (
            chosen.is_leaving or chosen.reach not in (Reach.UP, Reach.UNKNOWN)
        ):
            chosen = None
        await self._intake.accept_again(task, chosen.url if chosen else None)

    async def run_elsewhere(self, task_id: TaskId) -> None:
        """Accept the work of an unfinished task for the other servers, and cancel it at its own.

        Its server may run it all the same until it can be reached.

        Raises:
            TetherError: The browser no longer has what it needs.
        """
        task = self._window.tasks.get(task_id)
        if task is not None and not task.is_ended:
            await self._intake.accept_again(task, None)
            self._emit(CancelRequested(task_id))

    def _rerun_lost(self, tasks: Iterable[Task]) -> None:
        for task in tasks:
            if self._is_due(task):
                self._taken.add(task.task_id)
                self._soon(self._rerun(task.task_id))

    def _is_due(self, task: Task) -> bool:
        """Leave a task that was lost again to the person: its server may lose it each time."""
        if self.since is None or task.ended_at < self.since or task.again_of is not None:
            return False
        return task.task_id not in self._taken and is_still_lost(task)

    async def _rerun(self, task_id: TaskId) -> None:
        try:
            await self.run_again(task_id)
        except TetherError as error:
            self._emit(StorageFailed(error.trouble))
