"""Claims and places for bulk transfers on plain http: signs of life in shared storage."""

import asyncio
from collections.abc import Callable

from tether.core.ids import Chance, ServerUrl, WindowId
from tether.core.windows.claim import CLAIM_RENEWAL, holder_of, write_sign
from tether.core.windows.transfers import PLACE_CONTEST, PLACE_LIFETIME, PLACE_RENEWAL, PLACES
from tether.runtime.ports import Clock, Records

CLAIM_RECORD = "claim:"
"""The start of every claim's key; the window's id follows."""


class StorageHold:
    """Holds one claim in storage that all tabs share; pages on plain http have no Web Locks."""

    is_proof = False

    def __init__(self, shared: Records, clock: Clock) -> None:
        self._shared = shared
        self._clock = clock
        self._key = ""
        self._token = ""
        self._beat: asyncio.TimerHandle | None = None

    async def take(self, window_id: WindowId, token: str) -> bool:
        """Take the claim unless another page's is there."""
        holder = self._sweep().get(CLAIM_RECORD + window_id, token)
        if holder == token:
            await self.seize(window_id, token)
        return holder == token

    async def seize(self, window_id: WindowId, token: str) -> None:
        """Take the claim from whoever has it."""
        self._key, self._token = CLAIM_RECORD + window_id, token
        self._give_sign()

    def leave(self) -> None:
        """Let go, if it is still ours."""
        if self._sweep().get(self._key) == self._token:
            self._shared.write(self._key, None)
        self._stop()

    def _give_sign(self) -> None:
        """Far apart: whether we live is asked, and this only cleans up after crashed pages."""
        self._stop()
        self._shared.write(self._key, write_sign(self._token, self._clock.now()))
        self._beat = asyncio.get_event_loop().call_later(CLAIM_RENEWAL, self._give_sign)

    def _stop(self) -> None:
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None

    def _sweep(self) -> dict[str, str]:
        """Return who holds which claim; forget those without a sign of life."""
        holders = {}
        now = self._clock.now()
        for key, sign in self._shared.read_all().items():
            if key.startswith(CLAIM_RECORD):
                holder = holder_of(sign, now)
                if holder is None:
                    self._shared.write(key, None)
                else:
                    holders[key] = holder
        return holders


AGAIN = 0.1
"""Seconds, about, between two looks for a place."""

TRANSFER_RECORD = "transfer:"
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
            for number in range(PLACES):
                place = _Place(
                    self._shared, self._clock, f"{TRANSFER_RECORD}{number}:{server}", token
                )
                if place.holder() is not None:
                    continue
                place.sign()
                if place.holder() != token:
                    return lambda: None  # the storage is full: better one too many than none
                if self._has_fellows():
                    await asyncio.sleep(PLACE_CONTEST)  # another page may have seen it free, too
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
        return holder_of(self._shared.read(self._key), self._clock.now(), PLACE_LIFETIME)

    def sign(self) -> None:
        """Take it, or say that it is still held."""
        self._shared.write(self._key, write_sign(self._token, self._clock.now()))

    def beat(self) -> None:
        """Give signs of life until it is left."""
        self.sign()
        self._timer = asyncio.get_event_loop().call_later(PLACE_RENEWAL, self.beat)

    def leave(self) -> None:
        """Give it back."""
        if self._timer is not None:
            self._timer.cancel()
        if self.holder() == self._token:
            self._shared.write(self._key, None)
