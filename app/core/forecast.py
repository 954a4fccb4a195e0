"""Where a new task would go now, and why, as far as the servers have told.

Nothing is asked for it: when a task comes, the dispatcher asks, and may find it changed.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from app.core.balancer import shortest
from app.core.ids import ServerUrl
from app.core.pace import completions
from app.core.server import Reach, Server
from app.core.window import Window

OLD = 60.0
"""Seconds after which what a server told of its queue is said to be of then."""


class Prospect(NamedTuple):
    """A server that can take a task: those before it there, and seconds to its end if known."""

    server: Server
    load: int
    seconds: float | None


class Obstacle(NamedTuple):
    """A server that can take none, and what keeps it: the end of `compose.next.why.*`."""

    server: Server
    why: str


class Needs(NamedTuple):
    """What is known of the task: servers that can't run its workflow, bytes of its pictures."""

    lacking: Collection[ServerUrl] = ()
    sizes: tuple[int, ...] = ()


ANYTHING = Needs()


class Forecast(NamedTuple):
    """What would become of a new task.

    `first` gets it; of several one by lot. Without any it waits here if `is_full`, else nobody
    can take it, and `obstacles` say why. `others` come after, the shortest queue first.
    """

    first: tuple[Prospect, ...] = ()
    others: tuple[Prospect, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    is_full: bool = False
    is_old: bool = False


def forecast(
    window: Window, needs: Needs, seconds: Mapping[ServerUrl, float], now: float
) -> Forecast:
    """Look ahead for a task that is still being put together.

    Args:
        window: Its servers.
        needs: What keeps the task from some of them.
        seconds: Server -> seconds for a task, where that is known.
        now: The time.
    """
    able, obstacles = [], []
    for server in window.servers.values():
        if server.is_leaving:
            continue
        why = _obstacle(server, needs, now)
        if why:
            obstacles.append(Obstacle(server, why))
        else:
            able.append(server)
    free = [server for server in able if window.has_place(server)]
    if not free:
        return Forecast(obstacles=tuple(obstacles), is_full=bool(able))
    loads = {
        server.url: (server.queue_remaining or 0) + window.on_their_way(server.url)
        for server in free
    }
    times = completions(loads, seconds)
    ranks = times if window.is_hurried else loads
    first = shortest(ranks)
    prospects = [
        Prospect(server, loads[server.url], times[server.url] if server.url in seconds else None)
        for server in sorted(free, key=lambda server: ranks[server.url])
    ]
    return Forecast(
        tuple(each for each in prospects if each.server.url in first),
        tuple(each for each in prospects if each.server.url not in first),
        tuple(obstacles),
        is_old=any(now - server.told_at > OLD for server in free),
    )


def _obstacle(server: Server, needs: Needs, now: float) -> str:
    """Say what keeps a server from a new task, "" for nothing; the one place for such reasons."""
    if server.reach is not Reach.UP:
        return str(server.reach.value)
    if server.is_paused:
        return "paused"
    if server.url in needs.lacking:
        return "lacks"
    if not all(server.accepts(size) for size in needs.sizes):
        return "too_large"
    return "rests" if server.opens_at > now else ""
