"""When to paint: once a frame, and once a second while hidden."""

import asyncio
from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import create_proxy

HIDDEN_PAUSE = 1.0
"""Seconds between paints of a hidden page, where no frame ever comes."""


TICK = 1.0
"""Seconds between paints of what counts seconds."""


class Repaint:
    """Calls `paint` soon after it was asked for, however often that was."""

    def __init__(self, paint: Callable[[], None]) -> None:
        self._paint = paint
        self._is_asked = False
        self._next: asyncio.TimerHandle | None = None
        self._on_frame = create_proxy(self._frame)  # lives as long as the page

    def ask(self) -> None:
        """Paint at the next chance."""
        if self._is_asked:
            return
        self._is_asked = True
        if js.document.visibilityState == "visible":
            js.requestAnimationFrame(self._on_frame)
            # The page may be hidden before the frame comes, and then none does.
        asyncio.get_event_loop().call_later(HIDDEN_PAUSE, self._frame)

    def later(self) -> None:
        """Paint once more in a second, if somebody sees it then."""
        if self._next is None:
            self._next = asyncio.get_event_loop().call_later(TICK, self._ticked)

    def _ticked(self) -> None:
        self._next = None
        if js.document.visibilityState == "visible":
            self.ask()

    def _frame(self, _time: Any = None) -> None:
        if self._is_asked:
            self._is_asked = False
            self._paint()
