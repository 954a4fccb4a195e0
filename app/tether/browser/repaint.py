"""Paints once a frame, and once a second while the page is hidden; previews wait for a paint."""

import asyncio
from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import create_proxy

from tether.core.ids import TaskId

HIDDEN_PAUSE = 1.0
"""Seconds between paints of a hidden page, which gets no frames."""

TICK = 1.0
"""Seconds between paints of a page that shows running seconds."""


class Repaint:
    """Calls `paint` once soon after `ask`, however often that was called."""

    def __init__(self, paint: Callable[[], None]) -> None:
        self._paint = paint
        self._is_asked = False
        self._next: asyncio.TimerHandle | None = None
        # They live as long as the page.
        self._ask = js.tetherFrames(HIDDEN_PAUSE * 1000, create_proxy(self._frame))

    def ask(self) -> None:
        """Paint in the next frame."""
        if not self._is_asked:
            self._is_asked = True
            self._ask()

    def later(self) -> None:
        """Paint once more in a second, if the page is visible then."""
        if self._next is None:
            self._next = asyncio.get_event_loop().call_later(TICK, self._ticked)

    def _ticked(self) -> None:
        self._next = None
        if js.document.visibilityState == "visible":
            self.ask()

    def _frame(self) -> None:
        self._is_asked = False
        self._paint()


class BrowserPreviews:
    """Keeps each task's last picture, and revokes the address of the one before.

    Addresses are made when they are painted: more pictures come than that.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._frames: dict[TaskId, tuple[Any, int, str]] = {}
        self._urls: dict[TaskId, str] = {}

    def show(self, task_id: TaskId, frame: Any, offset: int, mime: str) -> None:
        """Show the picture in a frame at the next paint; its bytes never enter Python."""
        self._frames[task_id] = frame, offset, mime
        self._on_change()

    def url(self, task_id: TaskId) -> str:
        """Return the address of a task's last preview, "" for none."""
        last = self._frames.pop(task_id, None)
        if last is not None:
            self._free(task_id)
            self._urls[task_id] = js.tetherPicture(*last)
        return self._urls.get(task_id, "")

    def retain(self, is_shown: Callable[[TaskId], bool]) -> None:
        """Free the previews of all tasks but those that are shown."""
        self._frames = {each: last for each, last in self._frames.items() if is_shown(each)}
        for task_id in [each for each in self._urls if not is_shown(each)]:
            self._free(task_id)

    def _free(self, task_id: TaskId) -> None:
        url = self._urls.pop(task_id, None)
        if url is not None:
            js.URL.revokeObjectURL(url)
