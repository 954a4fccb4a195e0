"""Claims a window id, so that no two pages act under one."""

import asyncio
from collections.abc import Callable, Mapping

from tether.core.errors import Trouble
from tether.core.events import PageChange, PageChanged, StorageFailed
from tether.core.ids import WindowId
from tether.core.session.records import has_lost_tasks
from tether.core.session.session import Session
from tether.core.windows.claim import CLAIM_TIMEOUT, TOKEN_RECORD, Claim, Standing
from tether.core.windows.ledger import read_ledger
from tether.runtime.ports import World
from tether.runtime.runner import Runner


class Claimant:
    """Lets the runner work only while this page holds the claim to its window id.

    Pages that follow each other in one tab share its records, and a duplicated tab has a copy.
    """

    def __init__(self, runner: Runner, world: World) -> None:
        self._runner = runner
        self._world = world
        self._hold = world.make_hold()
        self._claim: Claim | None = None
        self._lost = asyncio.Event()
        world.channel.listen(self._heard)

    async def open(self, make: Callable[[Mapping[str, str]], Session]) -> Session:
        """Return the session of the tab's records; a new window's in a duplicated tab."""
        records = self._world.records
        session = make(records.read_all())
        if not await self._take(session.window.window_id):
            # The records are a copy; the original's tasks are the other tab's.
            for key in list(records.read_all()):
                records.write(key, None)
            session = make({})
            await self._take(session.window.window_id)
            self._runner.emit(StorageFailed(Trouble.of("window_duplicated")))
        return session

    def leave(self) -> None:
        """Release the claim: the page falls asleep or ends, and the tab's next needn't wait."""
        self._runner.pause()
        if self._claim is not None and self._claim.standing is Standing.HELD:
            told = self._claim.left()
            self._hold.leave()
            self._say(told)

    async def back(self) -> None:
        """Go on after a sleep, or restart when another page has been this window since."""
        claim, world = self._claim, self._world
        records = world.records.read_all()
        # A later page of this tab has written its own token: what this one remembers is old.
        is_last = claim is not None and records.get(TOKEN_RECORD) in (None, claim.token)
        is_same = is_last and not has_lost_tasks(records, read_ledger(world.shared.read_all()))
        if is_same and claim is not None and await self._ask(claim):
            self._runner.emit(PageChanged(PageChange.RESUMED))
            self._runner.resume()
        else:
            world.page.restart()

    async def _take(self, window_id: WindowId) -> bool:
        self._claim = claim = Claim(window_id, self._world.chance.hex(16))
        is_ours = await self._ask(claim)
        if is_ours:
            self._world.records.write(TOKEN_RECORD, claim.token)
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
                self._world.page.restart()

    def _say(self, text: str | None) -> None:
        if text is not None:
            self._world.channel.post(text)
