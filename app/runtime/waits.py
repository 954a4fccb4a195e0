"""Waiting for what a window comes to."""

import asyncio
from collections.abc import Callable


class Waits:
    """Those who wait are looked at after every change of the window; few wait at a time."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[bool], Callable[[], bool]] = {}

    def changed(self) -> None:
        """Something has changed."""
        for future, holds in self._waiting.items():
            if not future.done() and holds():
                future.set_result(True)

    async def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until something holds, so many seconds at most; returns whether it came to hold."""
        if holds():
            return True
        future: asyncio.Future[bool] = asyncio.get_event_loop().create_future()
        self._waiting[future] = holds
        try:
            await asyncio.wait([future], timeout=seconds)
        finally:
            del self._waiting[future]
        return future.done()
