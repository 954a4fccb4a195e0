"""Which server a new task goes to, and which are asked for it."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from tether.core.ids import ServerUrl

WHOLE_FLEET = 16
"""Servers up to which all are probed for each choice."""

LARGEST_SAMPLE, SMALLEST_SAMPLE = 8, 2
"""Servers of a larger fleet that are probed: 200 servers can't answer every window each time."""

SAMPLE_BY_AGE = 1.5
"""Servers that are probed where answers will be as old as one usual task takes; where they will be
half as old, twice as many. Windows that choose by old answers all meet at the same server."""

T = TypeVar("T")


def choose(loads: Mapping[ServerUrl, float], draw: float) -> ServerUrl | None:
    """Choose the shortest queue, and one at random among equals.

    The first of equals would send every window to the same server at the same moment.

    `loads` are tasks before a new one, or seconds to its end; `draw` is in [0, 1).
    """
    equals = shortest(loads)
    return equals[int(draw * len(equals))] if equals else None


def shortest(loads: Mapping[ServerUrl, float]) -> list[ServerUrl]:
    """Return the servers with the least load."""
    least = min(loads.values(), default=0)
    return sorted(server for server, load in loads.items() if load == least)


def draw_for(name: str) -> float:
    """Return a task's number in [0, 1), the same in every window."""
    return int(hashlib.blake2b(name.encode(), digest_size=4).hexdigest(), 16) / 2**32


def sample(servers: Sequence[T], draw: Callable[[], float], age: float = 0.0) -> list[T]:
    """Return the servers to probe: all of a small fleet, a random sample of a large one.

    Source: Azar et al., SIAM J. Comput. 29(1): the better of few by lot is nearly the best.
    Source: Mitzenmacher, IEEE TPDS 11(1): of old news the least is often the worst.

    `age` is how old the answers will be when the task gets there, in usual tasks.
    """
    left = list(servers)
    if len(left) <= WHOLE_FLEET:
        return left
    number = max(SMALLEST_SAMPLE, int(SAMPLE_BY_AGE / max(age, SAMPLE_BY_AGE / LARGEST_SAMPLE)))
    return [left.pop(int(draw() * len(left))) for _ in range(number)]
