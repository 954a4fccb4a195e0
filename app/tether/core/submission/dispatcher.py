"""The window's own queue: tasks wait here, and are bound when a server has a place."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from tether.core.commands import Command, Commands, StartTimer
from tether.core.ids import ServerUrl
from tether.core.model.balancer import WHOLE_FLEET, sample
from tether.core.model.server import Reach, Server
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.requests import Owner, Request
from tether.core.scheduling.allotment import Allotment
from tether.core.scheduling.capacity import NEVER
from tether.core.scheduling.estimates import Estimates
from tether.core.scheduling.fitness import query_nodes, suits, why_nowhere
from tether.core.scheduling.survey import Survey
from tether.core.submission.submission import Submission
from tether.core.timers import FillTimer, RoundTimer

ROUND_WITHIN = 1.0
"""Seconds after which the answers that have come decide."""

QUERIED_AHEAD = 16
"""Waiting tasks for which a server's node classes are queried at a time."""

AVOIDED_FOR = 15.0
"""Seconds after which an outlier is checked again: can the others still take its tasks?"""

TIMER_TOLERANCE = 0.05
"""Seconds by which a timer may fire too early."""

_Candidates: TypeAlias = Mapping[ServerUrl, tuple[list[Task], bool]]


class Dispatcher:
    """Probes the servers, then binds waiting tasks where they end first.

    Binding late keeps a slow server from hoarding tasks: measured on real servers, one three
    times slower, 40 tasks take 7.1 s with two in flight and 13.1 s when all are sent at once.
    """

    def __init__(self, window: Window, submission: Submission) -> None:
        self._window = window
        self._submission = submission
        self._survey = Survey(window, Owner.DISPATCHER)
        """A server that hangs stays in it, and isn't probed again."""
        self._round: set[ServerUrl] = set()
        """Servers whose answers the choice waits for."""
        self._is_late = False
        self._allotment = Allotment(window)
        self._fill_at = 0.0

    def fill(self, now: float) -> Commands:
        """Find places, and probe the servers that have one; cheap when there is nothing to do."""
        window = self._window
        window.pending.is_fill_due = False
        window.is_sending_all = window.is_sending_all and bool(window.waiting)
        if not window.waiting:
            self._allotment.clear()
        if self._round or not window.waiting or window.is_paused:
            return ()
        free, opens_at = self._allotment.places(self._survey.open, now)
        candidates = self._candidates(free, 1, now) if free else {}
        chosen = []
        for server in free:
            tasks, is_avoided = candidates[server.url]
            if not tasks and not is_avoided:
                continue
            if server.opens_at > now:
                opens_at.append(server.opens_at)
            elif tasks:
                chosen.append(server)
            else:
                opens_at.append(now + AVOIDED_FOR)
        commands: list[Command] = []
        at = min(opens_at, default=NEVER)
        # Each of a thousand new tasks would restart the timer, and it may fire a little early.
        is_due = self._fill_at <= now + TIMER_TOLERANCE and now < at < NEVER
        if at < self._fill_at or is_due:
            self._fill_at = at
            commands.append(StartTimer(FillTimer(), at - now))
        if chosen:
            chosen = self._sample(chosen, candidates, now)
            candidates = self._candidates(chosen, QUERIED_AHEAD, now)
            self._is_late = False
            self._round.update(server.url for server in chosen)
            commands.append(StartTimer(RoundTimer(), ROUND_WITHIN))
            for server in chosen:
                commands += self._survey.ask((server,))
                commands += query_nodes(window, server, candidates[server.url][0], now)
        return tuple(commands)

    def answered(self, request: Request, length: int | None, now: float) -> Commands:
        """A probe ended, with a length or (None) without an answer."""
        url = request.server
        if not self._survey.answered(request, length):
            return ()
        if length is not None and self._window.servers[url].inventory.is_querying():
            return ()
        return self._completed(url, now)

    def described(self, server: Server, now: float) -> Commands:
        """A server described one of its node classes, or failed to."""
        if server.inventory.is_querying() or server.url not in self._survey.lengths:
            return ()
        return self._completed(server.url, now)

    def _completed(self, url: ServerUrl, now: float) -> Commands:
        """Nothing more is to come from a server in this round."""
        self._round.discard(url)
        return self._choose(now) if self._is_late or not self._round else ()

    def round_fired(self, now: float) -> Commands:
        """Choose now: no task waits for a server that hangs."""
        self._is_late = True
        return self._choose(now) if self._survey.lengths else ()

    def forget(self, url: ServerUrl, now: float) -> Commands:
        """A server is gone: the round no longer waits for its answer."""
        self._survey.forget(url)
        if url not in self._round:
            return ()
        self._round.discard(url)
        return () if self._round else self._choose(now)

    def _choose(self, now: float) -> Commands:
        """Bind what can be bound; each binding counts at once for the next."""
        window = self._window
        self._round.clear()
        window.pending.is_fill_due = True

        def may_have(server: Server, task: Task) -> bool:
            return (
                suits(window, server, task, now)
                and server.inventory.knows(window.workflows[task.digest])
                and not self._avoids(server, task, now)
            )

        commands: list[Command] = []
        lengths = self._survey.lengths
        ready = () if window.is_paused else self._ready(now)
        for task, server in self._allotment.allot(ready, lengths, may_have, now):
            commands += self._submission.begin(task, server, now)
        lengths.clear()
        return tuple(commands)

    def _candidates(self, servers: Sequence[Server], most: int, now: float) -> _Candidates:
        """Return the next tasks of each server, and whether there are some that it should avoid.

        Thousands may wait: no more of them are checked than needed.
        """
        found: dict[ServerUrl, list[Task]] = {server.url: [] for server in servers}
        avoided = set()
        for task in self._ready(now):
            for server in servers:
                if len(found[server.url]) == most or not suits(self._window, server, task, now):
                    continue
                if self._avoids(server, task, now):
                    avoided.add(server.url)
                else:
                    found[server.url].append(task)
            if all(len(tasks) == most for tasks in found.values()):
                break
        return {url: (tasks, url in avoided) for url, tasks in found.items()}

    def _sample(self, servers: list[Server], candidates: _Candidates, now: float) -> list[Server]:
        """Return all of a small fleet, some of a large one that suit the first task."""
        if len(servers) <= WHOLE_FLEET:
            return servers
        firsts = (candidates[server.url][0][0] for server in servers)
        first = min(firsts, key=lambda task: task.turn)
        suited = [server for server in servers if suits(self._window, server, first, now)]
        estimates = Estimates(self._window, self._window.statistics.durations, now)
        age = estimates.age(first.workload, first.picture_bytes)
        return sample(suited, self._window.chance.uniform, age)

    def _ready(self, now: float) -> Iterator[Task]:
        """Yield the tasks that some server may take; fail those that none ever can."""
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

    def _avoids(self, server: Server, task: Task, now: float) -> bool:
        """Say whether a server is an outlier for a task that others can take.

        When its pause is over, one task is sent there to try it.
        """
        window, outliers = self._window, self._window.statistics.outliers
        until = outliers.shut_until(task.digest, server.url)
        if not until:
            return False
        bound = window.bound_to(server.url)
        if now >= until and not any(other.digest == task.digest for other in bound):
            return False
        return any(
            other.reach is Reach.UP
            and other.takes_tasks
            and not outliers.shut_until(task.digest, other.url)
            and suits(window, other, task, now)
            for other in window.servers.values()
        )
