"""One browser tab: the window's session, and all that carries it."""

import js

from app.browser.chance import BrowserChance
from app.browser.channel import BrowserChannel
from app.browser.clock import BrowserClock
from app.browser.files import BrowserFiles
from app.browser.http import BrowserHttp
from app.browser.locks import BrowserLock
from app.browser.page import BrowserPage
from app.browser.preview import BrowserPreviews
from app.browser.socket import BrowserSockets
from app.browser.storage import BrowserRecords, own_prefix
from app.core.events import Event
from app.core.ids import PromptId, TaskId
from app.core.ledger import Entry, read_ledger
from app.core.owner import RECORD as OWNER_RECORD
from app.core.owner import make_phrase, read_phrase
from app.core.records import is_bereft
from app.core.session import Session
from app.core.snapshot import read_task
from app.core.window import Settings
from app.runtime.adopter import Adopter
from app.runtime.claimant import Claimant
from app.runtime.intake import Intake
from app.runtime.ports import Hold, Ports
from app.runtime.runner import Runner
from app.runtime.storage_hold import StorageHold


class Tab:
    """Opens the stores, becomes a window that no other page is, and runs its session.

    Args:
        runner: Runs the session.
        previews: Where pictures on their way to the screen are kept.
    """

    def __init__(self, runner: Runner, previews: BrowserPreviews) -> None:
        self._prefix = prefix = own_prefix(js.location.pathname)
        self._runner = runner
        self._previews = previews
        self._emit = emit = runner.emit
        self._clock, self._chance = BrowserClock(emit), BrowserChance()
        self.kept = BrowserRecords("localStorage", prefix, emit)
        self.records = BrowserRecords("sessionStorage", prefix, emit)
        self._channel = BrowserChannel(f"{prefix}windows")
        self._claimant = Claimant(
            runner,
            self._make_hold(),
            self._channel,
            self.records,
            self._chance,
            js.location.reload,
            lambda: is_bereft(self.records.read_all(), self._ledger()),
        )

    def phrase(self) -> str:
        """Return this browser's phrase; a new one when it has none."""
        phrase = read_phrase(self.kept.read(OWNER_RECORD) or "")
        if phrase is None:
            phrase = make_phrase(self._chance)
            self.kept.write(OWNER_RECORD, phrase)
        return phrase

    def known_prompts(self) -> frozenset[PromptId]:
        """Return the unfinished tasks of this browser's windows."""
        tasks = (read_task(entry.record) for entry in self._ledger().values())
        return frozenset(task.prompt_id for task in tasks if task is not None)

    async def open(self, settings: Settings) -> Session:
        """Return the window's session; nothing is sent yet."""
        chance, now = self._chance, self._clock.now()
        self._session = session = await self._claimant.open(
            lambda records: Session(records, settings, chance, now, self._ledger())
        )
        self._files = files = BrowserFiles(f"{self._prefix}files", self._emit)
        self.intake = Intake(session.window, self._emit, files, chance)
        self._adopter = Adopter(
            self._runner,
            session.window.window_id,
            self._make_hold,
            self._channel,
            self.kept,
            self._clock,
            chance,
        )
        await files.open()
        return session

    def start(self) -> None:
        """Let the session work, and look for windows that are gone."""
        http, sockets = BrowserHttp(self._emit, self._files.read), BrowserSockets(self._emit)
        self._runner.start(
            self._session,
            Ports(self._clock, sockets, http, self.records, self.kept, self._files, self._previews),
        )
        window = self._session.window
        self._page = BrowserPage(
            self._changed,
            self._claimant.leave,
            self._claimant.back,
            lambda: window.only_here() > 0,
        )
        self._adopter.look()

    def _changed(self, event: Event) -> None:
        self._emit(event)
        self._adopter.look()

    def _make_hold(self) -> Hold:
        """Plain http has no Web Locks."""
        if BrowserLock.is_there():
            return BrowserLock(self._prefix)
        return StorageHold(self.kept, self._clock)

    def _ledger(self) -> dict[TaskId, Entry]:
        return read_ledger(self.kept.read_all())
