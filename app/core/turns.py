"""Whose turn it is among the windows of one browser."""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush

from app.core.neighbours import Ticket
from app.core.task import Task

Line = tuple[int, float, Iterable[Task | Ticket]]
"""How many places a window has, when it got the last, and who waits in it, the first first."""


def in_turn(lines: Iterable[Line]) -> Iterator[Task | Ticket]:
    """Yield all that wait: the window with the fewest places comes first.

    Of equals the one whose last place is the longest ago, then the one with the oldest task.

    So a hundred tasks of one window keep the next one of another waiting for one place at most.
    """
    heap: list[tuple[int, float, float, str, int, Task | Ticket, Iterator[Task | Ticket]]] = []

    def queue(places: int, served_at: float, number: int, rest: Iterator[Task | Ticket]) -> None:
        first = next(rest, None)
        if first is not None:
            heappush(heap, (places, served_at, _age(first), first.task_id, number, first, rest))

    for number, (places, served_at, line) in enumerate(lines):
        queue(places, served_at, number, iter(line))
    while heap:
        places, served_at, _, _, number, first, rest = heappop(heap)
        yield first
        queue(places + 1, served_at, number, rest)


def _age(waits: Task | Ticket) -> float:
    return waits.at if isinstance(waits, Ticket) else waits.accepted_at
