"""Finds windows that are gone, and takes over their unfinished tasks."""

import asyncio
from collections.abc import Callable

from tether.core.events import TasksOrphaned
from tether.core.ids import Chance, WindowId
from tether.core.windows.claim import CLAIM_TIMEOUT, GREATEST, Claim, Standing, closing_window
from tether.core.windows.ledger import (
    ADOPTION_GRACE,
    ADOPTION_ROUND,
    ENTRY_RECORD,
    entries_of,
    forgotten,
    owners,
    read_ledger,
)
from tether.runtime.ports import Channel, Clock, Hold, Records
from tether.runtime.runner import Runner

ONCE_MORE = 2.0
"""Seconds after a window's farewell when its lock is free for certain."""


class Adopter:
    """Holds the claim of a window that is gone for as long as taking its tasks over takes.

    Args:
        runner: Gets the tasks.
        own: This page's window.
        make_hold: Makes a place to hold another window's claim.
        channel: Where pages say that they leave.
        shared: What all windows share, the ledger in it.
        clock: For the ages of entries.
        chance: Makes tokens.
    """

    def __init__(
        self,
        runner: Runner,
        own: WindowId,
        make_hold: Callable[[], Hold],
        channel: Channel,
        shared: Records,
        clock: Clock,
        chance: Chance,
    ) -> None:
        self._runner = runner
        self._own = own
        self._make_hold = make_hold
        self._channel = channel
        self._shared = shared
        self._clock = clock
        self._chance = chance
        self.on_gone: Callable[[], None] = lambda: None
        """Called when a window was found gone, and when that is over."""
        self.gone: set[WindowId] = set()
        """Windows that are gone, and whose tasks are about to be taken over."""
        self._followed: dict[WindowId, asyncio.Task[bool]] = {}
        self._hurries: dict[WindowId, asyncio.Event] = {}
        self._claims: dict[WindowId, tuple[Claim, asyncio.Event]] = {}
        self._round: asyncio.TimerHandle | None = None
        channel.listen(self._heard)

    def look(self) -> None:
        """Look for windows that are gone, now and once in a while."""
        if self._round is not None:
            self._round.cancel()
        self._round = asyncio.get_event_loop().call_later(ADOPTION_ROUND, self.look)
        ledger = read_ledger(self._shared.read_all())
        for task_id in forgotten(ledger, self._clock.now()):
            self._shared.write(ENTRY_RECORD + task_id, None)
        for owner in owners(ledger, self._own):
            if owner not in self._followed:
                self._hurries[owner] = asyncio.Event()
                self._followed[owner] = asyncio.ensure_future(self._follow(owner))

    async def take_over(self, owner: WindowId) -> bool:
        """Adopt a window's tasks without waiting any longer; False when it lives."""
        self.look()
        if owner not in self._followed:
            return False  # nothing is left to be adopted
        self._hurries[owner].set()
        return await self._followed[owner]

    async def _follow(self, owner: WindowId) -> bool:
        """Adopt a window's tasks, if it is gone now and still gone after a while."""
        try:
            if not await self._find_gone(owner, lambda _claim: None):
                return False
            self.gone.add(owner)
            self.on_gone()
            hurry = asyncio.ensure_future(self._hurries[owner].wait())
            await asyncio.wait([hurry], timeout=ADOPTION_GRACE)
            hurry.cancel()
            return await self._find_gone(owner, self._adopt)
        finally:
            del self._followed[owner], self._hurries[owner]
            self.gone.discard(owner)
            self.on_gone()

    async def _find_gone(self, owner: WindowId, act: Callable[[Claim], None]) -> bool:
        """Act while a window's claim is ours; False when the window lives.

        From getting the claim to leaving it nothing else of this page runs, so nobody can
        ask us for it.
        """
        claim = Claim(owner, GREATEST + self._chance.hex(16))
        hold, lost = self._make_hold(), asyncio.Event()
        is_free = await hold.take(owner, claim.token)
        if not is_free and hold.is_proof:
            return False
        # Where storage is all there is, two windows may both find it free: they must talk.
        told = claim.found(is_free and hold.is_proof)
        if told is not None:
            self._claims[owner] = claim, lost
            self._channel.post(told)
            heard = asyncio.ensure_future(lost.wait())
            await asyncio.wait([heard], timeout=CLAIM_TIMEOUT)
            heard.cancel()
            del self._claims[owner]
        is_gone = claim.standing is not Standing.LOST and not self._runner.is_paused
        if is_gone:
            act(claim)
        hold.leave()
        return is_gone

    def _adopt(self, claim: Claim) -> None:
        entries = entries_of(read_ledger(self._shared.read_all()), claim.window_id)
        self._runner.emit(TasksOrphaned(entries))
        told = claim.waited()
        if told is not None:
            # A page that slept too deeply to answer learns of it when it wakes up.
            self._channel.post(told)

    def _heard(self, text: str) -> None:
        if closing_window(text) is not None:
            self.look()
            # The browser may free its lock a moment after its word has come.
            asyncio.get_event_loop().call_later(ONCE_MORE, self.look)
        for claim, lost in list(self._claims.values()):
            told = claim.received(text)
            if told is not None:
                self._channel.post(told)
            if claim.standing is Standing.LOST:
                lost.set()
