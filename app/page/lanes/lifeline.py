"""The life of each server's socket: recorded as spans, shown as the pieces of a line."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from tether.core.commands import Command, StartTimer, StopTimer
from tether.core.events import Event, SocketClosed
from tether.core.ids import ServerUrl
from tether.core.model.connection import Phase
from tether.core.model.window import Window
from tether.core.timers import ConnectionTimer

MAX_SPANS = 300
"""Spans kept for each server: fifty losses with two dials each."""

Sentence: TypeAlias = tuple[str, dict[str, str | float]]
"""A sentence of the catalogue and its facts; `at` is a time, other numbers are seconds."""


class Span(NamedTuple):
    """A connection's phase, from `since` until the next span begins.

    `code` is that of the close which led here; `is_deaf` marks the end of an open socket that
    received nothing.
    """

    since: float
    phase: Phase
    code: int | None = None
    is_deaf: bool = False


class Lifelines:
    """Records when connections change their phase, and what closed them."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._spans: dict[ServerUrl, deque[Span]] = {}
        self._codes: dict[ServerUrl, tuple[int, int]] = {}
        """The attempt that was closed last, and the code of that."""
        self._deafness: dict[ServerUrl, int] = {}

    def note(self, step: Event | Command, now: float) -> None:
        """Record a connection when its timer starts or stops, as at each change of its phase."""
        match step:
            case StartTimer(ConnectionTimer(url)) | StopTimer(ConnectionTimer(url)):
                self._record(url, now)
            case SocketClosed(server, attempt, code):
                self._codes[server] = attempt, code

    def of(self, server: ServerUrl) -> tuple[Span, ...]:
        """Return the spans of a server, the oldest first."""
        return tuple(self._spans.get(server, ()))

    def servers(self) -> tuple[ServerUrl, ...]:
        """Return the servers that have had a socket."""
        return tuple(self._spans)

    def _record(self, url: ServerUrl, now: float) -> None:
        server = self._window.servers.get(url)
        phase, deafness = Phase.IDLE, 0
        attempt, code = self._codes.pop(url, (0, None))
        if server is not None:
            phase, deafness = server.connection.phase, server.connection.deafness
            if attempt != server.connection.attempt:
                code = None  # of a socket that was given up before
        spans = self._spans.setdefault(url, deque(maxlen=MAX_SPANS))
        if not spans or spans[-1].phase is not phase:
            is_deaf = phase is Phase.CLOSING and deafness > self._deafness.get(url, 0)
            spans.append(Span(now, phase, code, is_deaf))
        self._deafness[url] = deafness


class Piece(NamedTuple):
    """A stretch of a line: `open`, `gap`, or `dial` while it opens or closes as intended.

    `start` and `end` are seconds since the epoch; the last piece ends now.
    """

    kind: str
    start: float
    end: float
    detail: tuple[Sentence, ...] = ()


def line_of(spans: Iterable[Span], now: float) -> tuple[Piece, ...]:
    """Return the pieces of a line; none while no socket is needed."""
    pieces = []
    for kind, run, end in _runs(spans, now):
        start = run[0].since
        if kind == "open":
            detail = _lasting("lanes.socket.open", start, end)
        elif any(span.phase is Phase.WAITING or span.is_deaf for span in run):
            kind, detail = "gap", tuple(_gap(run, start, end))
        else:
            kind, detail = "dial", _lasting("lanes.socket.dial", start, end)
        pieces.append(Piece(kind, start, end, detail))
    return tuple(pieces)


def _runs(spans: Iterable[Span], now: float) -> Iterator[tuple[str, tuple[Span, ...], float]]:
    """Join successive spans without an open socket: a loss is one gap, however often dialled."""
    run: list[Span] = []
    kind = ""
    for span in spans:
        of = {Phase.OPEN: "open", Phase.IDLE: ""}.get(span.phase, "way")
        if of != kind:
            if kind:
                yield kind, tuple(run), span.since
            run, kind = [], of
        run.append(span)
    if kind:
        yield kind, tuple(run), max(now, run[-1].since)


def _gap(run: tuple[Span, ...], start: float, end: float) -> Iterator[Sentence]:
    yield from _lasting("lanes.socket.gap", start, end)
    if any(span.is_deaf for span in run):
        yield "lanes.socket.deaf", {}
    code = next((span.code for span in run if span.code is not None), None)
    if code is not None:
        yield "lanes.socket.code", {"code": str(code)}
    dials = sum(span.phase is Phase.CONNECTING for span in run)
    if dials:
        yield "lanes.socket.dials", {"count": str(dials)}


def _lasting(key: str, start: float, end: float) -> tuple[Sentence, ...]:
    return ((key, {"at": start, "lasting": end - start}),)
