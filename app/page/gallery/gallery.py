"""The gallery: keeps the results of completed tasks, and opens the dialog that shows them."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import js

from page.ui.context import PageContext
from page.ui.dom import by_id, listen
from page.ui.parts import load_part
from page.ui.stars import can_be_starred
from tether.browser.site import is_demo, meta
from tether.browser.storage import own_prefix
from tether.core.errors import TetherError, Trouble
from tether.core.events import ResultsKept, StorageFailed
from tether.core.ids import PromptId, TaskId
from tether.core.model.task import State, Task
from tether.core.model.window import Changes
from tether.core.protocol.outputs import Output
from tether.runtime.intake import Intake

if TYPE_CHECKING:
    from page.gallery.dialog import GalleryDialog
    from page.gallery.keeper import Keeper
    from page.viewer.viewer import ResultList


TRIED_AGAIN = 10.0
"""Seconds until what could not be fetched of this page's code is fetched again."""


class Due(NamedTuple):
    """A result that is to be kept, of a task of this window or of an entry.

    One that was starred just now is kept though it had been removed, or had made way.
    """

    prompt_id: PromptId
    task: Task | None
    is_starred_now: bool = False


class Gallery:
    """Keeps results in the background, and shows them when its button is pressed.

    In the demo it does neither: nothing is kept there.
    """

    def __init__(
        self,
        context: PageContext,
        intake: Intake,
        add_pictures: Callable[[Iterable[Any]], None],
        view: Callable[[str, "ResultList"], Coroutine[Any, Any, None]],
    ) -> None:
        self._context = context
        self._intake = intake
        self._add_pictures = add_pictures
        self._view = view
        self._is_demo = is_demo()
        self._queued: set[TaskId] = set()
        self._queue: deque[Due] = deque()
        self._is_working = False
        self._is_failure_reported = False
        self._opening: asyncio.Task[Keeper] | None = None
        self._dialog: GalleryDialog | None = None
        listen(by_id("gallery-open"), "click", lambda _event: context.soon(self.open()))
        context.stars.keep = self._starred
        if not self._is_demo:
            context.world.take_from(self._kept)
        self._take(context.window.ended())

    def changed(self, changes: Changes) -> None:
        """Queue the tasks that have completed."""
        tasks = self._context.window.tasks
        self._queued -= changes.tasks - tasks.keys()
        self._take(tasks[task_id] for task_id in changes.tasks if task_id in tasks)

    def _take(self, tasks: Iterable[Task]) -> None:
        if self._is_demo:
            return
        for task in tasks:
            # What was collected from servers has no workflow here, and isn't this browser's.
            is_whole = task.state is State.COMPLETED and task.digest and task.outputs
            if is_whole and task.task_id not in self._queued:
                self._queued.add(task.task_id)
                self._queue.append(Due(task.prompt_id, task))
        self._start()

    def _starred(self, prompt_id: PromptId) -> None:
        """Keep what was starred, whole, though it wouldn't be otherwise."""
        if not self._is_demo:
            task = self._context.window.by_prompt(prompt_id)
            is_done = task is not None and can_be_starred(task)
            self._queue.append(Due(prompt_id, task if is_done else None, is_starred_now=True))
            self._start()

    def _start(self) -> None:
        if self._queue and not self._is_working:
            self._is_working = True
            self._context.soon(self._work())

    async def open(self) -> None:
        """Show the gallery."""
        await load_part("gallery", "viewer")
        try:
            keeper = await self._keeper()
        except OSError as error:
            say = self._context.words.say
            self._context.notices.show(say("trouble.gallery_unavailable", detail=error))
            return
        from page.gallery.dialog import GalleryDialog

        if self._dialog is None:
            self._dialog = GalleryDialog(
                self._context, keeper, self._intake, self._add_pictures, self._view
            )
        await self._dialog.open()

    async def _keeper(self) -> "Keeper":
        if self._opening is None or (self._opening.done() and self._opening.exception()):
            self._opening = asyncio.ensure_future(self._open_keeper())
        return await self._opening

    async def _kept(self, task: Task, output: Output) -> Any | None:
        """Return a result that is kept whole, so that its server needn't send it once more."""
        try:
            return await (await self._keeper()).whole(task, output)
        except (OSError, TetherError):
            return None  # the server may have it

    async def _open_keeper(self) -> "Keeper":
        await load_part("keeper")
        from page.gallery.entry import BUDGET_MB
        from page.gallery.keeper import Keeper
        from page.gallery.store import GalleryStore

        store = GalleryStore(f"{own_prefix(js.location.pathname)}gallery")
        budget = int(float(meta("gallery-mb", str(BUDGET_MB))) * 1_000_000)
        keeper = Keeper(self._context, store, budget)
        await keeper.open()
        return keeper

    async def _work(self) -> None:
        context, is_changed = self._context, False
        try:
            try:
                keeper = await self._keeper()
            except TetherError:  # the network is gone: nothing is lost by waiting
                asyncio.get_running_loop().call_later(TRIED_AGAIN, self._start)
                return
            known = await keeper.store.known()
            while self._queue:
                prompt_id, task, is_starred_now = self._queue.popleft()
                is_due = prompt_id not in known
                if is_starred_now and await keeper.store.entry(prompt_id) is None:
                    await keeper.store.put_back(prompt_id)  # it was removed, or had made way
                    is_due = await keeper.store.entry(prompt_id) is None
                if task is not None and is_due:
                    await keeper.keep(task)
                is_whole = prompt_id in context.stars and await keeper.complete(prompt_id)
                is_changed |= is_due or is_whole
                if task is not None and not task.is_kept:
                    context.emit(ResultsKept(task.task_id))
        except OSError as error:
            self._queue.clear()  # the next one that ends is tried again
            if not self._is_failure_reported:
                self._is_failure_reported = True
                context.emit(StorageFailed(Trouble.of("gallery_full", detail=error)))
        finally:
            self._is_working = False
        if self._dialog is not None and is_changed:
            await self._dialog.changed()
