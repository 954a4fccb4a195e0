"""Holding claims where the browser has no locks: signs of life in storage."""

import asyncio

from app.core.claim import BEAT, holder_of, write_sign
from app.core.ids import WindowId
from app.runtime.ports import Clock, Records

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
        self._beat = asyncio.get_event_loop().call_later(BEAT, self._give_sign)

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
