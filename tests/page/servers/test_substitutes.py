"""What a server calls the things that workflows name otherwise."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.servers.substitutes import LONGEST_NAME, Substitutes
from tests.tether.core.farm import NORTH, SOUTH
from tests.tether.core.junk import anything
from tether.core.ids import ServerUrl


def test_a_name_stands_for_another_at_one_server_and_is_kept() -> None:
    names = Substitutes()
    names.set(NORTH, "fine.pth", "mine.pth")
    kept = Substitutes(names.write())
    assert kept.of(NORTH) == {"fine.pth": "mine.pth"}
    assert kept.of(SOUTH) == {}


def test_it_can_be_changed_and_taken_back() -> None:
    names = Substitutes()
    names.set(NORTH, "fine.pth", "mine.pth")
    names.set(NORTH, "fine.pth", "other.pth")
    assert names.of(NORTH) == {"fine.pth": "other.pth"}
    names.set(NORTH, "fine.pth", "")
    assert names.of(NORTH) == {} and names.write() == "{}"


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"http://north:8188": 3}', "null"])
def test_a_record_that_is_none_says_nothing(text: str) -> None:
    assert Substitutes(text).of(NORTH) == {}


def test_what_is_no_name_is_left_out() -> None:
    names = Substitutes('{"http://x": {"a": 3, "b": "c"}}')
    assert names.of(ServerUrl("http://x")) == {"b": "c"}


def test_endless_names_are_cut() -> None:
    names = Substitutes()
    names.set(NORTH, "a" * 9999, "b" * 9999)
    assert names.of(NORTH) == {"a" * LONGEST_NAME: "b" * LONGEST_NAME}


@given(st.text() | anything.map(json.dumps))
def test_any_record_can_be_read_and_written_again(text: str) -> None:
    """What is no name is left out."""
    written = Substitutes(text).write()
    assert Substitutes(written).write() == written
