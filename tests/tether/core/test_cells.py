"""Where tasks stand in the grid of their sweep; what records say of that may be anything."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tether.core.cells import (
    LONGEST_LABEL,
    LONGEST_SWEEP,
    LONGEST_VALUE,
    MOST_AXES,
    MOST_NUMBER,
    Axis,
    Cell,
    cell_from_json,
    cell_of,
    cell_to_json,
)

CELL = Cell("s1", (Axis("Steps", "4", 0), Axis("", "a cat", 2)))


def test_a_cell_says_its_values() -> None:
    """A text speaks for itself."""
    assert CELL.parts() == ("Steps 4", "a cat")
    assert CELL.told() == "Steps 4, a cat"


def test_a_task_without_axes_has_no_cell() -> None:
    assert cell_of("s1", ()) is None
    assert cell_of("", CELL.axes) is None


axes = st.builds(Axis, st.text(), st.text(), st.integers(-1, MOST_NUMBER + 1))


@given(st.text(max_size=2 * LONGEST_SWEEP), st.lists(axes, max_size=2 * MOST_AXES))
def test_a_cell_that_is_made_can_be_read(sweep: str, given_axes: list[Axis]) -> None:
    cell = cell_of(sweep, given_axes)
    assert cell_from_json(json.loads(json.dumps(cell_to_json(cell)))) == cell


@pytest.mark.parametrize(
    ("number", "is_one"), [(0, True), (MOST_NUMBER, True), (MOST_NUMBER + 1, False), (-1, False)]
)
def test_a_number_beyond_those_of_records_is_no_place(number: int, is_one: bool) -> None:
    assert (cell_of("s1", [Axis("Copy", "1", number)]) is not None) is is_one


def test_what_is_too_long_for_a_record_is_cut() -> None:
    cell = cell_of("s" * 999, [Axis("l" * 999, "v" * 999, 1)] * 99)
    assert cell is not None
    assert len(cell.sweep) == LONGEST_SWEEP
    assert cell.axes == (Axis("l" * LONGEST_LABEL, "v" * LONGEST_VALUE, 1),) * MOST_AXES


def test_a_record_brings_it_back() -> None:
    assert cell_from_json(json.loads(json.dumps(cell_to_json(CELL)))) == CELL
    assert cell_to_json(None) is None


@pytest.mark.parametrize(
    "row",
    [
        *(None, 1, "s", [], ["s"], ["s", []], ["", [["a", "b", 0]]], ["s", [["a", "b"]]]),
        *(["s", [["a", "b", -1]]], ["s", [["a", "b", MOST_NUMBER + 1]]], ["s", [["a", 1, 0]]]),
        *(["s", [["a", "b", 0], 7]], ["s", [["a", "b", 0]] * (MOST_AXES + 1)]),
    ],
)
def test_what_is_no_cell_is_none(row: object) -> None:
    assert cell_from_json(row) is None


@given(st.recursive(st.none() | st.integers() | st.text() | st.floats(), st.lists, max_leaves=20))
def test_any_record_can_be_read(row: object) -> None:
    cell = cell_from_json(row)
    assert cell is None or cell_from_json(cell_to_json(cell)) == cell
