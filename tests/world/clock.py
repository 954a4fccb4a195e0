"""One virtual clock for all: pages, servers, and the network between them."""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

NOON = 1_795_452_000.0
"""When every history begins, in seconds since the epoch."""


class Clock:
    """What is to happen, in the order of time; nothing happens between."""

    def __init__(self) -> None:
        self.now = NOON
        self._due: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._noted = 0

    def after(self, delay: float, action: Callable[..., None], *args: Any) -> None:
        """Do something in so many seconds; equal times keep their order."""
        self.at(self.now + delay, action, *args)

    def at(self, time: float, action: Callable[..., None], *args: Any) -> None:
        """Do something at a time."""
        self._noted += 1
        heappush(self._due, (time, self._noted, action, args))

    def run(self, seconds: float) -> None:
        """Let so much time pass, with all that is due in it."""
        due, until = self._due, self.now + seconds
        while due and due[0][0] <= until:
            self.now, _, action, args = heappop(due)
            action(*args)
        self.now = until
