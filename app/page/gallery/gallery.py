"""The gallery: notices which tasks have completed, and opens what keeps and shows their results."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import js
from pyscript import config

from page.page import Page
from page.ui.dom import by_id, listen
from page.ui.words import Words
from tether.browser.site import is_demo, meta
from tether.browser.storage import own_prefix
from tether.core.errors import Trouble
from tether.core.events import Emit, StorageFailed
from tether.core.ids import ServerUrl, TaskId
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.address import short_name
from tether.runtime.intake import Intake
from tether.runtime.ports import World


class Gallery:
    """Keeps results in the background, and shows them when its button is pressed.

    In the demo it does neither: nothing is kept there.

    Args:
        window: Its tasks and servers.
        world: What carries them.
        intake: Takes in what runs again.
        words: The page's language.
        page: Takes pictures as the next inputs.
        emit: Is told what can't be kept.
        soon: Runs work that nobody waits for.
        look: Opens the dialog in which a picture is seen large.
    """

    def __init__(
        self,
        window: Window,
        world: World,
        intake: Intake,
        words: Words,
        page: Page,
        emit: Emit,
        soon: Callable[[Any], None],
        look: Callable[[str, Any], Any],
    ) -> None:
        self._window = window
        self._world = world
        self._intake = intake
        self._words = words
        self._page = page
        self._emit = emit
        self._soon = soon
        self._look = look
        self._is_demo = is_demo()
        self._seen: set[TaskId] = set()
        self._queue: deque[Task] = deque()
        self._is_working = False
        self._is_failure_told = False
        self._opening: Any = None
        self._curator: Any = None
        listen(by_id("gallery-open"), "click", lambda _event: soon(self.open()))

    def changed(self) -> None:
        """Take up the tasks that have completed since the last call."""
        if self._is_demo:
            return
        for task in self._window.ended():
            if task.task_id not in self._seen:
                self._seen.add(task.task_id)
                # What was collected from servers has no workflow here, and isn't this browser's.
                if task.state is State.COMPLETED and task.digest and task.outputs:
                    self._queue.append(task)
        if self._queue and not self._is_working:
            self._is_working = True
            self._soon(self._work())

    async def open(self) -> None:
        """Show the gallery."""
        await js.tetherLoadPython(*config["lazy"]["gallery"], *config["lazy"]["viewer"])
        try:
            keeping = await self._keeping()
        except OSError as error:
            trouble = Trouble.of("gallery_unavailable", detail=error)
            self._page.notices.show(self._words.trouble(trouble))
            return
        from page.gallery.dialog import Curator

        if self._curator is None:
            self._curator = Curator(
                keeping,
                self._window,
                self._world,
                self._intake,
                self._words,
                self._page.composer.add,
                self._soon,
                self._look,
            )
        await self._curator.open()

    async def _keeping(self) -> Any:
        """Return what keeps results, made and opened once."""
        if self._opening is None:
            self._opening = asyncio.ensure_future(self._open_keeping())
        return await self._opening

    async def _open_keeping(self) -> Any:
        await js.tetherLoadPython(*config["lazy"]["keeper"])
        from page.gallery.entry import BUDGET_MB
        from page.gallery.keeper import Keeping
        from page.gallery.store import BrowserShelf

        shelf = BrowserShelf(f"{own_prefix(js.location.pathname)}gallery")
        budget = int(float(meta("gallery-mb", str(BUDGET_MB))) * 1_000_000)
        keeping = Keeping(shelf, self._world, self._name_of, budget)
        await keeping.open()
        return keeping

    async def _work(self) -> None:
        """Keep the tasks of the queue, one at a time."""
        try:
            keeping = await self._keeping()
            known = await keeping.known()
            while self._queue:
                task = self._queue.popleft()
                if task.prompt_id not in known:
                    await keeping.keep(task)
                if task.task_id not in self._window.tasks:
                    self._world.forget(task.task_id)  # its card had gone before all was fetched
        except OSError as error:
            self._queue.clear()  # the next one that ends is tried again
            if not self._is_failure_told:
                self._is_failure_told = True
                self._emit(StorageFailed(Trouble.of("gallery_full", detail=error)))
        finally:
            self._is_working = False
        if self._curator is not None:
            await self._curator.changed()

    def _name_of(self, url: ServerUrl) -> str:
        server = self._window.servers.get(url)
        return server.name if server else short_name(url)
