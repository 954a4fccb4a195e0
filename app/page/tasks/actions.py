"""What a person wants of tasks: run again, elsewhere, cancel, remove, look at closely."""

from collections.abc import Callable, Iterable
from typing import Any

import js
from pyscript import config

from page.composer.composer import Sending
from page.ui.undo import Undo
from page.ui.words import Words
from tether.core.errors import TetherError
from tether.core.events import CancelRequested, Emit, SendAllRequested, TaskDismissed
from tether.core.ids import TaskId
from tether.core.model.window import Window
from tether.core.tracking.verdicts import is_still_lost
from tether.runtime.ports import World
from tether.runtime.rerun import Repetition


class Acting:
    """Carries what the cards' buttons say.

    Args:
        window: Knows the tasks.
        world: Has their results.
        words: The page's language.
        emit: Tells the session.
        again: Runs tasks again.
        sending: Takes results as the next pictures.
        undo: Offers the way back.
        soon: Runs work that nobody waits for.
        say: Shows what went wrong.
        repaint: Shows what has changed.
    """

    def __init__(
        self,
        window: Window,
        world: World,
        words: Words,
        emit: Emit,
        again: Repetition,
        sending: Sending,
        undo: Undo,
        soon: Callable[[Any], None],
        say: Callable[[str], None],
        repaint: Callable[[], None],
    ) -> None:
        self._window = window
        self._world = world
        self._words = words
        self._emit = emit
        self._again = again
        self._sending = sending
        self._undo = undo
        self._soon = soon
        self._say = say
        self._repaint = repaint
        self._zoom: Any = None
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
                self._emit(CancelRequested(task_id))
            case "dismiss":
                self._remove([task_id])
            case "clear":
                self._remove([task.task_id for task in self._window.ended()])
            case "send":
                self._emit(SendAllRequested())
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
            self._say(self._words.trouble(error.trouble))

    async def look(self, key: str, looks: Any) -> None:
        """Open the dialog in which a picture is seen large.

        Args:
            key: Names it.
            looks: Has it, and those that are looked at after it (`page.viewer.viewer.Looks`).
        """
        await js.tetherLoadPython(*config["lazy"]["viewer"])
        from page.viewer.viewer import Zoom

        if self._zoom is None:
            self._zoom = Zoom(self._words, self._soon)
        await self._zoom.open(key, looks)

    async def _look_closely(self, key: str) -> None:
        await js.tetherLoadPython(*config["lazy"]["viewer"])
        from page.viewer.viewer import Results

        await self.look(key, Results(self._window, self._world, self._sending.reuse))
