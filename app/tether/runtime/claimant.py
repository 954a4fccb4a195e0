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
        world.channel.listen(self._received)

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

    def sleep(self) -> None:
        """Release the claim: the page falls asleep or ends, and the tab's next needn't wait."""
        self._runner.pause()
        if self._claim is not None and self._claim.standing is Standing.HELD:
            message = self._claim.left()
            self._hold.release()
            self._say(message)

    async def wake(self) -> None:
        """Go on after a sleep, or restart when another page has been this window since."""
        if await self._is_still_own():
            self._runner.emit(PageChanged(PageChange.RESUMED))
            self._runner.resume()
        else:
            self._world.page.restart()

    async def _is_still_own(self) -> bool:
        claim, records = self._claim, self._world.records.read_all()
        # A later page of this tab has written its own token: what this one remembers is old.
        if claim is None or records.get(TOKEN_RECORD) not in (None, claim.token):
            return False
        if has_lost_tasks(records, read_ledger(self._world.shared.read_all())):
            return False
        return await self._ask(claim)

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
            losing = asyncio.ensure_future(self._lost.wait())
            await asyncio.wait([losing], timeout=CLAIM_TIMEOUT)
            losing.cancel()
            message = claim.waited()
            if message is not None:
                await self._hold.seize(claim.window_id, claim.token)
                self._say(message)
        return claim.standing is Standing.HELD

    def _received(self, text: str) -> None:
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
