"""Frames that say how far something is: a later one makes the earlier worthless."""

from typing import NamedTuple


class Gauge(NamedTuple):
    """One kind of such frames: how it begins, and between what it says whose it is."""

    prefix: str
    begin: str
    end: str


GAUGES = (
    # All nodes that have begun are in it, so the next one says all that this one says.
    Gauge('{"type": "progress_state", "data": {', '"prompt_id": "', ', "nodes": '),
    Gauge('{"type": "progress", "data": {"value": ', '"prompt_id": "', "}}"),
)
"""The kinds, for the socket's adapter: it looks at each frame before Python does.

What isn't written as ComfyUI writes it is no gauge, and never left out.
Source: ComfyUI 0.28.1, measured; protocol section 1.4.
"""


def gauge_of(text: str) -> tuple[str, str] | None:
    """Return what a text frame is the gauge of; None for a frame that is none.

    Of two gauges of the same, with no frame but gauges between them, the first says nothing more.
    """
    for prefix, begin, end in GAUGES:
        if text.startswith(prefix):
            first = text.find(begin, len(prefix))
            last = text.find(end, first)
            return (prefix, text[first:last]) if 0 < first < last else None
    return None
