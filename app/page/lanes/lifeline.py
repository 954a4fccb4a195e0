"""The life of each server's socket, for looking at afterwards."""

from collections import deque
from typing import NamedTuple

from tether.core.commands import Command, StartTimer, StopTimer
from tether.core.events import Event, SocketClosed
from tether.core.ids import ServerUrl
from tether.core.model.connection import Phase
from tether.core.model.window import Window
from tether.core.timers import ConnectionTimer

SPANS = 300
"""Spans kept for each server: fifty losses with two dials each."""


class Span(NamedTuple):
    """A connection's phase, from `since` until the next span begins.

    `code` is that of the close which led here; `is_deaf` says that the socket stood but was
    found to say nothing.
    """

    since: float
    phase: Phase
    code: int | None = None
    is_deaf: bool = False


class Lifelines:
    """Notes when connections change their phase, and what closed them."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._spans: dict[ServerUrl, deque[Span]] = {}
        self._codes: dict[ServerUrl, tuple[int, int]] = {}
        """The attempt that was closed last, and its code."""
        self._deafness: dict[ServerUrl, int] = {}

    def note(self, step: Event | Command, now: float) -> None:
        """Look at a connection when it starts or stops its timer: no phase changes without."""
        match step:
            case StartTimer(ConnectionTimer(url)) | StopTimer(ConnectionTimer(url)):
                self._look(url, now)
            case SocketClosed(server, attempt, code):
                self._codes[server] = attempt, code

    def of(self, server: ServerUrl) -> tuple[Span, ...]:
        """Return the spans of a server, the oldest first."""
        return tuple(self._spans.get(server, ()))

    def servers(self) -> tuple[ServerUrl, ...]:
        """Return the servers that have had a socket."""
        return tuple(self._spans)

    def _look(self, url: ServerUrl, now: float) -> None:
        server = self._window.servers.get(url)
        phase, deafness = Phase.IDLE, 0
        attempt, code = self._codes.pop(url, (0, None))
        if server is not None:
            phase, deafness = server.connection.phase, server.connection.deafness
            if attempt != server.connection.attempt:
                code = None  # the close of a socket that was given up already
        spans = self._spans.setdefault(url, deque(maxlen=SPANS))
        if not spans or spans[-1].phase is not phase:
            is_deaf = phase is Phase.CLOSING and deafness > self._deafness.get(url, 0)
            spans.append(Span(now, phase, code, is_deaf))
        self._deafness[url] = deafness
