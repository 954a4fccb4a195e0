"""Runs the asyncio servers of a browser test in a thread: Playwright's own API blocks."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from tests.e2e.built import SERVED
from tools.dev.serve import PageServer

Result = TypeVar("Result")


class Background:
    """An event loop in a thread of its own, and the page. `close()` ends both.

    Attributes:
        site: The page, at one address for all tests, so that the browser has it at hand.
        leave: Lets all tabs leave the page, before servers go that it still talks to.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="test servers")
        self._thread.start()
        self.leave: Callable[[], None] = lambda: None
        self.site = PageServer(root=SERVED)
        self.run(self.site.start())

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine there; wait for its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def close(self) -> None:
        """End the thread. What else it serves must have been stopped."""
        self.run(self.site.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
