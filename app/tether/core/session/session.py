"""The root of the core: one window's session, from events to commands."""

from collections.abc import Iterable, Mapping

from tether.core.commands import Command, Commands, StartTimer
from tether.core.events import (
    AimChanged,
    Answered,
    BinaryReceived,
    CancelRequested,
    CollectRequested,
    Event,
    FrameReceived,
    PageChange,
    PageChanged,
    RebalancingChosen,
    RequestFailed,
    SendAllRequested,
    ServerAdded,
    ServerPaused,
    ServerRemoved,
    SocketClosed,
    SocketOpened,
    StorageFailed,
    SubstitutesChanged,
    TaskAccepted,
    TaskDismissed,
    TasksOrphaned,
    TimerFired,
    WorkflowLoaded,
)
from tether.core.ids import Chance, ServerUrl, TaskId
from tether.core.model.connection import Phase
from tether.core.model.server import Server
from tether.core.model.window import Settings
from tether.core.scheduling import recheck
from tether.core.scheduling.exchange import NEWS_TIMER, Exchange
from tether.core.session.acceptance import Acceptance
from tether.core.session.collection import Collection
from tether.core.session.rebalancing import STEAL_TIMER, Rebalancing
from tether.core.session.records import Records
from tether.core.session.responses import Responses
from tether.core.submission.dialing import aim, connect, fired
from tether.core.submission.dispatcher import FILL_TIMER, ROUND_TIMER, Dispatcher
from tether.core.submission.submission import Submission
from tether.core.submission.withdrawal import Cancellation
from tether.core.tracking.frames import Frames
from tether.core.tracking.reachability import Reachability
from tether.core.tracking.reconciler import Reconciler
from tether.core.tracking.verdicts import Verdicts
from tether.core.windows.ledger import Entry
from tether.core.windows.peers import BroadcastReceived

LINGER = 10.0
"""Seconds that a connection stays after its last task: the next one often goes there too."""


