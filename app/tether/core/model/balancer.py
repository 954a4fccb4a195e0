"""Which server a new task goes to."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from tether.core.ids import ServerUrl

WHOLE = 16
"""Servers up to which all are asked for each choice."""

SAMPLE, LEAST = 8, 2
"""Servers that are asked of a larger fleet, at most and at least: 200 servers can't answer every
window each time."""

STALE = 1.5
"""Servers that are asked where news is as old as one usual task takes; where it is half as old,
twice as many. Windows that choose by old news all meet where the queue was short."""

T = TypeVar("T")


def choose(loads: Mapping[ServerUrl, float], draw: float) -> ServerUrl | None:
    """Choose the shortest queue, and one at random among equals.

    The first of equals would send every window to the same server at the same moment.

    Args:
        loads: Server -> tasks before a new one (those told, and ours on their way there), or
            seconds to its end.
        draw: A random number in [0, 1).

    Returns:
        A server, or None when there is none.
    """
    equals = shortest(loads)
    return equals[int(draw * len(equals))] if equals else None


def shortest(loads: Mapping[ServerUrl, float]) -> list[ServerUrl]:
    """Return the servers with the least before a new task: several are equals."""
    least = min(loads.values(), default=0)
    return sorted(server for server, load in loads.items() if load == least)


def draw_for(name: str) -> float:
    """Return a number in [0, 1) that is drawn once for a task, and that every window can know."""
    return int(hashlib.blake2b(name.encode(), digest_size=4).hexdigest(), 16) / 2**32


def sample(servers: Sequence[T], draw: Callable[[], float], age: float = 0.0) -> list[T]:
    """Return the servers to ask: all of a small fleet, some by lot of a large one.

    Source: Azar et al., SIAM J. Comput. 29(1): the better of few by lot is nearly the best.
    Source: Mitzenmacher, IEEE TPDS 11(1): of old news the least is often the worst.

    Args:
        servers: All that may be asked.
        draw: Returns random numbers in [0, 1).
        age: How old the news will be when the task gets there, in usual tasks.
    """
    left = list(servers)
    if len(left) <= WHOLE:
        return left
    number = max(LEAST, int(STALE / max(age, STALE / SAMPLE)))
    return [left.pop(int(draw() * len(left))) for _ in range(number)]
