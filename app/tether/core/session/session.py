"""The root of the core: one window's session, from events to commands."""

from collections.abc import Iterable, Mapping

from tether.core import events, timers
from tether.core.commands import Command, Commands, StartTimer
from tether.core.errors import Trouble
from tether.core.events import Failure
from tether.core.ids import Chance, ServerUrl, TaskId
from tether.core.model.connection import Phase
from tether.core.model.server import Server
from tether.core.model.window import Settings
from tether.core.scheduling.exchange import Exchange
from tether.core.session.acceptance import Acceptance
from tether.core.session.chains import Chains
from tether.core.session.records import SessionRecords
from tether.core.session.responses import Machines, Responses
from tether.core.submission.dialing import aim, connect, fired
from tether.core.tracking.frames import Frames
from tether.core.windows.ledger import Entry
from tether.core.windows.peers import BroadcastReceived

FIRED_AGAIN = 1.0
"""Seconds until a timer that could not be handled fires again."""

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
        self._records = SessionRecords()
        self.window = self._records.restore(records, settings, chance, now, ledger or {})
        self._machines = machines = Machines.of(self.window)
        self._responses = Responses(self.window, machines)
        self._frames = Frames(self.window, machines.submission, machines.reconciler)
        self._acceptance = Acceptance(self.window, machines.reconciler)
        self._exchange = Exchange(self.window)
        self._chains = Chains(self.window)
        self._lingering: set[ServerUrl] = set()

    def start(self, now: float) -> Commands:
        """Resume what the records hold; to be called once, before any event."""
        commands: list[Command] = [*self._acceptance.load(), *self._exchange.send(now)]
        for server in self.window.servers.values():
            commands += connect(self.window, server)
            commands += self._machines.reconciler.query(server, now)
        commands += self._chains.follow(now)
        return (*self._records.save(self.window, now), *self._settled(commands, now))

    def handle(self, event: events.Event, now: float) -> Commands:
        """Advance by one event; `now` is seconds since the epoch, by a clock that never jumps."""
        return self._settled(self._handle(event, now), now)

    def mishandled(self, event: events.Event, now: float) -> Commands:
        """An event could not be handled, by a bug: say so, and go on without it.

        An answer then counts as none, so that nobody waits for it, and a timer fires again.
        """
        url = events.server_of(event)
        server = self.window.servers.get(url) if url is not None else None
        if server is None:
            self.window.notices.append(Trouble.of("mishandled_here"))
        else:
            server.mishap = Trouble.of("mishandled", server=server.name)
            self.window.pending.are_servers_changed = True
            for task in self.window.bound_to(server.url):
                task.whole_on = 0
        commands: Commands = ()
        match event:
            case events.Answered(request):
                commands = self._handle(events.RequestFailed(request, Failure.NETWORK), now)
            case events.TimerFired(key):
                commands = (StartTimer(key, FIRED_AGAIN),)
        return self._settled(commands, now)

    def _handle(self, event: events.Event, now: float) -> Commands:
        window = self.window
        match event:
            case events.FrameReceived() | events.BinaryReceived():
                return self._frames.take(event, now)
            case events.SocketOpened(url, attempt) if url in window.servers:
                return window.servers[url].connection.opened(attempt)
            case events.SocketClosed(url, attempt, _) if url in window.servers:
                return self._closed(window.servers[url], attempt)
            case events.Answered(request) if request.server in window.servers:
                return self._responses.answered(window.servers[request.server], event, now)
            case events.RequestFailed(request) if request.server in window.servers:
                return self._responses.failed(window.servers[request.server], event, now)
            case events.TimerFired(key):
                return self._fired(key, now)
            case events.TaskAccepted():
                return self._acceptance.accept(event, now)
            case events.TasksOrphaned(entries):
                return self._acceptance.adopt(entries, now)
            case events.CollectRequested():
                return self._machines.collection.start(event)
            case events.SendAllRequested() if not window.is_paused:
                window.send_all()
                return self._machines.submission.go_on(now)
            case events.QueuePaused(is_paused):
                window.pause_all(is_paused)
                return self._exchange.update(now)
            case events.TaskUnpinned(task_id) if task_id in window.waiting:
                window.unpin(window.waiting[task_id])
            case events.QueueOrdered(task_ids, after):
                window.reorder(task_ids, after, now)
            case events.RebalancingChosen(is_allowed):
                return self._machines.rebalancing.allow(is_allowed)
            case events.PreviewsChosen(is_wanted):
                window.has_previews = is_wanted
            case events.AimChanged(url):
                return aim(window, url)
            case events.CancelRequested(task_id) if task_id in window.tasks:
                return self._machines.cancellation.cancel(window.tasks[task_id], now)
            case events.TaskDismissed(task_id) if task_id in window.tasks:
                return self._acceptance.dismiss(window.tasks[task_id])
            case events.ResultsKept(task_id) if task_id in window.tasks:
                window.tasks[task_id].is_kept = True
                window.pending.unsaved.add(task_id)
            case events.ResultFetched():
                return self._chains.fetched(event, now)
            case events.FetchFailed():
                return self._chains.failed(event)
            case events.WorkflowLoaded():
                self._acceptance.loaded(event, now)
            case events.ServerAdded(url, name):
                server = window.use(url, name, now)
                server.forget()
                return self._machines.reachability.meet(server)
            case events.ServerPaused(url, is_paused) if url in window.servers:
                window.pause(window.servers[url], is_paused)
            case events.SubstitutesChanged(url, names) if url in window.servers:
                window.servers[url].inventory.substitute(names)
                window.pending.is_fill_due = True
            case events.ServerRemoved(url, instead):
                if url in window.servers:
                    window.remove(window.servers[url])
                if instead is not None:
                    self._acceptance.repin(url, instead)
            case events.PageChanged(events.PageChange.HIDDEN):
                window.is_hidden = window.pending.is_fill_due = True
                return self._exchange.update(now)
            case events.PageChanged(change):
                window.is_hidden &= change is events.PageChange.ONLINE
                return self._returned(now)
            case BroadcastReceived(text):
                return self._exchange.received(text, now)
            case events.StorageFailed(trouble):
                window.notices.append(trouble)
            case events.StorageCleared():
                window.notices.append(Trouble.of("files_deleted"))
                self._records.forget(window)
        return ()

    def _fired(self, timer: timers.Timer, now: float) -> Commands:
        window, machines = self.window, self._machines
        servers, tasks = window.servers, window.tasks
        match timer:
            case timers.ConnectionTimer(url, attempt) if url in servers:
                window.pending.are_connections_due |= servers[url].is_leaving
                return fired(window, servers[url], attempt)
            case timers.SocketTimer(task_id) if task_id in tasks:
                return machines.submission.connect_fired(tasks[task_id], now)
            case timers.TurnTimer(task_id):
                return machines.submission.turn_fired(task_id, now)
            case timers.RecheckTimer(task_id):
                return machines.submission.recheck.fired(task_id, now)
            case timers.PollTimer(url) if url in servers:
                return machines.reconciler.fired(servers[url], now)
            case timers.MissedTimer(url, task_id) if url in servers:
                return machines.reconciler.missed_fired(servers[url], task_id)
            case timers.LingerTimer(url) if url in self._lingering:
                self._lingering.discard(url)
                if not window.bound_to(url) and url != window.aimed:
                    return servers[url].connection.release()
            case timers.RoundTimer():
                return machines.dispatcher.round_fired(now)
            case timers.RebalanceTimer():
                return machines.rebalancing.fired(now)
            case timers.FillTimer():
                window.pending.is_fill_due = True
            case timers.FetchTimer(task_id):
                return self._chains.fired(task_id)
            case timers.ReportTimer():
                return self._exchange.send(now)
        return ()

    def _closed(self, server: Server, attempt: int) -> Commands:
        """A socket is closed: a lost server that nothing polls is asked what it does."""
        connection = server.connection
        self.window.pending.are_connections_due |= server.is_leaving
        losses, commands = connection.losses, connection.closed(attempt)
        is_polled = bool(self.window.bound_to(server.url)) or server.is_leaving
        if connection.losses == losses or is_polled:
            return commands
        return (*commands, self._machines.reachability.probe(server))

    def _returned(self, now: float) -> Commands:
        """The network or the person is back: nothing waits for its timer."""
        commands: list[Command] = [*self._chains.retry()]
        self.window.pending.is_fill_due = True
        for server in self.window.servers.values():
            server.retry_now()
            commands += server.connection.dial_now()
            commands += self._machines.reachability.refresh(server)
            commands += self._machines.reconciler.query(server, now)
        return tuple(commands)

    def _settled(self, commands: Iterable[Command], now: float) -> Commands:
        """Follow up what an event has changed, and put the saving first."""
        window, pending, machines = self.window, self.window.pending, self._machines
        done = list(commands)
        if pending.unsaved:
            done += self._chains.follow(now)
        is_changed = bool(pending.unsaved) or pending.are_connections_due
        if is_changed:
            pending.are_connections_due = False
            for server in list(window.servers.values()):
                done += self._tend(server, now)
            done += machines.submission.go_on(now)
            done += machines.rebalancing.start()
        if pending.is_fill_due:
            done += machines.dispatcher.fill(now)
        if not (is_changed or pending.unsaved):
            return tuple(done)
        return (*self._records.save(window, now), *done, *self._exchange.update(now))

    def _tend(self, server: Server, now: float) -> Commands:
        """Poll a server that has tasks of this window, and release one that has none."""
        connection, machines = server.connection, self._machines
        if self.window.bound_to(server.url):
            self._lingering.discard(server.url)
            return machines.reconciler.start(server, now)
        if not server.is_leaving:
            if connection.phase is Phase.IDLE or server.url in self._lingering:
                return ()
            self._lingering.add(server.url)
            return (StartTimer(timers.LingerTimer(server.url), LINGER),)
        commands = connection.release()
        if connection.phase is not Phase.IDLE:
            # Not forgotten before its socket is gone: were the server added again, two
            # sockets of one client id would make the survivor deaf.
            return commands
        self._lingering.discard(server.url)
        self.window.forget(server)
        return (
            *commands,
            *machines.reconciler.forget(server),
            *machines.dispatcher.forget(server.url, now),
        )
