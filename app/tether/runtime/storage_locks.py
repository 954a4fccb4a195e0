"""Locks on plain http, where no Web Locks are: signs of life in storage that all tabs share."""

import asyncio
from collections.abc import Callable

from tether.core.ids import Chance, ServerUrl, WindowId
from tether.core.windows.claim import CLAIM_LIFETIME, CLAIM_RENEWAL, holder_of, write_sign
from tether.core.windows.transfers import (
    PLACE_CONTEST,
    PLACE_LIFETIME,
    PLACE_RENEWAL,
    Direction,
    places,
)
from tether.runtime.ports import Clock, Records

CLAIM_RECORD = "claim:"
"""The start of a claim's key; the window's id follows."""

RETRY = 0.1
"""Seconds, about, between two attempts to get a place."""


class _Lease:
    """A key in shared storage; it belongs to whoever has signed it within `lifetime` seconds."""

    def __init__(
        self, shared: Records, clock: Clock, key: str, token: str, lifetime: float
    ) -> None:
        self._shared, self._clock, self._key, self._lifetime = shared, clock, key, lifetime
        self.token = token
        self._timer: asyncio.TimerHandle | None = None

    def holder(self) -> str | None:
        """Return the token of the page that holds it; None for nobody's."""
        return holder_of(self._shared.read(self._key), self._clock.now(), self._lifetime)

    def sign(self) -> None:
        self._shared.write(self._key, write_sign(self.token, self._clock.now()))

    def keep(self, renewal: float) -> None:
        """Sign it now and every `renewal` seconds until it is released."""
        self.sign()
        self._timer = asyncio.get_event_loop().call_later(renewal, self.keep, renewal)

    def release(self) -> None:
        """Delete the key, unless another page has taken it."""
        if self._timer is not None:
            self._timer.cancel()
        if self.holder() == self.token:
            self._shared.write(self._key, None)


class StorageHold:
    """Holds one claim in shared storage."""

    is_proof = False

    def __init__(self, shared: Records, clock: Clock) -> None:
        self._shared = shared
        self._clock = clock
        self._lease: _Lease | None = None

    async def take(self, window_id: WindowId, token: str) -> bool:
        self._sweep()
        is_free = self._lease_of(window_id, token).holder() in (None, token)
        if is_free:
            await self.seize(window_id, token)
        return is_free

    async def seize(self, window_id: WindowId, token: str) -> None:
        self.release()
        self._lease = self._lease_of(window_id, token)
        # Rarely: other pages ask whether this one lives, and a sign only outlasts a crash.
        self._lease.keep(CLAIM_RENEWAL)

    def release(self) -> None:
        if self._lease is not None:
            self._lease.release()
            self._lease = None

    def _lease_of(self, window_id: WindowId, token: str) -> _Lease:
        return _Lease(self._shared, self._clock, CLAIM_RECORD + window_id, token, CLAIM_LIFETIME)

    def _sweep(self) -> None:
        """Delete the claims of pages that have crashed."""
        for key, sign in self._shared.read_all().items():
            if key.startswith(CLAIM_RECORD) and holder_of(sign, self._clock.now()) is None:
                self._shared.write(key, None)


class StorageTransfers:
    """Limits the bulk transfers to each server through shared storage."""

    def __init__(self, shared: Records, clock: Clock, chance: Chance) -> None:
        self._shared = shared
        self._clock = clock
        self._chance = chance

    async def begin(self, direction: Direction, server: ServerUrl) -> Callable[[], None]:
        """Wait for one of a server's places; returns what gives it back."""
        token = self._chance.hex(16)
        leases = [
            _Lease(self._shared, self._clock, key, token, PLACE_LIFETIME)
            for key in places(direction, server)
        ]
        while True:
            for place in leases:
                if place.holder() is not None:
                    continue
                place.sign()
                if place.holder() != token:
                    return lambda: None  # the storage is full: better one too many than none
                if self._has_others():
                    await asyncio.sleep(PLACE_CONTEST)  # another page may have seen it free, too
                if place.holder() == token:
                    place.keep(PLACE_RENEWAL)
                    return place.release
            await asyncio.sleep(RETRY * (1 + self._chance.uniform()))

    def _has_others(self) -> bool:
        """Tell from the claims whether other pages are open."""
        return sum(key.startswith(CLAIM_RECORD) for key in self._shared.read_all()) > 1
