"""Browsers, their tabs, and the pages in them: what carries out what a session asks for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from random import Random
from typing import TYPE_CHECKING, Any

from tests.world.jobs import WORKFLOWS
from tests.world.network import Call, Wire
from tether.core.commands import (
    AbortRequest,
    Broadcast,
    CloseSocket,
    Commands,
    FetchResult,
    LoadWorkflow,
    OpenSocket,
    SaveEntry,
    SaveRecord,
    SendFrame,
    ShareFiles,
    ShowPreview,
    StartTimer,
    StopTimer,
)
from tether.core.errors import Trouble
from tether.core.events import (
    Answered,
    Event,
    FetchFailed,
    PageChange,
    PageChanged,
    QueuePaused,
    RebalancingChosen,
    RequestFailed,
    ResultFetched,
    ServerAdded,
    SocketClosed,
    StorageFailed,
    TasksOrphaned,
    TimerFired,
    WorkflowLoaded,
)
from tether.core.ids import Digest, ServerUrl, TaskId, WindowId
from tether.core.model.window import Settings
from tether.core.protocol.handover import GONE
from tether.core.protocol.outputs import view_url
from tether.core.protocol.requests import Ask, Request
from tether.core.session.records import has_lost_tasks
from tether.core.session.session import Session
from tether.core.timers import Timer
from tether.core.windows.claim import (
    ADOPTER_PREFIX,
    CLAIM_TIMEOUT,
    TOKEN_RECORD,
    Claim,
    Standing,
    closing_window,
)
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
from tether.core.windows.peers import BroadcastReceived

if TYPE_CHECKING:
    from tests.world.clock import Clock
    from tests.world.world import World


class Chance:
    """The core's randomness, drawn from the world's."""

    def __init__(self, random: Random) -> None:
        self.uniform = random.random
        self._bits = random.getrandbits

    def hex(self, digits: int) -> str:
        """Return that many hex digits."""
        return f"{self._bits(4 * digits):0{digits}x}"


class LazyStorage(dict[str, str]):
    """A storage that reaches the disk seconds late."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._log: deque[tuple[float, str, str | None]] = deque()

    def __setitem__(self, key: str, text: str) -> None:
        self._note(key)
        super().__setitem__(key, text)

    def __delitem__(self, key: str) -> None:
        self._note(key)
        super().__delitem__(key)

    def pop(self, key: str, *default: Any) -> Any:
        """Delete a record."""
        self._note(key)
        return super().pop(key, *default)

    def setdefault(self, key: str, default: str = "") -> str:
        """Store a record, unless it is there."""
        if key not in self:
            self[key] = default
        return self[key]

    def clear(self) -> None:
        """Delete all."""
        for key in list(self):
            del self[key]

    def roll_back(self, before: float) -> None:
        """Be as it was then: the browser was killed."""
        while self._log and self._log[-1][0] > before:
            _, key, text = self._log.pop()
            if text is None:
                super().pop(key, None)
            else:
                super().__setitem__(key, text)

    def _note(self, key: str) -> None:
        while self._log and self._log[0][0] < self._clock.now - LATE:
            self._log.popleft()
        self._log.append((self._clock.now, key, self.get(key)))


LATE = 10.0
"""Seconds by which Chromium writes a page's small records late, at most."""


