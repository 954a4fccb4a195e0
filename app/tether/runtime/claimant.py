"""Makes sure that a page is the only one under its window id."""

import asyncio
from collections.abc import Callable, Mapping

from tether.core.errors import Trouble
from tether.core.events import PageChange, PageChanged, StorageFailed
from tether.core.ids import Chance, WindowId
from tether.core.session.session import Session
from tether.core.windows.claim import CLAIM_TIMEOUT, TOKEN_RECORD, Claim, Standing
from tether.runtime.ports import Channel, Hold, Records
from tether.runtime.runner import Runner


class Claimant:
    """Carries a page's claim, and lets the runner work only while the claim is held.

    Args:
        runner: Waits while the page sleeps, and once its claim is lost.
        hold: Where a claim is held.
        channel: Where the pages of this folder hear each other.
        records: This tab's records; pages that follow each other in one tab share them.
        chance: Makes the tokens that tell pages apart.
        restart: Loads the page anew: it then finds out who it is.
        has_lost_tasks: Says whether another window has adopted tasks of ours.
    """

    def __init__(
        self,
        runner: Runner,
        hold: Hold,
        channel: Channel,
        records: Records,
        chance: Chance,
        restart: Callable[[], None],
        has_lost_tasks: Callable[[], bool],
    ) -> None:
        self._runner = runner
        self._hold = hold
        self._channel = channel
        self._records = records
        self._chance = chance
        self._restart = restart
        self._is_bereft = has_lost_tasks
        self._claim: Claim | None = None
        self._lost = asyncio.Event()
        channel.listen(self._heard)

    async def open(self, make: Callable[[Mapping[str, str]], Session]) -> Session:
        """Return the session that the records describe; a new window's in a duplicated tab."""
        session = make(self._records.read_all())
        if not await self._take(session.window.window_id):
            # They are a copy; the other tab sees its tasks to their end.
            for key in list(self._records.read_all()):
                self._records.write(key, None)
            session = make({})
            await self._take(session.window.window_id)
            self._runner.emit(StorageFailed(Trouble.of("window_duplicated")))
        return session

    def leave(self) -> None:
        """The page falls asleep, or ends: the next page of this tab need not wait."""
        self._runner.pause()
        if self._claim is not None and self._claim.standing is Standing.HELD:
            told = self._claim.left()
            self._hold.leave()
            self._say(told)

    async def back(self) -> None:
        """The page wakes up: go on, or start anew when another has been this window since."""
        claim = self._claim
        # What we remember is older than what a page that followed us here has recorded.
        last = self._records.read_all().get(TOKEN_RECORD)
        is_same = claim is not None and last in (None, claim.token) and not self._is_bereft()
        if is_same and claim is not None and await self._ask(claim):
            self._runner.emit(PageChanged(PageChange.RESUMED))
            self._runner.resume()
        else:
            self._restart()

    async def _take(self, window_id: WindowId) -> bool:
        self._claim = claim = Claim(window_id, self._chance.hex(16))
        is_ours = await self._ask(claim)
        if is_ours:
            self._records.write(TOKEN_RECORD, claim.token)
        return is_ours

    async def _ask(self, claim: Claim) -> bool:
        self._lost.clear()
        self._say(claim.found(await self._hold.take(claim.window_id, claim.token)))
        if claim.standing is Standing.HELD:
            self._say(claim.taken())
        elif claim.standing is Standing.ASKING:
            heard = asyncio.ensure_future(self._lost.wait())
            await asyncio.wait([heard], timeout=CLAIM_TIMEOUT)
            heard.cancel()
            told = claim.waited()
            if told is not None:
                await self._hold.seize(claim.window_id, claim.token)
                self._say(told)
        return claim.standing is Standing.HELD

    def _heard(self, text: str) -> None:
        claim = self._claim
        if claim is None:
            return
        before = claim.standing
        self._say(claim.received(text))
        if claim.standing is Standing.LOST and before is not Standing.LOST:
            self._lost.set()
            if before is Standing.HELD:
                self._runner.pause()
                self._restart()

    def _say(self, text: str | None) -> None:
        if text is not None:
            self._channel.post(text)
