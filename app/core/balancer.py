"""Which server a new task goes to."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from app.core.ids import ServerUrl

WHOLE = 16
"""Servers up to which all are asked for each choice."""

SAMPLE = 8
"""Servers that are asked of a larger fleet: 200 servers can't answer every window each time."""

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


def lot(name: str) -> float:
    """Return a number in [0, 1) that is drawn once for a task, and that every window can know."""
    return int(hashlib.blake2b(name.encode(), digest_size=4).hexdigest(), 16) / 2**32


def sample(servers: Sequence[T], draw: Callable[[], float]) -> list[T]:
    """Return the servers to ask: all of a small fleet, some by lot of a large one.

    Source: Azar et al., SIAM J. Comput. 29(1): the better of few by lot is nearly the best.

    Args:
        servers: All that may be asked.
        draw: Returns random numbers in [0, 1).
    """
    left = list(servers)
    if len(left) <= WHOLE:
        return left
    return [left.pop(int(draw() * len(left))) for _ in range(SAMPLE)]
