"""Paints once a frame, and once a second while the page is hidden."""

import asyncio
from collections.abc import Callable

import js
from pyodide.ffi import create_proxy

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
