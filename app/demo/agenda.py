"""What is to happen later: at once when time is played, or when it has really passed."""

import asyncio
import time
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any, Protocol

from tether.core.events import Emit, TimerFired
from tether.core.timers import Timer


class Agenda(Protocol):
    """A clock on which things can be put down."""

    def now(self) -> float:
        """Return seconds since the epoch."""

    def after(self, delay: float, action: Callable[..., None], *args: Any) -> None:
        """Do something in so many seconds; equal times keep their order."""


class PlayedAgenda:
    """A clock that stands still until it is told to run: minutes pass in milliseconds."""

    def __init__(self, now: float) -> None:
        self._now = now
        self._due: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._noted = 0

    def now(self) -> float:
        """Return the played time."""
        return self._now

    def after(self, delay: float, action: Callable[..., None], *args: Any) -> None:
        """Do something in so many played seconds."""
        self._noted += 1
        heappush(self._due, (self._now + max(delay, 0.0), self._noted, action, args))

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass, with all that is due in it.

        Args:
            seconds: How much at most.
            until: Stop as soon as this holds.

        Returns:
            Whether it came to hold.
        """
        end = self._now + seconds
        while not until():
            if not self._due or self._due[0][0] > end:
                self._now = end
                return until()
            self._now, _, action, args = heappop(self._due)
            action(*args)
        return True


class RealAgenda:
    """The page's own time."""

    def __init__(self) -> None:
        self._origin = time.time() - time.monotonic()

    def now(self) -> float:
        """Return the time, on a clock that never jumps while the page lives."""
        return self._origin + time.monotonic()

    def after(self, delay: float, action: Callable[..., None], *args: Any) -> None:
        """Do something in so many seconds."""
        asyncio.get_event_loop().call_later(max(delay, 0.0), action, *args)


class Timers:
    """A window's timers on an agenda."""

    def __init__(self, agenda: Agenda, emit: Emit) -> None:
        self._agenda = agenda
        self._emit = emit
        self._started: dict[Timer, int] = {}
        self._last = 0

    def now(self) -> float:
        """Return seconds since the epoch."""
        return self._agenda.now()

    def start(self, key: Timer, delay: float) -> None:
        """Fire a key in so many seconds; a timer of the same key is replaced."""
        self._last += 1
        self._started[key] = self._last
        self._agenda.after(delay, self._fire, key, self._last)

    def stop(self, key: Timer) -> None:
        """Forget a timer."""
        self._started.pop(key, None)

    def _fire(self, key: Timer, number: int) -> None:
        if self._started.get(key) == number:
            del self._started[key]
            self._emit(TimerFired(key))
