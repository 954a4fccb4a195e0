"""Bulk transfers: how many go to one server at a time over all windows, and how slowly."""

from collections.abc import Awaitable, Callable
from typing import Literal, TypeAlias

from tether.core.ids import ServerUrl

Direction: TypeAlias = Literal["upload", "result"]
"""Each has places of its own: results that never end must not keep pictures from a server."""

PLACES = 2
"""For each direction, of the six connections that browsers have to a host for all pages."""

PLACE_RENEWAL = 5.0
"""Seconds between two signs of life of a place that is kept in storage."""

PLACE_LIFETIME = 75.0
"""Seconds without one after which a place is free: hidden pages have a beat a minute."""

PLACE_CONTEST = 0.15
"""Seconds in which two pages that took one place at once see who was the last."""

SILENT_FOR = 30.0
"""Seconds without a byte after which nothing more is expected."""

LEAST_SPEED = 4_000
"""Bytes a second: a thirtieth of a line of 1 Mbit/s, so that others may use it as well."""

Begin: TypeAlias = Callable[[ServerUrl], Awaitable[Callable[[], None]]]
"""Waits for a place at a server; returns what gives it back."""


def places(direction: Direction, server: ServerUrl) -> list[str]:
    """Return the names of a server's places, the same in all windows."""
    return [f"transfer:{direction}:{number}:{server}" for number in range(PLACES)]


def is_too_slow(length: int, seconds: float) -> bool:
    """Say whether a body that brought so many bytes in so many seconds only keeps its place."""
    return seconds > SILENT_FOR + length / LEAST_SPEED
