"""Which waiting task gets which place at a server, and which waits for a better one."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from heapq import heappop, heappush
from itertools import islice
from typing import TypeAlias

from tether.core.ids import ServerUrl, TaskId
from tether.core.model.balancer import draw_for
from tether.core.model.server import Server
from tether.core.model.task import FIRST_TURNS, Task
from tether.core.model.window import Window
from tether.core.scheduling.capacity import Capacity
from tether.core.scheduling.estimates import Estimates, loads
from tether.core.windows.peers import WaitingTask

DOUBT_FACTOR = 2.0
"""How many times its doubt a wait for a full server counts as longer: where tasks differ widely, a
server that is free now is worth more than one that should be free soon."""

PASSED_FOR = 0.25
"""Seconds before a server that got no task is asked again: many events bring no better place."""

Waiting: TypeAlias = Task | WaitingTask
Line: TypeAlias = tuple[int, float, Iterable[Waiting]]
"""How many places a window has, when it got the last, and its waiting tasks, the first first."""


class Deferrals:
    """Lets tasks wait for full servers where they would end sooner than at one with a place.

    No task waits longer than it would have taken elsewhere, whatever becomes of the server
    that it waits for.
    """

    def __init__(self) -> None:
        self._until: dict[TaskId, float] = {}

    def is_better(
        self,
        task: Waiting,
        free: Mapping[ServerUrl, float],
        full: Mapping[ServerUrl, float],
        estimates: Estimates,
        now: float,
    ) -> bool:
        """Say whether a task is to wait for a full server; it then counts in the estimates.

        `free` and `full` hold the seconds until the task would end at servers with a place and at
        those without.
        """
        usual = estimates.usual(task.workload)
        ends = loads({**free, **with_doubt(full, estimates)}, usual)
        url = min(full, key=lambda each: ends[each], default=None)
        if url is None or ends[url] >= min((ends[each] for each in free), default=ends[url]):
            return False
        if now >= self._until.setdefault(task.task_id, now + min(free.values())):
            return False
        estimates.promise(url, task.workload)
        return True

    def next_in(self, waiting: Mapping[TaskId, Task], now: float) -> float | None:
        """Return the seconds until a task has waited long enough; forget those that went."""
        self._until = {
            task_id: until for task_id, until in self._until.items() if task_id in waiting
        }
        later = [until - now for until in self._until.values() if until > now]
        return min(later, default=None)


def with_doubt(full: Mapping[ServerUrl, float], estimates: Estimates) -> dict[ServerUrl, float]:
    """Return ends at full servers as they compare with those at servers with a place."""
    return {
        url: end + DOUBT_FACTOR * (estimates.backlog(url)[1] or 0.0) for url, end in full.items()
    }


def in_turn(lines: Iterable[Line]) -> Iterator[Waiting]:
    """Yield all that wait, in the one order of all windows.

    What a person put first comes first. Then the window with the fewest places, of equals the one
    whose last place is the longest ago, then the one with the oldest task: so a hundred tasks of
    one window keep the next one of another waiting for one place at most.
    """
    heap: list[tuple[tuple[float, ...], str, int, Waiting, int, float, Iterator[Waiting]]] = []

    def push(places: int, served_at: float, number: int, line: Iterator[Waiting]) -> None:
        first = next(line, None)
        if first is not None:
            at = first.at if isinstance(first, WaitingTask) else first.accepted_at
            is_put_first = first.turn < FIRST_TURNS
            rank = (first.turn,) if is_put_first else (FIRST_TURNS, places, served_at, at)
            heappush(heap, (rank, first.task_id, number, first, places, served_at, line))

    for number, (places, served_at, line) in enumerate(lines):
        push(places, served_at, number, iter(line))
    while heap:
        _, _, number, first, places, served_at, line = heappop(heap)
        yield first
        push(places + 1, served_at, number, line)


def order_of_all(window: Window, now: float) -> Iterable[Waiting]:
    """Return all that wait in this window and in others, in their one order.

    Those that another window has only counted stand there as its last one, once more.
    """
    lines = list(window.peers.lines(now))
    if window.is_sending_all or not any(line for *_, line in lines):
        return window.waiting.values()
    return in_turn([(_bound(window), window.served_at, window.waiting.values()), *lines])


def places_in_order(window: Window, now: float) -> dict[TaskId, int]:
    """Return how many go before each task that waits in a window, of all windows' tasks."""
    order = enumerate(order_of_all(window, now))
    own = ((each.task_id, place) for place, each in order if isinstance(each, Task))
    return dict(islice(own, len(window.waiting)))  # what other windows have behind is left alone


