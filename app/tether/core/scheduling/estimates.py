"""When a new task would start and end at each server."""

from collections.abc import Mapping
from typing import NamedTuple

from tether.core.ids import ServerUrl
from tether.core.model.durations import Durations, middle
from tether.core.model.server import Server
from tether.core.model.task import IN_TRANSIT, State, Task
from tether.core.model.window import Window
from tether.core.windows.peers import PeerLoad

FINENESS = 10.0
"""Ends that are closer than this part of a task count as equal, and chance decides: windows with
slightly different measurements must not all choose the same one of equal servers."""


class Expected(NamedTuple):
    """In how many seconds a new task starts and ends."""

    starts: float
    ends: float


def expect(queue: float, task: float, upload: float = 0.0, loading: float = 0.0) -> Expected:
    """Return when a new task would start and end.

    All in seconds: the queue before it, the task itself, its upload, which goes on while the queue
    moves, and the loading of models that the server hasn't used lately.
    """
    starts = max(queue, upload)
    return Expected(starts, starts + loading + task)


def time_left(usual: float, elapsed: float, spread: float) -> float:
    """Return how many seconds a running task is expected to take from now on.

    Its end is known no better than similar tasks differ, by the part `spread` of their `usual`
    seconds; and the later one is, the longer it will still take.
    """
    return max(abs(usual - elapsed), usual * spread)


def loads(ends: Mapping[ServerUrl, float], usual: float) -> dict[ServerUrl, float]:
    """Return ends as the balancer compares them: in usual tasks, and no finer than is known."""
    return {server: round(end / usual * FINENESS) / FINENESS for server, end in ends.items()}


class Estimates:
    """Estimates of one moment; each task that is bound counts at once for the next."""

    def __init__(self, window: Window, durations: Durations, now: float) -> None:
        self._window = window
        self._durations = durations
        self._now = now
        self._promised: dict[ServerUrl, float] = {}

    def expected(self, server: Server, length: int, workload: str, size: int) -> Expected:
        """Return when a new task would start and end at a server.

        Without measurements each task counts 1, and the end is the length of the queue and one.

        `length` is that of the server's queue, `size` the bytes of the task's pictures.
        """
        url, known = server.url, self._durations
        upload = self.upload(server, size) if known else 0.0
        queue = self._queue(url, length)
        return expect(queue, known.task(url, workload), upload, known.loading(url, workload))

    def remaining(self, task: Task) -> float:
        """Return the seconds that a bound task will still take."""
        assert task.server is not None
        usual = self._durations.task(task.server, task.workload)
        if task.state is State.RUNNING and self._durations:
            return time_left(usual, self._elapsed(task), self._durations.spread(task.workload))
        return usual

    def usual(self, workload: str) -> float:
        """Return the seconds of such a task on the median server."""
        return middle([self._durations.task(url, workload) for url in self._window.servers])

    def age(self, workload: str, size: int) -> float:
        """Return how old answers will be after a task's upload, in usual tasks; 0 if unknown."""
        if not self._durations:
            return 0.0
        uploads = [self.upload(server, size) for server in self._window.servers.values()]
        return middle(uploads) / self.usual(workload)

    def own_backlog(self, url: ServerUrl) -> tuple[float, float | None]:
        """Return the seconds until a server has done this window's tasks there, and their doubt.

        The doubt is None where some are like none that was timed.
        """
        seconds, doubt, is_sure = 0.0, 0.0, bool(self._durations)
        for task in self._window.bound_to(url):
            usual = self._durations.task(url, task.workload)
            seconds += max(0.0, usual - self._elapsed(task))
            doubt += usual * self._durations.spread(task.workload)
            is_sure &= self._durations.is_timed(task.workload)
        return seconds, doubt if is_sure else None

    def backlog(self, url: ServerUrl) -> tuple[float, float | None]:
        """Return the same with the tasks of this browser's other windows.

        Where those don't know how long theirs take, they count as usual ones.
        """
        (seconds, doubt), theirs = self.own_backlog(url), self.share(url)
        if doubt is not None:
            usual = (theirs.coming + theirs.arrived) * self._durations.entry(url)
            doubt += usual * self._durations.spread("") if theirs.doubt is None else theirs.doubt
        return seconds + theirs.backlog, doubt

    def share(self, url: ServerUrl) -> PeerLoad:
        """Return what this browser's other windows have there."""
        return self._window.peers.load(url, self._now)

    def is_crowded(self) -> bool:
        """Say whether tasks wait in a hidden window of this browser."""
        return self._window.peers.is_crowded(self._now)

    def promise(self, url: ServerUrl, workload: str) -> None:
        """A task waits for a server: later ones start later there."""
        seconds = self._durations.task(url, workload) + self._durations.loading(url, workload)
        self._promised[url] = self._promised.get(url, 0.0) + seconds

    def upload(self, server: Server, size: int) -> float:
        """Return the seconds of an upload; a server without any counts as the median one."""
        known = [each.bandwidth for each in self._window.servers.values() if each.bandwidth]
        bandwidth = server.bandwidth or (middle(known) if known else 0.0)
        return size / bandwidth if bandwidth else 0.0

    def _queue(self, url: ServerUrl, length: int) -> float:
        """Return the seconds of all that is before a new task; `length` is the server's own."""
        tasks = self._window.bound_to(url)
        there = [self.remaining(task) for task in tasks if task.state not in IN_TRANSIT]
        coming = [self.remaining(task) for task in tasks if task.state in IN_TRANSIT]
        known = there[:length]  # the server's number is newer than what this window knows
        others = length - len(known) + self.share(url).coming
        own = sum((*known, *coming, self._promised.get(url, 0.0)))
        return others * self._durations.entry(url) + own

    def _elapsed(self, task: Task) -> float:
        return max(0.0, self._now - task.started_at) if task.state is State.RUNNING else 0.0
