"""A browser with several pages, for the machines by which they find each other."""

import asyncio
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from tests.tether.core.farm import NOON, Chance
from tests.tether.runtime.world import MemoryFiles, Shared, World
from tether.core.model.window import Settings
from tether.core.session.session import Session
from tether.core.timers import Timer
from tether.core.windows.ledger import merged, read_entries, read_ledger
from tether.runtime.claimant import Claimant
from tether.runtime.runner import Runner
from tether.runtime.storage_locks import StorageHold


class Browser:
    """What the pages of one folder share; time is the test's own."""

    def __init__(self) -> None:
        self.pages: list[PageOf] = []
        self.shared: dict[str, str] = {}
        self.now = NOON
        self.files = MemoryFiles()


class PageOf:
    """One page with its world, its claim and its session."""

    def __init__(self, browser: Browser, records: Mapping[str, str] | None = None) -> None:
        self.browser = browser
        self.seed = len(browser.pages)
        self.is_deaf = False
        self.restarts = 0
        self.runner = Runner()
        self.world = World(self.runner.emit)
        self.world.records = dict(records or {})
        self.ears: list[Callable[[str], None]] = []
        self.world.shared = Shared(browser.shared)
        self.world.files = browser.files
        self.make: Callable[[], StorageHold] = self.make_hold
        self.outside: Any = SimpleNamespace(
            records=self.world,
            shared=self.world.shared,
            channel=self,
            page=self,
            clock=Clock(browser),
            chance=Chance(self.seed),
            make_hold=lambda: self.make(),
            files=browser.files,
        )
        self.claimant = Claimant(self.runner, self.outside)
        browser.pages.append(self)

    async def open(self) -> Session:
        """Load the page."""
        session = await self.claimant.open(
            lambda records: Session(
                records,
                Settings("base"),
                Chance(self.seed),
                NOON,
                merged(read_ledger(self.browser.shared), read_entries(self.browser.files.texts)),
            )
        )
        self.runner.start(session, self.world.ports())
        return session

    def restart(self) -> None:
        """Note that the page is to be loaded anew."""
        self.restarts += 1

    def listen(self, on_text: Callable[[str], None]) -> None:
        """Give on what other pages say."""
        self.ears.append(on_text)

    def hears(self, text: str) -> None:
        """Another page says something."""
        for ear in self.ears:
            ear(text)

    def make_hold(self) -> StorageHold:
        """Make a place to hold a claim."""
        return StorageHold(self.world.shared, Clock(self.browser))

    def post(self, text: str) -> None:
        """Say something to all others, soon."""
        for page in self.browser.pages:
            if page is not self and not page.is_deaf:
                asyncio.get_running_loop().call_soon(page.hears, text)

    def asked(self) -> int:
        """How many servers were asked something."""
        return sum(done[0] == "send" for done in self.world.done)


class Clock:
    """The browser's time; nobody but the session needs timers."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    def now(self) -> float:
        return self._browser.now

    def start(self, key: Timer, delay: float) -> None:
        raise AssertionError

    def stop(self, key: Timer) -> None:
        raise AssertionError
