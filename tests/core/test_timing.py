"""How long a task ran, as other windows tell it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.ids import TaskId
from app.core.timing import SHORTEST, Timing, read_timing
from tests.core.farm import NOON, NORTH

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(), inner),
)


def test_what_was_told_is_read() -> None:
    told = Timing(NOON, TaskId("t1"), NORTH, "shape.models", 4.5)
    assert read_timing(json.loads(json.dumps(told))) == told


@pytest.mark.parametrize(
    "item",
    [
        None,
        {},
        [NOON, "t1", NORTH, "", 4.5, 1],
        ["then", "t1", NORTH, "", 4.5],
        [NOON, 1, NORTH, "", 4.5],
        [NOON, "t1", None, "", 4.5],
        [NOON, "t1", NORTH, None, 4.5],
        [NOON, "t1", NORTH, "", "long"],
        [NOON, "t1", NORTH, "", SHORTEST / 2],
        [NOON, "t1", NORTH, "", -4.5],
        [NOON, "t1", NORTH, "", float("nan")],
        [NOON, "t1", NORTH, "", float("inf")],
    ],
)
def test_what_is_no_timing_is_left_out(item: object) -> None:
    """No server runs a task in no time, or for ever."""
    assert read_timing(item) is None


@given(JSON)
def test_whatever_is_told_is_no_error(item: object) -> None:
    assert read_timing(item) is None or isinstance(item, list)
