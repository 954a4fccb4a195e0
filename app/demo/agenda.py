"""Clocks of the servers inside the page: one of virtual time, one of real time."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, Protocol

from tether.core.events import Emit, TimerFired
from tether.core.timers import Timer


class Agenda(Protocol):
    """A clock with timers."""

    def now(self) -> float:
        """Return seconds since the epoch."""

    def after(self, delay: float, action: Callable[..., None], *args: Any) -> None:
        """Run an action in so many seconds; equal times keep their order."""


class PlayedAgenda:
    """Virtual time, which passes only in `run`: minutes in milliseconds."""

    def __init__(self, now: float) -> None:
        self._now = now
        self._due: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0

    def now(self) -> float:
        """Return the virtual time."""
        return self._now

    def after(self, delay: float, action: Callable[..., None], *args: Any) -> None:
        """Run an action in so many virtual seconds."""
        self._count += 1
        heappush(self._due, (self._now + max(delay, 0.0), self._count, action, args))

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Let at most so many seconds pass, until a condition holds; tell whether it does."""
        end = self._now + seconds
        while not until():
            if not self._due or self._due[0][0] > end:
                self._now = end
                return until()
            self._now, _, action, args = heappop(self._due)
            action(*args)
        return True


class RealAgenda:
    """The time of the event loop."""

    def __init__(self) -> None:
        self._origin = time.time() - asyncio.get_event_loop().time()

    def now(self) -> float:
        """Return the time, on a clock that never jumps while the page lives."""
        return self._origin + asyncio.get_event_loop().time()

    def after(self, delay: float, action: Callable[..., None], *args: Any) -> None:
        """Run an action in so many seconds."""
        asyncio.get_event_loop().call_later(max(delay, 0.0), action, *args)


@dataclass(slots=True)
class Timers:
    """The `Clock` port on an agenda."""

    agenda: Agenda
    emit: Emit
    _started: dict[Timer, int] = field(default_factory=dict)
    _last: int = 0

    def now(self) -> float:
        """Return seconds since the epoch."""
        return self.agenda.now()

    def start(self, key: Timer, delay: float) -> None:
        """Fire a key in so many seconds, replacing a timer of the same key."""
        self._last += 1
        self._started[key] = self._last
        self.agenda.after(delay, self._fire, key, self._last)

    def stop(self, key: Timer) -> None:
        """Stop a timer."""
        self._started.pop(key, None)

    def _fire(self, key: Timer, number: int) -> None:
        if self._started.get(key) == number:
            del self._started[key]
            self.emit(TimerFired(key))
