"""When a task that waits at one server is to move to another that stands idle."""

from collections.abc import Iterator

from tether.core.commands import Command, Commands, StartTimer
from tether.core.ids import ServerUrl
from tether.core.model.balancer import sample
from tether.core.model.durations import Durations
from tether.core.model.server import Server
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.requests import Request, probe
from tether.core.scheduling.estimates import Estimates, rest
from tether.core.scheduling.fitness import query_nodes, suits
from tether.core.submission.withdrawal import take_out
from tether.core.tracking.reconciler import Reconciler

EVERY = 10.0
"""Seconds between two looks at most, while a task of ours waits at a server."""

WORTH = 5.0
"""Seconds that a move must save: it takes some itself, since nothing is believed before a second
look."""

STEAL_TIMER = ("steal",)


class Rebalancing:
    """Looks for idle servers while tasks of ours wait elsewhere; moves one at a time.

    Each task moves once at most, never to or from a server that a person chose for it, and
    never one that runs.
    """

    def __init__(self, window: Window, reconciler: Reconciler) -> None:
        self._window = window
        self._reconciler = reconciler
        self._asked: dict[ServerUrl, int] = {}
        self._is_wanted = self._is_ticking = False

    def want(self, is_wanted: bool) -> Commands:
        """A person wants this, or no more; a move that has begun comes to its end."""
        self._is_wanted = is_wanted
        return self.look()

    def look(self) -> Commands:
        """Begin to look, if there is a task that could move."""
        if self._is_ticking or not self._is_wanted or next(self._waiting(), None) is None:
            return ()
        self._is_ticking = True
        # A random phase keeps windows from moving all at once.
        delay = EVERY * (0.5 + self._window.chance.uniform() / 2)
        return (StartTimer(STEAL_TIMER, delay),)

    def fired(self, now: float) -> Commands:
        """Ask the servers that may stand idle, and those whose queues would lose a task."""
        window = self._window
        self._is_ticking = False
        tasks = tuple(self._waiting())
        if not self._is_wanted or not tasks:
            return ()
        commands: list[Command] = list(self.look())
        idle = [server for server in window.servers.values() if self._may_take(server, now)]
        for server in sample(idle, window.chance.uniform):
            request_id = window.next_request()
            self._asked[server.url] = request_id
            commands.append(probe(request_id, server.url))
            commands += query_nodes(window, server, tasks, now)
        for url in dict.fromkeys(task.server for task in tasks if idle and task.server):
            commands += self._reconciler.look(window.servers[url], now)
        return tuple(commands)

    def told(self, request: Request, length: int | None, now: float) -> Commands:
        """A server told the length of its queue, or (None) did not."""
        if self._asked.get(request.server) != request.id:
            return ()
        del self._asked[request.server]
        server = self._window.servers[request.server]
        if length != 0 or not self._is_wanted or not self._may_take(server, now):
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
        """Say whether a server could have one: nothing of ours is there or about to be."""
        window = self._window
        return (
            server.takes_tasks
            and server.opens_at <= now
            and not window.bound_to(server.url)
            and not any(suits(window, server, task, now) for task in self._loaded())
            and not any(task.is_moving for task in window.live.values())
        )

    def _loaded(self) -> Iterator[Task]:
        """Yield the tasks of the window's own queue: they go before those of other servers."""
        window = self._window
        return (task for task in window.waiting.values() if task.digest in window.workflows)

    def _best(self, server: Server, now: float) -> Task | None:
        """Return the task that gains most by running at an idle server, if any gains enough."""
        window = self._window
        durations, outliers = window.statistics.durations, window.statistics.outliers
        estimates = Estimates(window, durations, now)
        gains: list[tuple[float, Task]] = []
        for task in self._waiting():
            if (
                task.ahead
                and suits(window, server, task, now)
                and server.inventory.knows(window.workflows[task.digest])
                and not outliers.shut_until(task.digest, server.url)
            ):
                size = sum(picture.size for picture in task.pictures)
                there = estimates.expected(server, 0, task.workload, size).ends
                gains.append((self._here(task, durations, now) - there, task))
        gain, best = max(gains, key=lambda each: each[0], default=(0.0, None))
        return best if gain > (WORTH if durations else 0.0) else None

    def _here(self, task: Task, durations: Durations, now: float) -> float:
        """Return in how many seconds a task would end where it waits."""
        assert task.server is not None and task.ahead is not None
        url = task.server
        before = []
        for other in self._window.bound_to(url):
            usual = durations.task(url, other.workload)
            if other.state is State.RUNNING:
                elapsed = max(0.0, now - other.started_at)
                before.append(
                    rest(usual, elapsed, durations.spread(other.workload)) if durations else usual
                )
            elif other.ahead is not None and other.ahead < task.ahead:
                before.append(usual)
        others = max(0, task.ahead - len(before))
        return others * durations.entry(url) + sum(before) + durations.task(url, task.workload)
