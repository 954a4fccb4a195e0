"""The workflows that were used last."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.composer.library_record import LONGEST, LONGEST_TITLE, MOST, read_recent, with_recent
from tests.tether.core.junk import anything, texts


def test_the_latest_comes_first_and_each_title_once() -> None:
    text = ""
    for title, workflow in (("a", "1"), ("b", "2"), ("a", "3")):
        text = with_recent(text, title, workflow)
    assert read_recent(text) == [("a", "3"), ("b", "2")]


def test_old_ones_make_way() -> None:
    text = ""
    for number in range(MOST + 3):
        text = with_recent(text, str(number), "{}")
    assert [title for title, _ in read_recent(text)] == [str(n) for n in range(10, 2, -1)]


def test_the_room_is_bounded() -> None:
    text = with_recent("", "old", "x" * (LONGEST // 2))
    text = with_recent(text, "new", "y" * (LONGEST // 2 + 1))
    assert [title for title, _ in read_recent(text)] == ["new"]
    assert read_recent(with_recent(text, "huge", "z" * (LONGEST + 1))) == []
    assert read_recent(with_recent("", "t" * 999, "{}")) == [("t" * LONGEST_TITLE, "{}")]


@pytest.mark.parametrize("text", ["", "nonsense", "{}", "null", "[3, [], [1, 2], ['a']]"])
def test_what_is_no_list_is_empty(text: str) -> None:
    assert read_recent(text) == []


def test_rows_that_are_none_are_left_out() -> None:
    assert read_recent(json.dumps([["a", "b"], 3, ["c"]])) == [("a", "b")]


@given(st.text() | anything.map(json.dumps), texts, st.text())
def test_any_record_is_a_list_that_can_be_added_to(text: str, title: str, workflow: str) -> None:
    """Whatever another version or a stranger left there."""
    assert all(len(row) == 2 for row in read_recent(text))
    assert read_recent(with_recent(text, title, workflow))[0] == (title, workflow)
