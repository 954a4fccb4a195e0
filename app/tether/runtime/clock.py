"""Timers of an event loop, and secure random numbers: the same in a page and in a process."""

import asyncio
import os
from collections.abc import Callable

from tether.core.events import Emit, TimerFired
from tether.core.timers import Timer


class LoopClock:
    """Implements `Clock` with the running event loop's timers.

    Args:
        emit: Gets `TimerFired`.
        now: Returns seconds since the epoch, on a clock that never jumps.
    """

    def __init__(self, emit: Emit, now: Callable[[], float]) -> None:
        self._emit = emit
        self._timers: dict[Timer, asyncio.TimerHandle] = {}
        self.now = now

    def start(self, key: Timer, delay: float) -> None:
        self.stop(key)
        loop = asyncio.get_event_loop()
        self._timers[key] = loop.call_later(max(delay, 0.0), self._fire, key)

    def stop(self, key: Timer) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

    def stop_all(self) -> None:
        """Cancel all timers."""
        for key in list(self._timers):
            self.stop(key)

    def _fire(self, key: Timer) -> None:
        del self._timers[key]
        self._emit(TimerFired(key))


class SecureChance:
    """Secure random numbers, in a page on plain http too.

    Source: Pyodide's `os.urandom` calls `crypto.getRandomValues`.
    """

    def uniform(self) -> float:
        return int.from_bytes(os.urandom(6), "big") / 2**48

    def hex(self, digits: int) -> str:
        return os.urandom((digits + 1) // 2).hex()[:digits]
