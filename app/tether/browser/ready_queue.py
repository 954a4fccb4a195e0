"""Runs what asyncio has ready in one turn of the browser, as asyncio's own loop does."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import Any

import js
from pyodide.ffi import create_proxy

SHARE = 0.008
"""Seconds after which the browser has its turn, whatever else is ready."""


class ReadyQueue:
    """Takes the place of a loop's `call_soon`.

    Pyodide's own asks the browser for a turn of each callback, through a proxy made for it: most
    of what an `await` costs. Source: pyodide/webloop.py, `WebLoop.call_later`.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ready: deque[asyncio.Handle] = deque()
        self._is_asked = False
        channel = js.MessageChannel.new()
        # They live as long as the page. A timer would wait for 4 ms, and a second when hidden.
        channel.port1.onmessage = create_proxy(self._turn)
        self._port = channel.port2
        # A loop offers no other way to take its place.
        loop.call_soon = self.call_soon  # type: ignore[method-assign,assignment] # as said

    def call_soon(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Run a callback when all has run that was ready before."""
        handle = asyncio.Handle(callback, args, self._loop, context=context)
        self._ready.append(handle)
        self._ask()
        return handle

    def _ask(self) -> None:
        if not self._is_asked:
            self._is_asked = True
            self._port.postMessage(None)

    def _turn(self, _event: Any) -> None:
        until = self._loop.time() + SHARE
        try:
            while self._ready:
                handle = self._ready.popleft()
                if not handle.cancelled():
                    handle._run()  # reports what it raises to the loop's handler
                if self._loop.time() >= until:
                    break
        finally:
            self._is_asked = False
            if self._ready:
                self._ask()
