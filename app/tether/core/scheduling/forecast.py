"""Where a new task would go now, and why, without asking any server.

When a task comes, the dispatcher probes the servers, and may find them changed.
"""

from collections.abc import Collection
from typing import NamedTuple

from tether.core.ids import ServerUrl
from tether.core.model.balancer import shortest
from tether.core.model.durations import Durations
from tether.core.model.server import Reach, Server
from tether.core.model.window import Window
from tether.core.scheduling.allotment import with_doubt
from tether.core.scheduling.capacity import Capacity
from tether.core.scheduling.estimates import Estimates, Expected, loads

OUTDATED_AFTER = 60.0
"""Seconds after which the length of a queue is shown with its age."""


class Prospect(NamedTuple):
    """A server that can take a task: how many are before it there, and its end if known."""

    server: Server
    load: int
    expected: Expected | None


class Obstacle(NamedTuple):
    """A server that can't take a task; `why` is the end of `compose.next.why.*`."""

    server: Server
    why: str


class Needs(NamedTuple):
    """The servers that can't run a task's workflow, and the bytes of its pictures."""

    lacking: Collection[ServerUrl] = ()
    sizes: tuple[int, ...] = ()


ANYTHING = Needs()


class Forecast(NamedTuple):
    """What would become of a new task.

    `first` gets it; of several a random one. Without any it waits here if `is_full`, else no server
    can take it, and `obstacles` say why. `others` come after, the earliest end first.
    """

    first: tuple[Prospect, ...] = ()
    others: tuple[Prospect, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    is_full: bool = False
    is_old: bool = False


def forecast(window: Window, needs: Needs, durations: Durations, now: float) -> Forecast:
    """Forecast for a task that is still being composed."""
    able, obstacles = [], []
    for server in window.servers.values():
        if server.is_leaving:
            continue
        why = _obstacle(server, needs, now)
        if why:
            obstacles.append(Obstacle(server, why))
        else:
            able.append(server)
    estimates, size = Estimates(window, durations, now), sum(needs.sizes)
    capacity = Capacity(window, estimates)
    # With none before it in the window, it is the next for a busy server.
    is_next = not window.waiting
    free = [
        server
        for server in able
        if not capacity.wait(server, server.queue_remaining, size)
        or (is_next and capacity.may_wait_for(server, server.queue_remaining, now))
    ]
    if not free:
        return Forecast(obstacles=tuple(obstacles), is_full=bool(able))
    found = {
        server.url: estimates.expected(server, capacity.length_of(server), "", size)
        for server in free
    }
    ends = {url: each.ends for url, each in found.items()}
    full = {
        server.url: ends[server.url]
        for server in free
        if capacity.wait(server, server.queue_remaining, size)
    }
    ranks = loads({**ends, **with_doubt(full, estimates)}, estimates.usual(""))
    first = shortest(ranks)
    prospects = [
        Prospect(
            server,
            (server.queue_remaining or 0) + window.in_transit(server.url),
            found[server.url] if durations.knows(server.url) else None,
        )
        for server in sorted(free, key=lambda server: ranks[server.url])
    ]
    return Forecast(
        tuple(each for each in prospects if each.server.url in first),
        tuple(each for each in prospects if each.server.url not in first),
        tuple(obstacles),
        is_old=any(now - server.queue_read_at > OUTDATED_AFTER for server in free),
    )


def _obstacle(server: Server, needs: Needs, now: float) -> str:
    """Return what keeps a server from a new task; "" if nothing."""
    if server.reach is not Reach.UP:
        return str(server.reach.value)
    if server.is_paused:
        return "paused"
    if server.url in needs.lacking:
        return "lacks"
    if not all(server.accepts(size) for size in needs.sizes):
        return "too_large"
    return "rests" if server.opens_at > now else ""
