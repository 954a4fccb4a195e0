"""Finds windows that are gone, and adopts their unfinished tasks."""

import asyncio
from collections.abc import Callable, Mapping

from tether.core.events import TasksOrphaned
from tether.core.ids import TaskId, WindowId
from tether.core.windows.claim import ADOPTER_PREFIX, CLAIM_TIMEOUT, Claim, Standing, closing_window
from tether.core.windows.ledger import (
    ADOPTION_GRACE,
    ADOPTION_ROUND,
    ENTRY_RECORD,
    Entry,
    entries_of,
    forgotten,
    merged,
    owners,
    read_entries,
    read_ledger,
)
from tether.runtime.ports import World
from tether.runtime.runner import Runner

ONCE_MORE = 2.0
"""Seconds after a window's farewell by which the browser has freed its lock."""


class Adopter:
    """Holds a gone window's claim while the window `own` takes its tasks over."""

    def __init__(
        self, runner: Runner, own: WindowId, world: World, kept: Mapping[TaskId, Entry]
    ) -> None:
        self._runner = runner
        self._own = own
        self._world = world
        self._kept = kept
        """What was on disk: after a kill, more than what windows share."""
        self.on_gone: Callable[[], None] = lambda: None
        """Called when `gone` has changed."""
        self.gone: set[WindowId] = set()
        """Windows that are gone and whose tasks are about to be taken over."""
        self._followed: dict[WindowId, asyncio.Task[bool]] = {}
        self._skips: dict[WindowId, asyncio.Event] = {}
        """Set to adopt a window's tasks without the grace."""
        self._claims: dict[WindowId, tuple[Claim, asyncio.Event]] = {}
        self._round: asyncio.TimerHandle | None = None
        world.channel.listen(self._received)

    def check(self) -> None:
        """Check for windows that are gone, now and every minute from then on."""
        if self._round is not None:
            self._round.cancel()
        self._round = asyncio.get_event_loop().call_later(ADOPTION_ROUND, self.check)
        ledger = self._ledger()
        for task_id in forgotten(ledger, self._world.clock.now()):
            self._world.shared.write(ENTRY_RECORD + task_id, None)
            self._world.files.keep_entry(task_id, None)
        for owner in owners(ledger, self._own):
            if owner not in self._followed:
                self._skips[owner] = asyncio.Event()
                self._followed[owner] = asyncio.ensure_future(self._follow(owner))

    def stop(self) -> None:
        """Check no more: the client is closed."""
        if self._round is not None:
            self._round.cancel()
        for follow in self._followed.values():
            follow.cancel()

    async def take_over(self, owner: WindowId) -> bool:
        """Adopt a window's tasks without waiting any longer; False when it lives."""
        self.check()
        if owner not in self._followed:
            return False  # nothing is left to be adopted
        self._skips[owner].set()
        return await self._followed[owner]

    async def _follow(self, owner: WindowId) -> bool:
        try:
            if not await self._find_gone(owner, lambda _claim: None):
                return False
            self.gone.add(owner)
            self.on_gone()
            skip = asyncio.ensure_future(self._skips[owner].wait())
            await asyncio.wait([skip], timeout=ADOPTION_GRACE)
            skip.cancel()
            self._kept = read_entries(await self._world.files.entries())
            return await self._find_gone(owner, self._adopt)
        finally:
            del self._followed[owner], self._skips[owner]
            self.gone.discard(owner)
            self.on_gone()

    async def _find_gone(self, owner: WindowId, act: Callable[[Claim], None]) -> bool:
        """Act while this page holds a window's claim; False when the window lives.

        Between the claim's taking and its release nothing else of this page runs, so no other
        page can ask for it.
        """
        claim = Claim(owner, ADOPTER_PREFIX + self._world.chance.hex(16))
        hold, lost = self._world.make_hold(), asyncio.Event()
        is_free = await hold.take(owner, claim.token)
        if not is_free and hold.is_proof:
            return False
        # In plain storage two windows may both find the claim free: they must ask each other.
        message = claim.found(is_free and hold.is_proof)
        if message is not None:
            self._claims[owner] = claim, lost
            self._world.channel.post(message)
            losing = asyncio.ensure_future(lost.wait())
            await asyncio.wait([losing], timeout=CLAIM_TIMEOUT)
            losing.cancel()
            del self._claims[owner]
        is_gone = claim.standing is not Standing.LOST and not self._runner.is_paused
        if is_gone:
            act(claim)
        hold.release()
        return is_gone

    def _adopt(self, claim: Claim) -> None:
        entries = entries_of(self._ledger(), claim.window_id)
        self._runner.emit(TasksOrphaned(entries))
        message = claim.waited()
        if message is not None:
            # A page that slept too deeply to answer learns this when it wakes up.
            self._world.channel.post(message)

    def _ledger(self) -> Mapping[TaskId, Entry]:
        return merged(read_ledger(self._world.shared.read_all()), self._kept)

    def _received(self, text: str) -> None:
        if closing_window(text) is not None:
            self.check()
            # The browser may free the lock a moment after its page's message has come.
            asyncio.get_event_loop().call_later(ONCE_MORE, self.check)
        for claim, lost in list(self._claims.values()):
            message = claim.received(text)
            if message is not None:
                self._world.channel.post(message)
            if claim.standing is Standing.LOST:
                lost.set()