class Browser:
    """What the tabs of one browser share.

    `shared` is its localStorage, and `disk` the ledger that a kill leaves as it is. A browser
    with Web Locks frees a claim when its page crashes; one without leaves it in storage.
    """

    def __init__(self, world: World, number: int, has_locks: bool) -> None:
        self.world = world
        self.number = number
        self.has_locks = has_locks
        self.shared = LazyStorage(world.clock)
        self.disk: dict[TaskId, str] = {}
        self._unflushed: dict[TaskId, str | None] = {}
        self.tabs: list[Tab] = []
        self.is_paused = False
        """A person paused what waits in all of its windows."""

    def pause(self, is_paused: bool) -> None:
        """Pause all its queues, or resume them."""
        self.is_paused = is_paused
        for tab in self.tabs:
            if tab.page is not None:
                tab.page.tell(QueuePaused(is_paused))

    def open_tab(self, offset: float) -> Tab:
        """Open a new tab with the page in it."""
        tab = Tab(self, f"{self.number}{'abcdefghijklmnopqrstuvwxyz'[len(self.tabs) % 26]}", offset)
        self.tabs.append(tab)
        tab.load()
        return tab

    def duplicate(self, tab: Tab) -> Tab:
        """Duplicate a tab: its sessionStorage is copied."""
        copy = Tab(self, f"{tab.name}+", tab.offset)
        for key, text in tab.records.items():
            copy.records[key] = text
        self.tabs.append(copy)
        copy.load()
        return copy

    def ledger(self) -> Mapping[TaskId, Entry]:
        """Return what all windows know of each other's tasks."""
        texts = {**self.disk, **self._unflushed}
        kept = {task_id: text for task_id, text in texts.items() if text is not None}
        return merged(read_ledger(self.shared), read_entries(kept))

    def keep(self, task_id: TaskId, text: str | None) -> None:
        """Write an entry, which is on disk with the next `flush`."""
        self._unflushed[task_id] = text

    def flush(self) -> None:
        """Have all entries on disk."""
        for task_id, text in self._unflushed.items():
            if text is None:
                self.disk.pop(task_id, None)
            else:
                self.disk[task_id] = text
        self._unflushed.clear()

    def kill(self, late: float) -> None:
        """Its process is killed: what was written less than so many seconds ago is not on disk."""
        for tab in self.tabs:
            tab.crash()
        self._unflushed.clear()
        for storage in (self.shared, *(tab.records for tab in self.tabs)):
            storage.roll_back(self.world.clock.now - late)
        if self.has_locks:  # they are not in any storage
            for key in [key for key in self.shared if key.startswith("claim:")]:
                del self.shared[key]
        self.world.rules.killed(self)

    # OwnedTask a claim, as `runtime.storage_hold` and `browser.locks` do.

    def take(self, window_id: str, token: str) -> bool:
        """Take a claim, unless another page's is there."""
        return self.shared.setdefault(f"claim:{window_id}", token) == token

    def seize(self, window_id: str, token: str) -> None:
        """Take a claim from whoever has it."""
        self.shared[f"claim:{window_id}"] = token

    def leave(self, window_id: str, token: str) -> None:
        """Let go of a claim, if it is still that page's."""
        if self.shared.get(f"claim:{window_id}") == token:
            del self.shared[f"claim:{window_id}"]


class Tab:
    """One tab: `records` is its sessionStorage, `offset` what its clock is wrong by."""

    def __init__(self, browser: Browser, name: str, offset: float) -> None:
        self.browser = browser
        self.name = name
        self.offset = offset
        self.records = LazyStorage(browser.world.clock)
        self.page: Page | None = None
        self.needed_until = 0.0
        self.is_missed = False
        """Closed, but the person will open it again."""

    def load(self) -> None:
        """Load the page, for the first time or when the tab comes back."""
        self.page = Page(self)
        self.page.open()

    def come_back(self) -> None:
        """The person opens the tab again, with its sessionStorage, unless it is closed for good."""
        if self.is_missed and self.page is None:
            self.is_missed = False
            self.load()

    def reload(self) -> None:
        """Load it anew."""
        self.end()
        self.load()

    def end(self) -> None:
        """The page ends, and lets go of its claim."""
        if self.page is not None:
            self.page.leave()
            self.page.die()
            self.page = None

    def crash(self) -> None:
        """The page ends without a word."""
        if self.page is not None:
            if self.browser.has_locks:
                self.page.leave()
            self.page.die()
            self.page = None


