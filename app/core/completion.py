"""When a new task would start and end at a server: what servers are compared by."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from app.core.ids import ServerUrl

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