def _bound(window: Window) -> int:
    return sum(len(window.bound_to(url)) for url in window.servers)


class Allotment:
    """Gives each task the server where it ends first, even if that has no place yet.

    Waiting tasks of this browser's other windows take their turn as if they were this window's: so
    all windows come to the same result, and leave each other's places alone.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self._deferrals = Deferrals()
        self._passed: dict[ServerUrl, float] = {}
        """When servers with a place were asked, and got no task."""
        self._is_new = False
        """The tasks were allotted a moment ago."""

    def clear(self) -> None:
        """No task waits: nothing is deferred any more."""
        self._deferrals = Deferrals()
        self._passed.clear()

    def places(self, asked: Container[ServerUrl], now: float) -> tuple[list[Server], list[float]]:
        """Return the servers that may have one more task, and when others may.

        Those in `asked` have still to answer, and are left out.
        """
        window, free = self._window, []
        opens_at = window.peers.next_at(now)
        capacity = Capacity(window, Estimates(window, window.statistics.durations, now))
        size = next(iter(window.waiting.values())).picture_bytes
        for server in window.servers.values():
            if server.url in asked or not server.takes_tasks:
                continue
            wait = capacity.wait(server, server.queue_remaining, size)
            passed_until = self._passed.get(server.url, 0.0) + PASSED_FOR
            if wait > 0:
                opens_at.append(now + wait)
            elif passed_until <= now:
                free.append(server)
            elif not self._is_new:
                opens_at.append(passed_until)
        self._is_new = False
        later = self._deferrals.next_in(window.waiting, now)
        return free, opens_at if later is None else [*opens_at, now + later]

    def allot(
        self,
        tasks: Iterable[Task],
        lengths: Mapping[ServerUrl, int],
        may_have: Callable[[Server, Task], bool],
        now: float,
    ) -> Iterator[tuple[Task, Server]]:
        """Yield which task goes where; each must be bound before the next is asked for.

        `lengths` are those of the queues of the servers that were probed.
        """
        window, self._is_new = self._window, True
        estimates = Estimates(window, window.statistics.durations, now)
        capacity = Capacity(window, estimates)
        others = () if window.is_sending_all else window.peers.waiting(now)
        for each in in_turn([(_bound(window), window.served_at, tasks), *others]):
            size = 0 if isinstance(each, WaitingTask) else each.picture_bytes
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
                if isinstance(each, WaitingTask):
                    is_allowed = each.pinned in (None, url)
                else:
                    is_allowed = may_have(server, each)
                if is_allowed:
                    expected = estimates.expected(server, length, each.workload, size)
                    ends[url in free][url] = expected.ends
            if self._deferrals.is_better(each, ends[True], ends[False], estimates, now):
                self._passed.update(dict.fromkeys(free, now))
                continue
            ranks = loads(ends[True], estimates.usual(each.workload))
            choice = window.settings.binding.choose(ranks, draw_for(each.task_id))
            if choice is None:
                continue
            if not isinstance(each, WaitingTask):
                yield each, window.servers[choice]
            elif not capacity.is_shared(choice, lengths[choice]):
                estimates.promise(choice, each.workload)
            elif window.peers.leave_to(each, choice, now):
                estimates.promise(choice, each.workload)
                self._passed[choice] = now
                capacity.leave(choice)
