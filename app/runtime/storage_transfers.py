"""Places for bulk transfers where the browser has no locks: signs of life in storage."""

import asyncio
from collections.abc import Callable

from app.core.claim import holder_of, write_sign
from app.core.ids import Chance, ServerUrl
from app.core.transfers import AT_ONCE, BEAT, PATIENCE, STALE
from app.runtime.ports import Clock, Records
from app.runtime.storage_hold import CLAIM_RECORD

AGAIN = 0.1
"""Seconds, about, between two looks for a place."""

RECORD = "transfer:"
"""The start of every place's key."""


class StorageTransfers:
    """Gives places in storage that all tabs share; pages on plain http have no Web Locks.

    Args:
        shared: The storage.
        clock: Tells the time of signs.
        chance: Names holders, and spreads their looks.
    """

    def __init__(self, shared: Records, clock: Clock, chance: Chance) -> None:
        self._shared = shared
        self._clock = clock
        self._chance = chance

    async def begin(self, server: ServerUrl) -> Callable[[], None]:
        """Take a free place of a server, or wait for one."""
        token = self._chance.hex(16)
        while True:
            for number in range(AT_ONCE):
                place = _Place(self._shared, self._clock, f"{RECORD}{number}:{server}", token)
                if place.holder() is not None:
                    continue
                place.sign()
                if place.holder() != token:
                    return lambda: None  # the storage is full: better one too many than none
                if self._has_fellows():
                    await asyncio.sleep(PATIENCE)  # another page may have seen it free, too
                if place.holder() == token:
                    place.beat()
                    return place.leave
            await asyncio.sleep(AGAIN * (1 + self._chance.uniform()))

    def _has_fellows(self) -> bool:
        """Say whether other pages may be there: each has a claim in this storage."""
        return sum(key.startswith(CLAIM_RECORD) for key in self._shared.read_all()) > 1


class _Place:
    """One of a server's places, and who wants it."""

    def __init__(self, shared: Records, clock: Clock, key: str, token: str) -> None:
        self._shared, self._clock, self._key, self._token = shared, clock, key, token
        self._timer: asyncio.TimerHandle | None = None

    def holder(self) -> str | None:
        """Return who has it."""
        return holder_of(self._shared.read(self._key), self._clock.now(), STALE)

    def sign(self) -> None:
        """Take it, or say that it is still held."""
        self._shared.write(self._key, write_sign(self._token, self._clock.now()))

    def beat(self) -> None:
        """Give signs of life until it is left."""
        self.sign()
        self._timer = asyncio.get_event_loop().call_later(BEAT, self.beat)

    def leave(self) -> None:
        """Give it back."""
        if self._timer is not None:
            self._timer.cancel()
        if self.holder() == self._token:
            self._shared.write(self._key, None)
