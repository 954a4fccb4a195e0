"""What a person does with tasks: run again, cancel, remove, fetch and view their results."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import js

from page.composer.composer import Composer
from page.tasks.row import can_be_cancelled
from page.tasks.search import TaskSearch
from page.tasks.sheet import in_order
from page.ui.context import PageContext
from page.ui.parts import load_part
from page.ui.undo import Undo
from tether.core.events import (
    CancelRequested,
    QueueOrdered,
    SendAllRequested,
    TaskDismissed,
    TaskUnpinned,
)
from tether.core.ids import ServerUrl, TaskId
from tether.core.model.task import State, Task
from tether.core.protocol.outputs import LARGEST_ASKED, Fetched, Output
from tether.core.tracking.verdicts import is_still_lost
from tether.runtime.rerun import Rerun

if TYPE_CHECKING:
    from page.tasks.queue_dialog import QueueDialog
    from page.tasks.save_all import ResultSaver
    from page.viewer.viewer import ResultList, Viewer

END_GRACE = 2.0
"""Seconds after a task's end within which a fetch counts as caused by it."""

MAX_DELAYS = 100


class TaskActions:
    """The controller of the panel of tasks."""

    def __init__(self, context: PageContext, rerun: Rerun, composer: Composer, undo: Undo) -> None:
        self._context = context
        self._rerun = rerun
        self._composer = composer
        self._undo = undo
        self._viewer: Viewer | None = None
        self._queue: QueueDialog | None = None
        self._saver: ResultSaver | None = None
        self.search = TaskSearch(context.window, context.words, context.stars)
        """What all tasks are that a button for all of them is about."""
        self.on_rerun: Callable[[], None] = lambda: None
        """Called when lost tasks were run again."""
        self.pause: Callable[[bool], None] = lambda _is_paused: None
        """Pauses what waits in all windows of the browser, or resumes it."""
        self.resume: Callable[[ServerUrl], None] = lambda _url: None
        """Lets new tasks go to a server that was paused."""
        self.picture_delays: list[float] = []
        """Seconds from the ends of the latest tasks to their pictures."""

    @property
    def is_saving(self) -> bool:
        """Whether results are being saved."""
        return self._saver is not None and self._saver.is_busy

    def act(self, action: str, key: str) -> None:
        """Do what a button says, for a task or one of its results (`task:number`)."""
        context, task_id = self._context, TaskId(key)
        match action:
            case "again":
                self.run_again(task_id)
            case "again-lost":
                for task in filter(is_still_lost, self._ended()):
                    self.run_again(task.task_id)
                self.on_rerun()
            case "elsewhere" if js.confirm(context.words.say("task.elsewhere_warning")):
                context.soon(self._rerun.run_elsewhere(task_id))
            case "cancel":
                context.emit(CancelRequested(task_id))
            case "cancel-all":
                self._cancel(list(filter(self.search.shows, context.window.live.values())))
            case "dismiss":
                self._remove([task_id])
            case "clear":
                kept = context.window.waited_for()
                ended = (task.task_id for task in self._ended())
                self._remove(task_id for task_id in ended if task_id not in kept)
            case "save-all":
                context.soon(self._save(self._ended()))
            case _ if action.startswith("picked-"):
                self._act_on_picked(action.removeprefix("picked-"))
            case "star":
                self.search.toggle_star(context.window.tasks[task_id])
            case "send":
                context.emit(SendAllRequested())
            case "next":
                context.emit(QueueOrdered((task_id,)))
            case "resume-servers":
                self._resume_servers(task_id)
            case "any-server":
                context.emit(TaskUnpinned(task_id))
            case "order":
                context.soon(self._order())
            case "pause-all" | "resume-all":
                self.pause(action == "pause-all")
            case "zoom":
                context.soon(self._view_result(key))
            case "use":
                context.soon(self._reuse(key))

    def _ended(self) -> list[Task]:
        return list(filter(self.search.shows, self._context.window.ended()))

    def _act_on_picked(self, action: str) -> None:
        context = self._context
        picked = in_order(filter(self.search.is_picked, context.window.tasks.values()))
        ended = [task for task in picked if task.is_ended]
        match action:
            case "again":
                for task in ended:
                    if task.is_repeatable:
                        self.run_again(task.task_id)
            case "next":
                ids = {task.task_id for task in picked}
                context.emit(QueueOrdered(tuple(filter(ids.__contains__, context.window.waiting))))
            case "cancel":
                self._cancel([each for each in picked if can_be_cancelled(context.window, each)])
            case "save":
                context.soon(self._save(ended))
            case "compare" if len(ended) == 2:
                context.soon(self._compare(*ended))
            case "dismiss":
                self._remove([task.task_id for task in ended])

    def _resume_servers(self, task_id: TaskId) -> None:
        """Let tasks go again to all servers that a task may go to."""
        pinned = self._context.window.tasks[task_id].pinned
        for url, server in tuple(self._context.window.servers.items()):
            if server.is_paused and pinned in (None, url):
                self.resume(url)

    def _cancel(self, live: list[Task]) -> None:
        """Cancel what has not ended; what no server had yet can be taken back, as new tasks."""
        context = self._context
        going = {task.task_id for task in live}
        for task in context.window.following.values():
            if task.after in going:  # it goes with the one before
                going.add(task.task_id)
        waited = [each for each in going if context.window.tasks[each].state is State.WAITING]

        def back() -> None:
            for task_id in waited:
                self.run_again(task_id)

        for task in live:
            context.emit(CancelRequested(task.task_id))
        if waited:
            self._undo.offer(context.words.say("undo.cancelled", count=len(live)), back)

    async def _order(self) -> None:
        await load_part("queue")
        from page.tasks.queue_dialog import QueueDialog

        if self._queue is None:
            self._queue = QueueDialog(self._context)
        self._queue.open()

    def follow(self) -> None:
        """Follow what has changed, in a dialog that is open."""
        if self._queue is not None:
            self._queue.show()

    async def save(self, ended: Iterable[Task], pattern: str = "") -> str:
        """Save the files of these tasks, under names by a pattern; says what came of it.

        Raises:
            TetherError: The browser refuses, or the page's own host doesn't give what does it.
        """
        await load_part("save")
        from page.tasks.save_all import ResultSaver

        if self._saver is None:
            self._saver = ResultSaver(self._context)
        results = [(task, each) for task in ended for each in task.outputs if each.filename]
        return await self._saver.save(results, pattern)

    async def _save(self, ended: Iterable[Task]) -> None:
        await self.save(ended)

    def run_again(self, task_id: TaskId) -> None:
        """Accept the work of an ended task once more; a notice says what prevents it."""
        self._context.soon(self._rerun.run_again(task_id))

    async def fetch(self, key: str, is_asked: bool) -> Fetched:
        """Fetch a result (`task:number`): somebody asked for it, or its card has come into view."""
        task, output = self._result(key)
        now = self._context.world.clock.now
        is_fresh = not is_asked and now() - task.ended_at < END_GRACE
        fetched = await self._context.world.fetch(task, output, is_asked=is_asked)
        if is_fresh:
            self.picture_delays.append(now() - task.ended_at)
            del self.picture_delays[:-MAX_DELAYS]
        return fetched

    async def is_kept(self, key: str) -> bool:
        """Say whether the browser has a result (`task:number`) whole."""
        return await self._context.world.kept(*self._result(key)) is not None

    async def view(self, key: str, results: "ResultList") -> None:
        """Open the viewer for one of several results."""
        await load_part("viewer")
        from page.viewer.viewer import Viewer

        if self._viewer is None:
            self._viewer = Viewer(self._context)
        await self._viewer.open(key, results)

    async def _view_result(self, key: str) -> None:
        await self.view_among(key, self._shown)

    async def view_among(self, key: str, tasks: Callable[[], Iterable[Task]]) -> None:
        """Open the viewer for a result (`task:number`) among those of some tasks."""
        await load_part("viewer")
        from page.viewer.task_results import TaskResults

        await self.view(key, TaskResults(self._context, tasks, self._reuse))

    async def _compare(self, left: Task, right: Task) -> None:
        await load_part("viewer")
        from page.viewer.comparison import TwoResults

        await self.view("", TwoResults(self._context, left, right))

    def _shown(self) -> list[Task]:
        return in_order(filter(self.search.shows, self._context.window.tasks.values()))

    async def _reuse(self, key: str) -> None:
        """Put a result (`task:number`) among the next pictures, whichever server they go to."""
        task, output = self._result(key)
        content = await self._context.world.content(task, output, LARGEST_ASKED)
        if content is None:
            words = self._context.words
            self._context.notices.show(words.say("trouble.result_gone", file=output.filename))
        else:
            self._composer.add_picture(content, output.filename)

    def _result(self, key: str) -> tuple[Task, Output]:
        task_id, _, number = key.rpartition(":")
        task = self._context.window.tasks[TaskId(task_id)]
        return task, task.outputs[int(number)]

    def _remove(self, task_ids: Iterable[TaskId]) -> None:
        context = self._context
        going = [task_id for task_id in task_ids if task_id not in self.search.removed]
        if not going:
            return

        def back() -> None:
            self.search.removed.difference_update(going)
            context.repaint()

        def done() -> None:
            self.search.removed.difference_update(going)
            for task_id in going:
                context.emit(TaskDismissed(task_id))

        sentence = context.words.say("undo.tasks", count=len(going))
        if len(going) == 1:
            title = context.words.title(context.window.tasks[going[0]].title)
            sentence = context.words.say("undo.task", title=title)
        self._undo.offer(sentence, back, done)
        self.search.removed.update(going)
        context.repaint()
