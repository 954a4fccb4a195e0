"""What a person wants of tasks: run again, elsewhere, cancel, remove, look at closely."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import js
from pyscript import config

from page.composer.composer import Sending
from page.ui.context import PageContext
from page.ui.undo import Undo
from tether.core.errors import TetherError
from tether.core.events import CancelWanted, SendAllWanted, TaskDismissed
from tether.core.ids import TaskId
from tether.core.tracking.verdicts import is_still_lost
from tether.runtime.rerun import Repetition

if TYPE_CHECKING:
    from page.viewer.viewer import Looks, Viewer


class Acting:
    """Carries what the cards' buttons say.

    Args:
        context: The page's.
        again: Runs tasks again.
        sending: Takes results as the next pictures.
        undo: Offers the way back.
    """

    def __init__(
        self, context: PageContext, again: Repetition, sending: Sending, undo: Undo
    ) -> None:
        self._context = context
        self._window = context.window
        self._words = context.words
        self._emit = context.emit
        self._soon = context.soon
        self._repaint = context.repaint
        self._again = again
        self._sending = sending
        self._undo = undo
        self._viewer: Viewer | None = None
        self.removed: set[TaskId] = set()
        """Tasks that are no longer shown, and can still be taken back."""

    def act(self, action: str, key: str) -> None:
        """Do what a button says, for a task or one of its results (`task:number`)."""
        task_id = TaskId(key)
        match action:
            case "again":
                self.run_again(task_id)
            case "again-lost":
                for task in filter(is_still_lost, self._window.ended()):
                    self.run_again(task.task_id)
            case "elsewhere" if js.confirm(self._words.say("task.elsewhere_warning")):
                self._soon(self._told(self._again.run_elsewhere(task_id)))
            case "cancel":
                self._emit(CancelWanted(task_id))
            case "dismiss":
                self._remove([task_id])
            case "clear":
                self._remove([task.task_id for task in self._window.ended()])
            case "send":
                self._emit(SendAllWanted())
            case "zoom":
                self._soon(self._look_closely(key))
            case "repaint":
                self._repaint()
            case "use":
                self._soon(self._sending.reuse(key))

    def run_again(self, task_id: TaskId) -> None:
        """Accept the work of an ended task once more, and say what keeps it from that."""
        self._soon(self._told(self._again.run_again(task_id)))

    def _remove(self, task_ids: Iterable[TaskId]) -> None:
        going = [task_id for task_id in task_ids if task_id not in self.removed]
        if not going:
            return

        def back() -> None:
            self.removed.difference_update(going)
            self._repaint()

        def done() -> None:
            self.removed.difference_update(going)
            for task_id in going:
                self._emit(TaskDismissed(task_id))

        said = self._words.say("undo.tasks", count=len(going))
        if len(going) == 1:
            title = self._words.title(self._window.tasks[going[0]].title)
            said = self._words.say("undo.task", title=title)
        self._undo.offer(said, back, done)
        self.removed.update(going)
        self._repaint()

    async def _told(self, work: Any) -> None:
        """Do what a person asked for, and say what keeps it from being done."""
        try:
            await work
        except TetherError as error:
            self._context.notices.show(self._words.trouble(error.trouble))

    async def look(self, key: str, looks: "Looks") -> None:
        """Open the dialog in which a picture is seen large.

        Args:
            key: Names it.
            looks: Has it, and those that are looked at after it.
        """
        await js.tetherLoadPython(*config["lazy"]["viewer"])
        from page.viewer.viewer import Viewer

        if self._viewer is None:
            self._viewer = Viewer(self._context)
        await self._viewer.open(key, looks)

    async def _look_closely(self, key: str) -> None:
        await js.tetherLoadPython(*config["lazy"]["viewer"])
        from page.viewer.viewer import TaskPictures

        await self.look(key, TaskPictures(self._context, self._sending.reuse))
