"""Which server a new task goes to."""

from collections.abc import Mapping

from app.core.ids import ServerUrl


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
    return [server for server, load in loads.items() if load == least]
