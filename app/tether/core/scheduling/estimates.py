"""What a window expects of its servers for a new task.

When a new task would start and end at a server: what servers are compared by.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tether.core.ids import ServerUrl
from tether.core.model.durations import Durations, middle
from tether.core.model.server import Server
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.windows.peers import PeerLoad

FINENESS = 10.0
"""Ends that are closer than this part of a task are equals, and the lot decides: windows that
have learned slightly different seconds must not all go to the same one of equal servers."""


class Standing(NamedTuple):
    """What a server has to do before a new task.

    `others` counts entries of which we know nothing but that they are there; `own` holds the
    seconds that each of ours there will still take.
    """

    others: int
    own: tuple[float, ...] = ()


class Costs(NamedTuple):
    """What a server takes, in seconds: for any entry, for the new task, for what comes before.

    `upload` goes on while the queue moves; `loading` is for models that it hasn't used lately.
    """

    entry: float
    task: float
    upload: float = 0.0
    loading: float = 0.0


class Expected(NamedTuple):
    """In how many seconds a new task starts and ends."""

    starts: float
    ends: float


def expect(standing: Standing, costs: Costs) -> Expected:
    """Return when a new task would start and end.

    Where no seconds are known and each costs 1, the end is the length of the queue and one.
    """
    queue = standing.others * costs.entry + sum(standing.own)
    starts = max(queue, costs.upload)
    return Expected(starts, starts + costs.loading + costs.task)


def rest(usual: float, elapsed: float, spread: float) -> float:
    """Return how many seconds a running task is expected to take from now on.

    Its end is known no better than its like differ among each other; and the later one is, the
    longer it will still take.

    Args:
        usual: Seconds that its like take.
        elapsed: Seconds since it began.
        spread: The part of those seconds by which they differ.
    """
    return max(abs(usual - elapsed), usual * spread)


def loads(ends: Mapping[ServerUrl, float], usual: float) -> dict[ServerUrl, float]:
    """Return ends as the balancer compares them: in tasks, and no finer than is known.

    Args:
        ends: Server -> seconds to the new task's end.
        usual: Seconds of a usual task.
    """
    return {server: round(end / usual * FINENESS) / FINENESS for server, end in ends.items()}


def within(count: int, seconds: Iterable[float]) -> tuple[float, ...]:
    """Return the first of these, so many: a server's number is newer than what we know."""
    return tuple(seconds)[:count]


IN_TRANSIT = (State.CONNECTING, State.UPLOADING, State.POSTING)


class Estimates:
    """Looks at one moment; each task that is bound counts at once for the next.

    Args:
        window: Its servers and tasks.
        durations: What is known of seconds.
        now: The time.
    """

    def __init__(self, window: Window, durations: Durations, now: float) -> None:
        self._window = window
        self._durations = durations
        self._now = now
        self._promised: dict[ServerUrl, float] = {}

    def expected(self, server: Server, length: int, workload: str, size: int) -> Expected:
        """Return when a new task would start and end at a server.

        Args:
            server: The server.
            length: How many tasks it told of.
            shape: The task's workload, "" where that isn't known.
            size: Bytes of its pictures.
        """
        url = server.url
        costs = Costs(
            self._durations.entry(url),
            self._durations.task(url, workload),
            self.upload(server, size) if self._durations else 0.0,
            self._durations.loading(url, workload),
        )
        return expect(self._standing(url, length), costs)

    def usual(self, workload: str) -> float:
        """Return the seconds of a usual task of that shape on these servers."""
        return middle([self._durations.task(url, workload) for url in self._window.servers])

    def age(self, workload: str, size: int) -> float:
        """Return how old news will be when a task has been uploaded, in usual tasks; 0 if unknown.

        Args:
            shape: The task's shape.
            size: Bytes of its pictures.
        """
        if not self._durations:
            return 0.0
        uploads = [self.upload(server, size) for server in self._window.servers.values()]
        return middle(uploads) / self.usual(workload)

    def own_rest(self, url: ServerUrl) -> tuple[float, float | None]:
        """Return the seconds until a server has done our own tasks there, and their doubt.

        None where nothing is known yet, or some are like none that was timed.
        """
        seconds, doubt, is_sure = 0.0, 0.0, bool(self._durations)
        for task in self._window.bound_to(url):
            usual = self._durations.task(url, task.workload)
            seconds += max(0.0, usual - self._elapsed(task))
            doubt += usual * self._durations.spread(task.workload)
            is_sure &= self._durations.is_timed(task.workload)
        return seconds, doubt if is_sure else None

    def rest(self, url: ServerUrl) -> tuple[float, float | None]:
        """Return the same with the tasks of this browser's other windows.

        Where those don't know how long theirs take, we take them for usual ones.
        """
        (seconds, doubt), theirs = self.own_rest(url), self.share(url)
        if doubt is not None:
            usual = (theirs.coming + theirs.arrived) * self._durations.entry(url)
            guess = usual * self._durations.spread("") if theirs.doubt is None else theirs.doubt
            doubt += guess
        return seconds + theirs.rest, doubt

    def share(self, url: ServerUrl) -> PeerLoad:
        """Return what this browser's other windows have there."""
        return self._window.peers.share(url, self._now)

    def is_crowded(self) -> bool:
        """Say whether tasks wait in another window of this browser that nobody sees."""
        return self._window.peers.is_crowded(self._now)

    def promise(self, url: ServerUrl, workload: str) -> None:
        """A task waits for a server: those after it come later there."""
        seconds = self._durations.task(url, workload) + self._durations.loading(url, workload)
        self._promised[url] = self._promised.get(url, 0.0) + seconds

    def _standing(self, url: ServerUrl, length: int) -> Standing:
        ours = self._window.bound_to(url)
        there = [self._rest(task) for task in ours if task.state not in IN_TRANSIT]
        coming = [self._rest(task) for task in ours if task.state in IN_TRANSIT]
        known = within(length, there)
        promised = self._promised.get(url, 0.0)
        others = length - len(known) + self.share(url).coming
        return Standing(others, (*known, *coming, promised))

    def _rest(self, task: Task) -> float:
        assert task.server is not None
        usual = self._durations.task(task.server, task.workload)
        if task.state is State.RUNNING and self._durations:
            return rest(usual, self._elapsed(task), self._durations.spread(task.workload))
        return usual

    def _elapsed(self, task: Task) -> float:
        return max(0.0, self._now - task.started_at) if task.state is State.RUNNING else 0.0

    def upload(self, server: Server, size: int) -> float:
        """Return the seconds of an upload; a server that had none is like the others."""
        known = [each.bandwidth for each in self._window.servers.values() if each.bandwidth]
        bandwidth = server.bandwidth or (middle(known) if known else 0.0)
        return size / bandwidth if bandwidth else 0.0
