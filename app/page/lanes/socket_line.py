"""A server's socket as a line: where it stood, and where it was gone."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from page.lanes.lifeline import Span
from tether.core.model.connection import Phase

Said: TypeAlias = tuple[str, dict[str, str | float]]
"""A sentence of the catalogue and its facts; `at` is a time, other numbers are seconds."""


class Piece(NamedTuple):
    """A stretch of a line: `open`, `gap`, or `dial` on its way in or out.

    `start` and `end` are seconds since the epoch; a gap that `is_now` has no end yet.
    """

    kind: str
    start: float
    end: float
    is_now: bool
    detail: tuple[Said, ...] = ()


def line_of(spans: Iterable[Span], now: float) -> tuple[Piece, ...]:
    """Return the pieces of a line; where no socket is wanted there is none."""
    pieces = []
    for kind, run, end, is_now in _runs(tuple(spans), now):
        start = run[0].since
        if kind == "open":
            detail = _lasting("lanes.socket.open", start, end)
        elif any(span.phase is Phase.WAITING or span.is_deaf for span in run):
            kind, detail = "gap", tuple(_gap(run, start, end))
        else:
            kind, detail = "dial", _lasting("lanes.socket.dial", start, end)
        pieces.append(Piece(kind, start, end, is_now, detail))
    return tuple(pieces)


def _runs(
    spans: tuple[Span, ...], now: float
) -> Iterator[tuple[str, tuple[Span, ...], float, bool]]:
    """Join what follows each other without a socket: a loss is one gap, however often dialled."""
    run: list[Span] = []
    kind = ""
    for span in spans:
        of = {Phase.OPEN: "open", Phase.IDLE: ""}.get(span.phase, "way")
        if of != kind:
            if kind:
                yield kind, tuple(run), span.since, False
            run, kind = [], of
        run.append(span)
    if kind:
        yield kind, tuple(run), max(now, run[-1].since), True


def _gap(run: tuple[Span, ...], start: float, end: float) -> Iterator[Said]:
    yield from _lasting("lanes.socket.gap", start, end)
    if any(span.is_deaf for span in run):
        yield "lanes.socket.deaf", {}
    code = next((span.code for span in run if span.code is not None), None)
    if code is not None:
        yield "lanes.socket.code", {"code": str(code)}
    dials = sum(span.phase is Phase.CONNECTING for span in run)
    if dials:
        yield "lanes.socket.dials", {"count": str(dials)}


def _lasting(key: str, start: float, end: float) -> tuple[Said, ...]:
    return ((key, {"at": start, "lasting": end - start}),)