class Page:
    """One page's life: its session, its calls, sockets and timers, and its claim.

    It keeps the protocol of `runtime.claimant` and `runtime.runner`: nothing is sent before
    the window id is claimed, and nothing is handled while it sleeps or has lost the claim.
    """

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        self.world = tab.browser.world
        self.clock = self.world.clock
        self.number = self.world.next_number()
        self.offset = tab.offset
        self.calls: dict[int, Call] = {}
        self._fetches: dict[int, TaskId] = {}
        """Calls for results, and the tasks that take them."""
        self.wires: dict[tuple[ServerUrl, int], Wire] = {}
        self.timers: dict[Timer, int] = {}
        self.is_running = False
        self.is_asleep = False
        self.is_gone = False
        self.session: Session = self._make_session()
        self._claim = self._new_claim()
        self._events: list[Event] = []
        self._unheard: list[str] = []
        self._is_back = False
        self._followed: set[WindowId] = set()
        self._adopting: dict[WindowId, Claim] = {}
        self.when_it_asks: Callable[[], None] | None = None
        """What is to happen with the next call."""

    @property
    def now(self) -> float:
        """Return the time on the page's own clock."""
        return self.clock.now + self.offset

    # Becoming a window.

    def _make_session(self) -> Session:
        chance, ledger = Chance(self.world.random), self.tab.browser.ledger()
        return Session(self.tab.records, self.world.settings, chance, self.now, ledger)

    def _new_claim(self) -> Claim:
        token = f"{self.world.random.getrandbits(64):016x}"
        return Claim(self.session.window.window_id, token)

    def open(self) -> None:
        """Claim the window id that the records hold, then start."""
        self._ask()

    def _ask(self) -> None:
        claim = self._claim
        self._say(claim.found(self.tab.browser.take(claim.window_id, claim.token)))
        if claim.standing is Standing.HELD:
            self._say(claim.taken())
            self._held()
        else:
            self.clock.after(CLAIM_TIMEOUT, self._waited, claim)

    def _waited(self, claim: Claim) -> None:
        if self.is_gone or claim is not self._claim or self.is_asleep:
            return
        told = claim.waited()
        if told is not None:
            self.tab.browser.seize(claim.window_id, claim.token)
            self._say(told)
            self._held()

    def _held(self) -> None:
        if self._is_back:
            self._is_back = False
            self._events.append(PageChanged(PageChange.RESUMED))
            self._go_on()
            return
        self.tab.records[TOKEN_RECORD] = self._claim.token
        self.is_running = True
        if self.tab.browser.is_paused:
            self._events.insert(0, QueuePaused(True))
        self._carry_out(self.session.start(self.now))
        self.world.rules.started_page(self)
        for server in self.world.servers:
            self.tell(ServerAdded(server.url, ""))
        if self.world.is_stealing:
            self.tell(RebalancingChosen(True))
        self._go_on()
        self._look_round()

    def _lost(self, was_held: bool) -> None:
        if was_held or self._is_back:
            self.tab.reload()
            return
        # They are a copy; the other tab sees its tasks to their end.
        self.world.say(self.tab, "is a duplicate, and becomes a new window")
        self.tab.records.clear()
        self.session = self._make_session()
        self._claim = self._new_claim()
        self._events.append(StorageFailed(Trouble.of("window_duplicated")))
        self._ask()

    def _say(self, text: str | None) -> None:
        if text is None:
            return
        for tab in self.tab.browser.tabs:
            if tab.page is not None and tab.page is not self:
                self.clock.after(0.001 + 0.02 * self.world.random.random(), tab.page.hear, text)

    def _gossip(self, text: str) -> None:
        """Tell all others something of which nothing may hang: now and then it is lost."""
        for tab in self.tab.browser.tabs:
            if tab.page is not None and tab.page is not self:
                luck = self.world.gossip.random()
                if luck < 0.9:
                    self.clock.after(0.001 + 0.02 * luck, tab.page.hear, text)

    def hear(self, text: str) -> None:
        """Another page of the browser says something."""
        if self.is_gone:
            return
        if self.is_asleep:
            self._unheard.append(text)
            return
        self.tell(BroadcastReceived(text))
        if closing_window(text) is not None:
            self.look()
        for claim in list(self._adopting.values()):
            self._say(claim.received(text))
        before = self._claim.standing
        self._say(self._claim.received(text))
        if self._claim.standing is Standing.LOST and before is not Standing.LOST:
            self._lost(before is Standing.HELD)

    # Sleeping and dying.

    def leave(self) -> None:
        """The page falls asleep, or ends: the next page of this tab need not wait."""
        if self._claim.standing is Standing.HELD:
            told = self._claim.left()
            self.tab.browser.leave(self._claim.window_id, self._claim.token)
            self._say(told)

    def sleep(self, is_cached: bool) -> None:
        """The browser freezes the page; one that it caches loses its connections."""
        self.leave()
        self.is_asleep = True
        if is_cached:
            for wire in list(self.wires.values()):
                wire.leave()
                self._events.append(SocketClosed(wire.server.url, wire.attempt, 1006))
            self.wires.clear()

    def wake(self) -> None:
        """The page goes on, or starts anew when another has been this window since."""
        self.is_asleep = False
        if not self.is_running:
            self.tab.reload()
            return
        self._is_back = True
        is_last = self.tab.records.get(TOKEN_RECORD) in (None, self._claim.token)
        if is_last and not has_lost_tasks(self.tab.records, self.tab.browser.ledger()):
            self._ask()
        else:
            self.tab.reload()
        unheard, self._unheard = self._unheard, []
        for text in unheard:
            self.hear(text)

    def die(self) -> None:
        """Nothing of the page remains but its records, and what it has sent."""
        self.is_gone = True
        if self.tab.browser.has_locks:
            for claim in self._adopting.values():
                self.tab.browser.leave(claim.window_id, claim.token)
        self.calls.clear()
        self.timers.clear()
        for wire in self.wires.values():
            wire.leave()
        self.wires.clear()

    # Adopting, as `runtime.adopter` does.

    def _look_round(self) -> None:
        if not self.is_gone:
            self.look()
            self.clock.after(ADOPTION_ROUND, self._look_round)

    def look(self) -> None:
        """Look for windows that are gone, and for entries that have expired."""
        if not self.is_ready:
            return
        browser = self.tab.browser
        for task_id in list(forgotten(browser.ledger(), self.now)):
            browser.shared.pop(ENTRY_RECORD + task_id, None)
            browser.keep(task_id, None)
        for owner in sorted(owners(self.tab.browser.ledger(), self.session.window.window_id)):
            if owner not in self._followed:
                self._followed.add(owner)
                self._find_gone(owner, False)

    def _find_gone(self, owner: WindowId, is_second: bool) -> None:
        if self.is_gone:
            return
        browser = self.tab.browser
        claim = Claim(owner, f"{ADOPTER_PREFIX}{self.world.random.getrandbits(64):016x}")
        is_free = browser.take(owner, claim.token)
        if not is_free and browser.has_locks:
            self._followed.discard(owner)
            return
        told = claim.found(is_free and browser.has_locks)
        self._adopting[owner] = claim
        if told is None:
            self._found(claim, is_second)
        else:
            self._say(told)
            self.clock.after(CLAIM_TIMEOUT, self._found, claim, is_second)

    def _found(self, claim: Claim, is_second: bool) -> None:
        if self.is_gone:
            return
        owner, browser = claim.window_id, self.tab.browser
        del self._adopting[owner]
        is_gone = claim.standing is not Standing.LOST and self.is_ready
        if is_gone and is_second:
            entries = entries_of(browser.ledger(), owner)
            self.world.say(self.tab, "adopts %d tasks of %s", len(entries), owner)
            self.tell(TasksOrphaned(entries))
            self._say(claim.waited())
        browser.leave(owner, claim.token)
        if is_gone and not is_second:
            self.clock.after(ADOPTION_GRACE, self._find_gone, owner, True)
        else:
            self._followed.discard(owner)

    # Events in, commands out.

    @property
    def is_ready(self) -> bool:
        """Whether events are handled now."""
        is_held = self._claim.standing is Standing.HELD
        return self.is_running and is_held and not self.is_asleep and not self.is_gone

    def tell(self, event: Event) -> None:
        """Something happened to the page."""
        if self.is_gone:
            return
        if isinstance(event, Answered | RequestFailed) and event.request.ask is Ask.FILE:
            event = self._brought(event)
        if self.is_ready and not self._is_back:
            self._handle(event)
        else:
            self._events.append(event)

    def _go_on(self) -> None:
        while self._events and self.is_ready:
            self._handle(self._events.pop(0))

    def _handle(self, event: Event) -> None:
        self.world.steps += 1
        rules = self.world.rules
        rules.before(self, event)
        commands = self.session.handle(event, self.now)
        self._carry_out(commands)
        self.session.window.pending.take()  # for followers, as the runner does
        rules.after(self, event, commands)

    def _carry_out(self, commands: Commands) -> None:
        for command in commands:
            kind = type(command)
            if kind is SaveRecord:
                if command.text is None:
                    self.tab.records.pop(command.key, None)
                else:
                    self.tab.records[command.key] = command.text
            elif kind is SaveEntry:
                key = ENTRY_RECORD + command.task_id
                if command.text is None:
                    self.tab.browser.shared.pop(key, None)
                else:
                    self.tab.browser.shared[key] = command.text
                self.tab.browser.keep(command.task_id, command.kept)
            elif kind is Broadcast:
                self._gossip(command.text)
            elif kind is StartTimer:
                number = self.world.next_number()
                self.timers[command.key] = number
                self.clock.after(max(command.delay, 0.0), self._fire, command.key, number)
            elif kind is StopTimer:
                self.timers.pop(command.key, None)
            elif kind is Request:
                self._send(command)
            elif kind is AbortRequest:
                self.calls.pop(command.request_id, None)
            elif kind is OpenSocket:
                self._dial(command)
            elif kind is SendFrame:
                wire = self.wires.get((command.server, command.attempt))
                if wire is not None:
                    wire.send(command.text)
            elif kind is CloseSocket:
                wire = self.wires.get((command.server, command.attempt))
                if wire is not None:
                    wire.close()
            elif kind is ShowPreview:
                self.world.rules.shown(self, command)
            elif kind is ShareFiles:
                self.world.rules.moved(self, command.task_id, command.of)
            elif kind is FetchResult:
                self._fetch(command)
            elif kind is LoadWorkflow:
                self.clock.after(0.02 * self.world.random.random(), self._load, command.digest)

    def _fetch(self, command: FetchResult) -> None:
        """Ask for a result that a task takes, as `World.bring` does."""
        source, number = command.source, -self.world.next_number()
        path = view_url(ServerUrl(""), source.output, source.prompt_id)
        request = Request(number, source.server, Ask.FILE, path, timeout=30.0)
        server = self.world.by_url[source.server]
        call = Call(self, request, server, self.world.link(self.tab.browser, server))
        self.calls[number], self._fetches[number] = call, command.task_id
        self.clock.after(request.timeout, call.time_out)
        call.go()

    def _brought(self, event: Answered | RequestFailed) -> Event:
        task_id = self._fetches.pop(event.request.id)
        if isinstance(event, Answered):
            if event.status == 200 and not event.text.startswith("<html>"):
                return ResultFetched(task_id, Digest(event.text), 8_000_000)
            if event.status in GONE:
                return ResultFetched(task_id, None)
        return FetchFailed(task_id)

    def _fire(self, key: Timer, number: int) -> None:
        if self.timers.get(key) == number:
            del self.timers[key]
            self.tell(TimerFired(key))

    def _load(self, digest: Digest) -> None:
        self.tell(WorkflowLoaded(digest, WORKFLOWS[digest]))

    def _send(self, request: Request) -> None:
        if request.is_final:
            self.tab.browser.flush()
        self.world.rules.sent(self, request)
        server = self.world.by_url[request.server]
        call = Call(self, request, server, self.world.link(self.tab.browser, server))
        self.calls[request.id] = call
        self.clock.after(request.timeout, call.time_out)
        call.go()
        if self.when_it_asks is not None:
            self.clock.after(0.0, self.when_it_asks)
            self.when_it_asks = None

    def _dial(self, command: OpenSocket) -> None:
        server = self.world.by_url[command.server]
        client_id = command.url.partition("clientId=")[2]
        self.world.rules.dialled(self, server.url, client_id)
        link = self.world.link(self.tab.browser, server)
        number = self.world.next_number()
        wire = Wire(self, server, command.attempt, client_id, number, link)
        self.wires[server.url, command.attempt] = wire
        self.world.all_wires[server.url, client_id] = [
            other
            for other in self.world.all_wires.get((server.url, client_id), [])
            if not other.is_closed
        ] + [wire]
        wire.dial()


def settings_for(places: int) -> Settings:
    """Return a page's settings."""
    return Settings("base", places, keeps_results=True)
