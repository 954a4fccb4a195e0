"""How many tasks of this window a server has at a time: it never idles, nor gets one too early.

A task in a server's queue stays there, even when another server comes free first. So where all
that a server has to do is known, the next task goes there just before it is done.
"""

from collections import Counter
from math import inf

from tether.core.ids import ServerUrl
from tether.core.model.server import Server
from tether.core.model.task import State
from tether.core.model.window import Window
from tether.core.scheduling.estimates import Estimates

AT_ONCE = 3
"""Tasks on their way to one server at a time while all are sent: browsers have six sockets."""

LATENCY, MARGIN = 0.05, 0.1
"""Seconds of a call where none was measured, and what a page may be late by."""

EARLIEST = 3.0
"""How many times as long as the way to a server a task may be there too early: where ends are
known less well than that, a moment of idleness costs less."""

SHORTEST_WAIT = 0.001
"""Seconds: a shorter wait is none, or it could be too short to be added to the time of day."""

NEVER = inf
"""Only an event can open the place."""


class Capacity:
    """The places of one moment; each task that is bound counts at once."""

    def __init__(self, window: Window, estimates: Estimates) -> None:
        self._window = window
        self._estimates = estimates
        self._left: Counter[ServerUrl] = Counter()
        self._is_counting = window.is_hidden or estimates.is_crowded()
        """Places are counted, not timed."""

    def wait(self, server: Server, length: int | None, size: int) -> float:
        """Return in how many seconds a server may have one more task; 0 for now.

        Two at a time, or as many as the host of the page has set, for all windows of this browser
        together, while durations are unknown or tasks wait in a hidden window: the browser delays
        its timers, so the others would take every place. As many for each window where tasks of
        other browsers wait too: who holds back loses places to them.

        `length` is that of its queue, `size` the bytes of the task's pictures.
        """
        window, url = self._window, server.url
        if window.is_sending_all:
            return 0.0 if window.in_transit(url) < AT_ONCE else NEVER
        own, places = len(window.bound_to(url)), window.settings.places
        if own >= places:
            return NEVER
        if not self.is_shared(url, length):
            return 0.0
        backlog, doubt = self._estimates.backlog(url)
        if doubt is None or self._is_counting:
            theirs = self._estimates.share(url)
            taken = own + theirs.coming + theirs.arrived + self._left[url]
            return 0.0 if taken < places else NEVER
        if url in self._left:
            return NEVER
        lead = self._lead(server, size)
        if doubt > EARLIEST * lead:
            return NEVER
        wait = backlog - doubt - lead
        return wait if wait >= SHORTEST_WAIT else 0.0

    def is_shared(self, url: ServerUrl, length: int | None) -> bool:
        """Say whether only this browser's windows have tasks there: then they share its places."""
        return not self._window.is_sending_all and (length or 0) <= self._known(url)

    def leave(self, url: ServerUrl) -> None:
        """A place there is left to another window."""
        self._left[url] += 1

    def may_wait_for(self, server: Server, length: int | None, now: float) -> bool:
        """Say whether a task may wait for a full server, instead of going elsewhere.

        Tasks like those that it has must have been timed.
        """
        url, (_, doubt) = server.url, self._estimates.backlog(server.url)
        is_busy = self._known(url) > 0 or bool(self._window.bound_to(url))
        is_timed = doubt is not None and not self._is_counting
        return is_busy and is_timed and server.is_ready(now) and self.is_shared(url, length)

    def length_of(self, server: Server) -> int:
        """Return the length of a server's queue that wasn't probed just now."""
        own = len(self._window.bound_to(server.url)) - self._window.in_transit(server.url)
        return max(server.queue_remaining or 0, own + self._estimates.share(server.url).arrived)

    def _known(self, url: ServerUrl) -> int:
        """Count the tasks of this browser that a server may have counted."""
        theirs = self._estimates.share(url)
        posted = sum(task.state not in _BEFORE_POST for task in self._window.bound_to(url))
        return posted + theirs.coming + theirs.arrived

    def _lead(self, server: Server, size: int) -> float:
        """Return the seconds from the choice until the server has the task: probe, upload, POST."""
        call = LATENCY if server.latency is None else server.latency
        return 2 * call + self._estimates.upload(server, size) + MARGIN


_BEFORE_POST = (State.CONNECTING, State.UPLOADING)
