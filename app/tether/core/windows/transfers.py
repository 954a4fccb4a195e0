"""Bulk transfers: how many go to one server at a time, over all windows of a browser."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from tether.core.ids import ServerUrl

PLACES = 2
"""Of the six connections that browsers have to a host, for all that pages ask of it."""

PLACE_RENEWAL = 5.0
"""Seconds between two signs of life of a place that is kept in storage."""

PLACE_LIFETIME = 75.0
"""Seconds without one after which a place is free: hidden pages have a beat a minute."""

PLACE_CONTEST = 0.15
"""Seconds in which two pages that took one place at once see who was the last."""

Begin: TypeAlias = Callable[[ServerUrl], Awaitable[Callable[[], None]]]
"""Waits for a place at a server; returns what gives it back."""
