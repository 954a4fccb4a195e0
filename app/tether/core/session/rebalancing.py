"""Moves tasks that wait at one server to another that is idle."""

from collections.abc import Iterator

from tether.core.commands import Command, Commands, StartTimer
from tether.core.model.balancer import sample
from tether.core.model.server import Server
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.requests import Owner, Request
from tether.core.scheduling.estimates import Estimates
from tether.core.scheduling.fitness import query_nodes, suits, suits_now
from tether.core.scheduling.survey import Survey
from tether.core.submission.withdrawal import take_out
from tether.core.timers import RebalanceTimer
from tether.core.tracking.reconciler import Reconciler

REBALANCE_EVERY = 10.0
"""Seconds between two checks at most, while a task waits at a server."""

SECONDS_GAINED = 5.0
"""Seconds that a move must save: it takes some itself, since two reads must confirm it."""


class Rebalancing:
    """Looks for idle servers while tasks wait at others; moves one at a time.

    Each task moves once at most, never when it is pinned, and never while it runs.
    """

    def __init__(self, window: Window, reconciler: Reconciler) -> None:
        self._window = window
        self._reconciler = reconciler
        self._survey = Survey(window, Owner.REBALANCING)
        self._is_allowed = self._is_ticking = False

    def allow(self, is_allowed: bool) -> Commands:
        """A person allows or forbids moves; one that has begun is completed."""
        self._is_allowed = is_allowed
        return self.start()

    def start(self) -> Commands:
        """Begin to check, if there is a task that could move."""
        if self._is_ticking or not self._is_allowed or next(self._waiting(), None) is None:
            return ()
        self._is_ticking = True
        # A random phase keeps windows from moving all at once.
        delay = REBALANCE_EVERY * (0.5 + self._window.chance.uniform() / 2)
        return (StartTimer(RebalanceTimer(), delay),)

    def fired(self, now: float) -> Commands:
        """Probe the servers that may be idle, and list the queues that would lose a task."""
        window = self._window
        self._is_ticking = False
        tasks = tuple(self._waiting())
        if not self._is_allowed or not tasks:
            return ()
        commands: list[Command] = list(self.start())
        idle = [server for server in window.servers.values() if self._may_take(server, now)]
        for server in sample(idle, window.chance.uniform):
            commands += self._survey.ask((server,))
            commands += query_nodes(window, server, tasks, now)
        for url in dict.fromkeys(task.server for task in tasks if idle and task.server):
            commands += self._reconciler.query(window.servers[url], now)
        return tuple(commands)

    def answered(self, request: Request, length: int | None, now: float) -> Commands:
        """A server answered with the length of its queue, or (None) did not."""
        if not self._survey.answered(request, length):
            return ()
        server = self._window.servers[request.server]
        if length != 0 or not self._is_allowed or not self._may_take(server, now):
            return ()
        task = self._best(server, now)
        return take_out(self._window, task, now) if task is not None else ()

    def _waiting(self) -> Iterator[Task]:
        """Yield the tasks that may move: a server has them, and hasn't begun."""
        window = self._window
        for url in window.servers:
            for task in window.bound_to(url):
                if (
                    task.state is State.QUEUED
                    and task.pinned is None
                    and task.digest in window.workflows
                    and not (task.is_moving or task.was_moved or task.is_cancel_wanted)
                ):
                    yield task

    def _may_take(self, server: Server, now: float) -> bool:
        """Say whether a server could have one: no task is there, moves, or waits in the window."""
        window = self._window
        loaded = (task for task in window.waiting.values() if task.digest in window.workflows)
        return (
            not window.is_paused
            and server.takes_tasks
            and server.opens_at <= now
            and not window.bound_to(server.url)
            and not any(suits(window, server, task, now) for task in loaded)
            and not any(task.is_moving for task in window.live.values())
        )

    def _best(self, server: Server, now: float) -> Task | None:
        """Return the task that gains most by running at an idle server, if any gains enough."""
        window, durations = self._window, self._window.statistics.durations
        estimates = Estimates(window, durations, now)
        gains: list[tuple[float, Task]] = []
        for task in self._waiting():
            if task.ahead and suits_now(window, server, task, now):
                there = estimates.expected(server, 0, task.workload, task.picture_bytes).ends
                gains.append((self._here(task, estimates) - there, task))
        gain, best = max(gains, key=lambda each: each[0], default=(0.0, None))
        return best if gain > (SECONDS_GAINED if durations else 0.0) else None

    def _here(self, task: Task, estimates: Estimates) -> float:
        """Return in how many seconds a task would end where it waits."""
        assert task.server is not None and task.ahead is not None
        before = [
            estimates.remaining(other)
            for other in self._window.bound_to(task.server)
            if other.state is State.RUNNING
            or (other.ahead is not None and other.ahead < task.ahead)
        ]
        others = max(0, task.ahead - len(before))
        unknown = others * self._window.statistics.durations.entry(task.server)
        return unknown + sum(before) + estimates.remaining(task)
