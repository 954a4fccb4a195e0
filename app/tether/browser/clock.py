"""The browser's time, timers and random numbers."""

import asyncio
import os

import js

from tether.core.events import Emit, TimerFired
from tether.core.timers import Timer


class BrowserClock:
    """Monotonic time and timers by key.

    Source: HTML, `performance.timeOrigin + performance.now()`: the wall clock when the page
    opened, counted on monotonically.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._timers: dict[Timer, asyncio.TimerHandle] = {}
        self._origin = js.performance.timeOrigin
        self._performance = js.performance

    def now(self) -> float:
        return float(self._origin + self._performance.now()) / 1000

    def start(self, key: Timer, delay: float) -> None:
        self.stop(key)
        loop = asyncio.get_event_loop()
        self._timers[key] = loop.call_later(max(delay, 0.0), self._fire, key)

    def stop(self, key: Timer) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

    def _fire(self, key: Timer) -> None:
        del self._timers[key]
        self._emit(TimerFired(key))


class BrowserChance:
    """Secure random numbers, on plain http too.

    Source: Pyodide's `os.urandom` calls `crypto.getRandomValues`.
    """

    def uniform(self) -> float:
        return int.from_bytes(os.urandom(6), "big") / 2**48

    def hex(self, digits: int) -> str:
        return os.urandom((digits + 1) // 2).hex()[:digits]
