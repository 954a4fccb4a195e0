"""The window's own queue: tasks wait here, and are bound when a server has a place."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from tether.core.commands import Command, Commands, StartTimer
from tether.core.ids import ServerUrl
from tether.core.model.balancer import WHOLE, sample
from tether.core.model.server import Reach, Server
from tether.core.model.statistics import Outliers
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.requests import Request, probe
from tether.core.scheduling.allotment import Allotment, size_of
from tether.core.scheduling.capacity import NEVER
from tether.core.scheduling.estimates import Estimates
from tether.core.scheduling.fitness import query_nodes, suits, why_nowhere
from tether.core.submission.submission import Submission

ROUND_WITHIN = 1.0
"""Seconds after which we choose among the servers that have answered."""

AHEAD = 16
"""Waiting tasks for which a server is asked what it has, before it is asked for the next ones."""

AVOIDED_FOR = 15.0
"""Seconds after which we look whether the others can still take what one server should not."""

EARLY = 0.05
"""Seconds by which a timer may fire too early."""

_Nexts: TypeAlias = Mapping[ServerUrl, tuple[list[Task], bool]]

ROUND_TIMER = ("round",)
FILL_TIMER = ("fill",)


class Dispatcher:
    """Asks the servers for their queues, then binds waiting tasks where they end first.

    Binding late keeps a slow server from hoarding tasks: measured on real servers, one three
    times slower, 40 tasks take 7.1 s with two in flight and 13.1 s when all are sent at once.
    Who gets which place says `allotment`.
    """

    def __init__(self, window: Window, submission: Submission) -> None:
        self._window = window
        self._submission = submission
        self._asked: dict[ServerUrl, int] = {}
        """Probes without an answer so far; a server that hangs is not asked again."""
        self._round: set[ServerUrl] = set()
        """Servers whose answers the choice waits for."""
        self._lengths: dict[ServerUrl, int] = {}
        self._is_late = False
        self._allotment = Allotment(window)
        self._fill_at = 0.0

    def fill(self, now: float) -> Commands:
        """Look for places, and probe the servers that have one; cheap when there is nothing."""
        window = self._window
        window.is_fill_due = False
        window.is_sending_all = window.is_sending_all and bool(window.waiting)
        if not window.waiting:
            self._allotment.clear()
        if self._round or not window.waiting:
            return ()
        free, opens_at = self._allotment.places(self._asked, now)
        nexts = self._nexts(free, 1, now) if free else {}
        wanted = []
        for server in free:
            tasks, is_shunned = nexts[server.url]
            if not tasks and not is_shunned:
                continue
            if server.opens_at > now:
                opens_at.append(server.opens_at)
            elif tasks:
                wanted.append(server)
            else:
                opens_at.append(now + AVOIDED_FOR)
        commands: list[Command] = []
        at = min(opens_at, default=NEVER)
        # Each of a thousand tasks that come would start it anew; timers may fire a little early.
        if at < self._fill_at or self._fill_at <= now + EARLY < at + EARLY < NEVER:
            self._fill_at = at
            commands.append(StartTimer(FILL_TIMER, at - now))
        if wanted:
            wanted = self._to_ask(wanted, nexts, now)
            nexts = self._nexts(wanted, AHEAD, now)
            self._is_late = False
            commands.append(StartTimer(ROUND_TIMER, ROUND_WITHIN))
            for server in wanted:
                request_id = window.next_request()
                self._asked[server.url] = request_id
                self._round.add(server.url)
                commands.append(probe(request_id, server.url))
                commands += query_nodes(window, server, nexts[server.url][0], now)
        return tuple(commands)

    def told(self, request: Request, length: int | None, now: float) -> Commands:
        """A probe ended, with a length or (None) without an answer."""
        if self._asked.get(request.server) != request.id:
            return ()
        del self._asked[request.server]
        if length is not None:
            self._lengths[request.server] = length
            if self._window.servers[request.server].inventory.is_asked():
                return ()
        return self._heard(request.server, now)

    def described(self, server: Server, now: float) -> Commands:
        """A server answered what node classes it has, or did not."""
        if server.inventory.is_asked() or server.url not in self._lengths:
            return ()
        return self._heard(server.url, now)

    def _heard(self, url: ServerUrl, now: float) -> Commands:
        """All that a server was asked for has come."""
        self._round.discard(url)
        return self._choose(now) if self._is_late or not self._round else ()

    def round_fired(self, now: float) -> Commands:
        """Time to choose: no task waits for a server that hangs."""
        self._is_late = True
        return self._choose(now) if self._lengths else ()

    def forget(self, url: ServerUrl, now: float) -> Commands:
        """A server is gone: nobody waits for its answer any more."""
        self._asked.pop(url, None)
        self._lengths.pop(url, None)
        if url not in self._round:
            return ()
        self._round.discard(url)
        return () if self._round else self._choose(now)

    def _choose(self, now: float) -> Commands:
        """Bind what can be bound; each binding counts at once for the next."""
        window = self._window
        self._round.clear()
        window.is_fill_due = True
        outliers = window.statistics.outliers

        def may_have(server: Server, task: Task) -> bool:
            return (
                suits(window, server, task, now)
                and server.inventory.knows(window.workflows[task.digest])
                and not self._avoids(server, task, outliers, now)
            )

        commands: list[Command] = []
        for task, server in self._allotment.allot(self._ready(now), self._lengths, may_have, now):
            commands += self._submission.begin(task, server, now)
        self._lengths.clear()
        return tuple(commands)

    def _nexts(self, servers: Sequence[Server], most: int, now: float) -> _Nexts:
        """Return the next tasks of each server, and whether it leaves some alone for others.

        Thousands may wait: no more of them are looked at than it takes.
        """
        outliers = self._window.statistics.outliers
        nexts: dict[ServerUrl, list[Task]] = {server.url: [] for server in servers}
        shunned = set()
        for task in self._ready(now):
            for server in servers:
                if len(nexts[server.url]) == most or not suits(self._window, server, task, now):
                    continue
                if self._avoids(server, task, outliers, now):
                    shunned.add(server.url)
                else:
                    nexts[server.url].append(task)
            if all(len(tasks) == most for tasks in nexts.values()):
                break
        return {url: (tasks, url in shunned) for url, tasks in nexts.items()}

    def _to_ask(self, wanted: list[Server], nexts: _Nexts, now: float) -> list[Server]:
        """Return all of a small fleet, some of a large one; the oldest task must suit those."""
        if len(wanted) <= WHOLE:
            return wanted
        oldest = min((nexts[each.url][0][0] for each in wanted), key=lambda task: task.accepted_at)
        suited = [server for server in wanted if suits(self._window, server, oldest, now)]
        estimates = Estimates(self._window, self._window.statistics.durations, now)
        return sample(
            suited, self._window.chance.uniform, estimates.age(oldest.workload, size_of(oldest))
        )

    def _ready(self, now: float) -> Iterator[Task]:
        """Go through the tasks that some server may take; those too large for all have failed."""
        window = self._window
        servers = [server for server in window.servers.values() if not server.is_leaving]
        for task in tuple(window.waiting.values()):
            if task.digest not in window.workflows:
                continue
            if any(suits(window, server, task, now) for server in servers):
                yield task
                continue
            why = why_nowhere(window, servers, task, now)
            if why is not None:
                window.end(task, State.FAILED, now, "here", why)

    def _avoids(self, server: Server, task: Task, outliers: Outliers, now: float) -> bool:
        """Say whether a task is to leave an outlier alone, since others can take it.

        When its time is over, one task is sent there to try it.
        """
        window = self._window
        until = outliers.shut_until(task.digest, server.url)
        if not until:
            return False
        ours = window.bound_to(server.url)
        if now >= until and not any(other.digest == task.digest for other in ours):
            return False
        return any(
            other.reach is Reach.UP
            and other.takes_tasks
            and not outliers.shut_until(task.digest, other.url)
            and suits(window, other, task, now)
            for other in window.servers.values()
        )
