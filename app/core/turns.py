"""Whose turn it is among the windows of one browser."""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush

from app.core.neighbours import Ticket
from app.core.task import Task

Line = tuple[int, Iterable[Task | Ticket]]
"""How many places a window has, and who waits in it, the first to go first."""


def in_turn(lines: Iterable[Line]) -> Iterator[Task | Ticket]:
    """Yield all that wait: the window with the fewest places comes first, then the oldest task.

    So a hundred tasks of one window keep the next one of another waiting for one place at most.
    """
    heap: list[tuple[int, float, str, int, Task | Ticket, Iterator[Task | Ticket]]] = []

    def queue(places: int, number: int, rest: Iterator[Task | Ticket]) -> None:
        first = next(rest, None)
        if first is not None:
            heappush(heap, (places, _age(first), first.task_id, number, first, rest))

    for number, (places, line) in enumerate(lines):
        queue(places, number, iter(line))
    while heap:
        places, _, _, number, first, rest = heappop(heap)
        yield first
        queue(places + 1, number, rest)


def _age(waits: Task | Ticket) -> float:
    return waits.at if isinstance(waits, Ticket) else waits.accepted_at
