"""Waiting for what a window comes to."""

import asyncio
from collections.abc import Callable


class Waits:
    """Those who wait look again after every change of the window."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()

    def changed(self) -> None:
        """Something has changed."""
        for event in self._waiting:
            event.set()

    async def until(self, holds: Callable[[], bool], seconds: float | None = None) -> bool:
        """Wait until something holds.

        Args:
            holds: Whether it does.
            seconds: How long at most; None for ever.

        Returns:
            Whether it came to hold.
        """
        loop = asyncio.get_event_loop()
        end = None if seconds is None else loop.time() + seconds
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            while not holds():
                left = None if end is None else end - loop.time()
                if left is not None and left <= 0:
                    return False
                event.clear()
                waiting = asyncio.ensure_future(event.wait())
                await asyncio.wait([waiting], timeout=left)
                waiting.cancel()
            return True
        finally:
            self._waiting.discard(event)
