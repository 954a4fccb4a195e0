"""What a peer may send that no server should: the strategies of the parsers' tests."""

import json
from typing import Any

from hypothesis import strategies as st

texts = st.text(max_size=12) | st.sampled_from(["", "\ud800", "\x00", "__proto__", "9" * 30])
numbers = st.integers() | st.floats() | st.sampled_from([10**400, -(10**400), 2**53, 1e308, 5e-324])

anything = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)

DEEP = "[" * 100_000
NESTED = "[" * 900 + "]" * 900
"""Deep enough that reading it, or writing it again, may find the stack too short."""


@st.composite
def warped(draw: st.DrawFn, wholes: list[Any]) -> Any:
    """A real value with one part of it replaced by anything."""
    return _warp(draw, draw(st.sampled_from(wholes)))


def _warp(draw: st.DrawFn, value: Any) -> Any:
    parts: list[Any] = []
    if isinstance(value, dict):
        parts = list(value)
    elif isinstance(value, list):
        parts = list(range(len(value)))
    if not parts or draw(st.integers(0, 3)) == 0:
        return draw(anything)
    key = draw(st.sampled_from(parts))
    copy = value.copy()
    copy[key] = _warp(draw, copy[key])
    return copy


def peer_texts(real: list[str]) -> st.SearchStrategy[str]:
    """Texts from a peer: any, any JSON, and real ones (JSON each) with a part replaced."""
    wholes = [json.loads(text) for text in real]
    return (
        st.text()
        | st.sampled_from([DEEP, NESTED, '{"type":' + NESTED + "}"])
        | anything.map(json.dumps)
        | warped(wholes).map(json.dumps)
    )
