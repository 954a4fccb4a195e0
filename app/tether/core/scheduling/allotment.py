"""Which waiting task gets which place at a server, and which waits for a better one.

Which task waits for a server that is full, because it would end there first all the same.

Whose turn it is among the windows of one browser.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from heapq import heappop, heappush

from tether.core.ids import ServerUrl, TaskId
from tether.core.model.balancer import draw_for
from tether.core.model.server import Server
from tether.core.model.task import Task
from tether.core.model.window import Window
from tether.core.scheduling.capacity import Capacity
from tether.core.scheduling.estimates import Estimates, loads
from tether.core.windows.peers import WaitingTask

SURE = 2.0
"""How many times as long as its doubt a wait for a full server is reckoned the longer: where tasks
differ widely, a server that is free now is worth more than one that should be free soon."""


class OwnedTask:
    """Compares servers that have a place with those that are full.

    No task waits longer than it would have taken elsewhere, whatever becomes of the server
    that it waits for.
    """

    def __init__(self) -> None:
        self._until: dict[TaskId, float] = {}

    def is_better(
        self,
        task: Task | WaitingTask,
        free: Mapping[ServerUrl, float],
        full: Mapping[ServerUrl, float],
        estimates: Estimates,
        now: float,
    ) -> bool:
        """Say whether a task is to wait for a full server; it then counts there.

        Args:
            task: A task.
            free: Servers with a place -> seconds until the task would end there.
            full: Servers that are full -> the same.
            estimates: Where it is to count.
            now: The time.
        """
        usual = estimates.usual(task.workload)
        ends = loads({**free, **reckoned(full, estimates)}, usual)
        url = min(full, key=lambda each: ends[each], default=None)
        if url is None or ends[url] >= min((ends[each] for each in free), default=ends[url]):
            return False
        if now >= self._until.setdefault(task.task_id, now + min(free.values())):
            return False
        estimates.promise(url, task.workload)
        return True

    def look_again_in(self, waiting: Mapping[TaskId, Task], now: float) -> float | None:
        """Return the seconds until a task has waited long enough; forget those that went."""
        self._until = {
            task_id: until for task_id, until in self._until.items() if task_id in waiting
        }
        later = [until - now for until in self._until.values() if until > now]
        return min(later, default=None)


def reckoned(full: Mapping[ServerUrl, float], estimates: Estimates) -> dict[ServerUrl, float]:
    """Return ends at full servers as they count beside those at servers with a place.

    Args:
        full: Server -> seconds to the new task's end.
        estimates: What is known of what they do.
    """
    return {url: end + SURE * (estimates.rest(url)[1] or 0.0) for url, end in full.items()}


Line = tuple[int, float, Iterable[Task | WaitingTask]]
"""How many places a window has, when it got the last, and who waits in it, the first first."""


def in_turn(lines: Iterable[Line]) -> Iterator[Task | WaitingTask]:
    """Yield all that wait: the window with the fewest places comes first.

    Of equals the one whose last place is the longest ago, then the one with the oldest task.

    So a hundred tasks of one window keep the next one of another waiting for one place at most.
    """
    heap: list[
        tuple[int, float, float, str, int, Task | WaitingTask, Iterator[Task | WaitingTask]]
    ] = []

    def queue(
        places: int, served_at: float, number: int, rest: Iterator[Task | WaitingTask]
    ) -> None:
        first = next(rest, None)
        if first is not None:
            heappush(heap, (places, served_at, _age(first), first.task_id, number, first, rest))

    for number, (places, served_at, line) in enumerate(lines):
        queue(places, served_at, number, iter(line))
    while heap:
        places, served_at, _, _, number, first, rest = heappop(heap)
        yield first
        queue(places + 1, served_at, number, rest)


def _age(waits: Task | WaitingTask) -> float:
    return waits.at if isinstance(waits, WaitingTask) else waits.accepted_at


AGAIN = 0.25
"""Seconds before a server is asked again that got no task: many events tell of no better place."""

MayHave = Callable[[Server, Task], bool]


class Allotment:
    """Gives each task the server where it ends first, also if that server has no place yet.

    Tasks of this browser's other windows are looked at in their turn as if they were ours: so
    all windows come to the same, and what is theirs is left to them.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self._holding = OwnedTask()
        self._passed: dict[ServerUrl, float] = {}
        """When servers with a place were asked, and got no task."""
        self._is_new = False
        """The tasks were looked at a moment ago."""

    def clear(self) -> None:
        """No task waits: what was found out for some is of no use to later ones."""
        self._holding = OwnedTask()
        self._passed.clear()

    def places(self, asked: Container[ServerUrl], now: float) -> tuple[list[Server], list[float]]:
        """Return the servers that may have one more task, and when others may.

        Args:
            asked: Servers that have still to answer, and are left out.
            now: The time.
        """
        window, free = self._window, []
        opens_at = window.peers.look_again_at(now)
        capacity = Capacity(window, Estimates(window, window.statistics.durations, now))
        size = size_of(next(iter(window.waiting.values())))
        for server in window.servers.values():
            if server.url in asked or not server.takes_tasks:
                continue
            wait = capacity.wait(server, server.queue_remaining, size)
            rests_until = self._passed.get(server.url, 0.0) + AGAIN
            if wait > 0:
                opens_at.append(now + wait)
            elif rests_until <= now:
                free.append(server)
            elif not self._is_new:
                opens_at.append(rests_until)
        self._is_new = False
        later = self._holding.look_again_in(window.waiting, now)
        return free, opens_at if later is None else [*opens_at, now + later]

    def allot(
        self,
        tasks: Iterable[Task],
        lengths: Mapping[ServerUrl, int],
        may_have: MayHave,
        now: float,
    ) -> Iterator[tuple[Task, Server]]:
        """Yield who goes where; each must be bound before the next is asked for.

        Args:
            tasks: Those that wait, the first comes first.
            lengths: The servers that were asked -> the lengths of their queues.
            may_have: Says whether a server may have a task at all.
            now: The time.
        """
        window, self._is_new = self._window, True
        estimates = Estimates(window, window.statistics.durations, now)
        capacity = Capacity(window, estimates)
        bound = sum(len(window.bound_to(url)) for url in window.servers)
        others = () if window.is_sending_all else window.peers.waiting(now)
        for each in in_turn([(bound, window.served_at, tasks), *others]):
            size = 0 if isinstance(each, WaitingTask) else size_of(each)
            free = {
                url
                for url, length in lengths.items()
                if window.servers[url].takes_tasks
                and capacity.wait(window.servers[url], length, size) == 0
            }
            if not free:
                break
            ends: dict[bool, dict[ServerUrl, float]] = {True: {}, False: {}}
            for url, server in window.servers.items():
                length = lengths[url] if url in lengths else capacity.length_of(server)
                if url not in free and not capacity.may_wait_for(server, length, now):
                    continue
                if (
                    _may_have(each, server)
                    if isinstance(each, WaitingTask)
                    else may_have(server, each)
                ):
                    expected = estimates.expected(server, length, each.workload, size)
                    ends[url in free][url] = expected.ends
            if self._holding.is_better(each, ends[True], ends[False], estimates, now):
                self._passed.update(dict.fromkeys(free, now))
                continue
            ranks = loads(ends[True], estimates.usual(each.workload))
            choice = window.settings.binding.choose(ranks, draw_for(each.task_id))
            if choice is None:
                continue
            if not isinstance(each, WaitingTask):
                yield each, window.servers[choice]
                continue
            if not capacity.is_shared(choice, lengths[choice]):
                estimates.promise(choice, each.workload)
            elif window.peers.leave_to(each, choice, now):
                estimates.promise(choice, each.workload)
                self._passed[choice] = now
                capacity.leave(choice)


def _may_have(ticket: WaitingTask, server: Server) -> bool:
    return ticket.pinned in (None, server.url)


def size_of(task: Task) -> int:
    """Return the bytes of a task's pictures."""
    return sum(picture.size for picture in task.pictures)
