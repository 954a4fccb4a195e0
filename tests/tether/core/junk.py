"""What a peer may send that no server should: the strategies of the parsers' tests."""

import json
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any

from hypothesis import strategies as st

texts = st.text(max_size=12) | st.sampled_from(["", "\ud800", "\x00", "__proto__", "9" * 30])
numbers = (
    st.integers()
    | st.floats()
    | st.sampled_from([10**400, -(10**400), -1, 2**53, 1e308, 5e-324, float("nan"), float("inf")])
)

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


@st.composite
def renumbered(draw: st.DrawFn, wholes: list[Any]) -> Any:
    """A real value with other numbers: endless ones, negative ones, none that a float can hold."""
    return _renumber(draw, draw(st.sampled_from(wholes)))


def _renumber(draw: st.DrawFn, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _renumber(draw, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renumber(draw, inner) for inner in value]
    return draw(numbers) if type(value) in (int, float) else value


def is_bounded(value: Any) -> bool:
    """Whether all numbers inside what was read are ones that sums and words can be made of."""
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, int):
        return -(2**64) <= value <= 2**64
    if isinstance(value, dict):
        return all(map(is_bounded, value.values()))
    if isinstance(value, tuple | list | set | frozenset):
        return all(map(is_bounded, value))
    return not is_dataclass(value) or all(
        is_bounded(getattr(value, part.name)) for part in fields(value)
    )


def peer_texts(real: list[str]) -> st.SearchStrategy[str]:
    """Texts from a peer: any, any JSON, and real ones (JSON each) with a part, or all numbers,
    replaced."""
    wholes = [json.loads(text) for text in real]
    return (
        st.text()
        | st.sampled_from([DEEP, NESTED, '{"type":' + NESTED + "}"])
        | anything.map(json.dumps)
        | warped(wholes).map(json.dumps)
        | renumbered(wholes).map(json.dumps)
    )