class Session:
    """All state of one window. Feed it what happened; it returns what to do.

    Commands are to be carried out in their order: records are saved before anything is sent.
    """

    def __init__(
        self,
        records: Mapping[str, str],
        settings: Settings,
        chance: Chance,
        now: float,
        ledger: Mapping[TaskId, Entry] | None = None,
    ) -> None:
        self._records = Records()
        self.window = self._records.restore(records, settings, chance, now, ledger or {})
        self._reachability = Reachability(self.window)
        self._submission = Submission(self.window)
        self._cancellation = Cancellation(self.window, self._submission)
        verdicts = Verdicts(self.window, self._submission, self._cancellation)
        self._reconciler = Reconciler(self.window, verdicts)
        self._frames = Frames(self.window, self._submission, self._reconciler)
        self._dispatcher = Dispatcher(self.window, self._submission)
        self._exchange = Exchange(self.window)
        self._collection = Collection(self.window, self._reconciler)
        self._rebalancing = Rebalancing(self.window, self._reconciler)
        self._responses = Responses(
            self.window,
            self._reachability,
            self._dispatcher,
            self._submission,
            self._cancellation,
            self._reconciler,
            self._collection,
            self._rebalancing,
        )
        self._acceptance = Acceptance(self.window, self._reconciler)
        self._lingering: set[ServerUrl] = set()

    def start(self, now: float) -> Commands:
        """Take up what the records hold; to be called once, before any event."""
        commands: list[Command] = [*self._acceptance.load(), *self._exchange.tell(now)]
        for server in self.window.servers.values():
            commands += connect(self.window, server)
            commands += self._reconciler.look(server, now)
        return (*self._records.save(self.window), *self._settled(commands, now))

    def handle(self, event: Event, now: float) -> Commands:
        """Advance by one event; `now` is seconds since the epoch, by a clock that never jumps."""
        return self._settled(self._handle(event, now), now)

    def _handle(self, event: Event, now: float) -> Commands:
        window = self.window
        match event:
            case FrameReceived():
                return self._frames.frame(event, now)
            case BinaryReceived():
                return self._frames.binary(event, now)
            case SocketOpened(url, attempt) if url in window.servers:
                return window.servers[url].connection.opened(attempt)
            case SocketClosed(url, attempt, _) if url in window.servers:
                window.is_server_new |= window.servers[url].is_leaving
                return window.servers[url].connection.closed(attempt)
            case Answered(request) if request.server in window.servers:
                return self._responses.answered(window.servers[request.server], event, now)
            case RequestFailed(request) if request.server in window.servers:
                return self._responses.failed(window.servers[request.server], event, now)
            case TimerFired(key):
                return self._fired(key, now)
            case TaskAccepted():
                return self._acceptance.accept(event, now)
            case TasksOrphaned(entries):
                return self._acceptance.adopt(entries, now)
            case CollectRequested():
                return self._collection.want(event)
            case SendAllRequested():
                window.send_all()
            case RebalancingChosen(is_wanted):
                return self._rebalancing.want(is_wanted)
            case AimChanged(url):
                return aim(window, url)
            case CancelRequested(task_id) if task_id in window.tasks:
                return self._cancellation.want(window.tasks[task_id], now)
            case TaskDismissed(task_id) if task_id in window.tasks:
                return self._acceptance.dismiss(window.tasks[task_id])
            case WorkflowLoaded():
                self._acceptance.loaded(event, now)
            case ServerAdded(url, name):
                server = window.use(url, name, now)
                server.inventory.forget()
                return (*self._reachability.meet(server), *self._reachability.refresh(server))
            case ServerPaused(url, is_paused) if url in window.servers:
                window.servers[url].is_paused = is_paused
                window.is_fill_due = True
            case SubstitutesChanged(url, names) if url in window.servers:
                window.servers[url].inventory.substitute(names)
                window.is_fill_due = True
            case ServerRemoved(url, instead):
                if url in window.servers:
                    window.leave(window.servers[url])
                if instead is not None:
                    self._acceptance.repin(url, instead)
            case PageChanged(PageChange.HIDDEN):
                window.is_hidden = window.is_fill_due = True
                return self._exchange.changed(now)
            case PageChanged(change):
                window.is_hidden &= change is PageChange.ONLINE
                return self._returned(now)
            case BroadcastReceived(text):
                return self._exchange.heard(text, now)
            case StorageFailed(trouble):
                window.notices.append(trouble)
        return ()

    def _fired(self, key: tuple[str, ...], now: float) -> Commands:
        servers, tasks = self.window.servers, self.window.tasks
        match key:
            case ("connection", url, attempt) if ServerUrl(url) in servers:
                self.window.is_server_new |= servers[ServerUrl(url)].is_leaving
                return fired(self.window, servers[ServerUrl(url)], int(attempt))
            case ("connect", task_id) if TaskId(task_id) in tasks:
                return self._submission.connect_fired(tasks[TaskId(task_id)], now)
            case (recheck.LOOK_TIMER, task_id):
                return self._submission.recheck.fired(TaskId(task_id), now)
            case ("beat", url) if ServerUrl(url) in servers:
                return self._reconciler.beat(servers[ServerUrl(url)], now)
            case ("missed", url, task_id) if ServerUrl(url) in servers:
                return self._reconciler.missed_fired(servers[ServerUrl(url)], TaskId(task_id))
            case ("linger", url) if ServerUrl(url) in self._lingering:
                self._lingering.discard(ServerUrl(url))
                if not self.window.bound_to(ServerUrl(url)) and url != self.window.aimed:
                    return servers[ServerUrl(url)].connection.release()
            case _ if key == ROUND_TIMER:
                return self._dispatcher.round_fired(now)
            case _ if key == STEAL_TIMER:
                return self._rebalancing.fired(now)
            case _ if key == FILL_TIMER:
                self.window.is_fill_due = True
            case _ if key == NEWS_TIMER:
                return self._exchange.tell(now)
        return ()

    def _returned(self, now: float) -> Commands:
        """The network or the person is back: nothing waits for its timer any more."""
        commands: list[Command] = []
        self.window.is_fill_due = True
        for server in self.window.servers.values():
            server.retry_now()
            commands += server.connection.dial_now()
            commands += self._reachability.renew(server)
            commands += self._reconciler.look(server, now)
        return tuple(commands)

    def _settled(self, commands: Iterable[Command], now: float) -> Commands:
        """Follow up what an event has changed, and put the saving first."""
        window = self.window
        done = list(commands)
        is_changed = bool(window.unsaved) or window.is_server_new
        if is_changed:
            window.are_servers_changed |= window.is_server_new
            window.is_server_new = False
            for server in list(window.servers.values()):
                done += self._tend(server, now)
            done += self._rebalancing.look()
        if window.is_fill_due:
            done += self._dispatcher.fill(now)
        if not (is_changed or window.unsaved):
            return tuple(done)
        return (*self._records.save(window), *done, *self._exchange.changed(now))

    def _tend(self, server: Server, now: float) -> Commands:
        """Watch a server that has tasks of ours, and let go of one that has none."""
        connection = server.connection
        if self.window.bound_to(server.url):
            self._lingering.discard(server.url)
            return self._reconciler.watch(server, now)
        if not server.is_leaving:
            if connection.phase is Phase.IDLE or server.url in self._lingering:
                return ()
            self._lingering.add(server.url)
            return (StartTimer(("linger", server.url), LINGER),)
        commands = connection.release()
        if connection.phase is not Phase.IDLE:
            # Not forgotten before its socket is gone: were the server added again, two
            # sockets of one client id would make the survivor deaf.
            return commands
        self._lingering.discard(server.url)
        del self.window.servers[server.url]
        return (
            *commands,
            *self._reconciler.forget(server),
            *self._dispatcher.forget(server.url, now),
        )
