"""The list of servers, read again: what of it counts, and when it is read."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.servers.server_list import (
    EVERY,
    Change,
    Rounds,
    compare,
    find_list,
    pause,
    read_copy,
    renew,
    write_copy,
)
from tests.tether.core.farm import NORTH, SOUTH
from tests.tether.core.junk import peer_texts
from tether.core.errors import BadInput, Trouble
from tether.core.ids import ServerUrl
from tether.core.protocol.hosted_list import Listed

PAGE = "https://page.test/tether/"
PLACE = "http://orchestrator.test/list"
BEFORE = {NORTH: "North", SOUTH: ""}


@pytest.mark.parametrize(
    ("place", "where"),
    [
        (PLACE, PLACE),
        ("/fleet.json", "https://page.test/fleet.json"),
        ("fleet.json?all=1", "https://page.test/tether/fleet.json?all=1"),
        ("//other.test/l", "https://other.test/l"),
    ],
)
def test_servers_json_may_leave_the_list_to_another_place(place: str, where: str) -> None:
    """Of the page's own origin or of any other."""
    assert find_list(json.dumps({"from": place}), PAGE) == where


@pytest.mark.parametrize("text", ["[]", '["gpu-1"]', "{}", "<html>", ""])
def test_whatever_else_it_holds_is_the_list_itself(text: str) -> None:
    assert find_list(text, PAGE) == ""


@pytest.mark.parametrize("place", [7, None, "ftp://x/list", "file:///etc/list", "http://[", ""])
def test_a_place_that_is_none_is_told(place: object) -> None:
    with pytest.raises(BadInput) as caught:
        find_list(json.dumps({"from": place}), PAGE)
    assert caught.value.trouble.code == "list_nowhere"


def test_pages_read_at_moments_of_their_own_never_more_often_than_every_five_minutes() -> None:
    assert pause(0.0) == EVERY == 300.0
    draws = [pause(random.Random(seed).random()) for seed in range(50)]
    assert len(set(draws)) == 50
    assert all(EVERY <= draw < 2 * EVERY for draw in draws)


def test_a_page_that_nobody_sees_reads_when_somebody_looks() -> None:
    """Once, however often it comes into view after that."""
    rounds = Rounds()
    assert not rounds.came_into_view()
    assert rounds.fired(is_seen=True)
    assert not rounds.came_into_view()
    assert not rounds.fired(is_seen=False)
    assert rounds.came_into_view()
    assert not rounds.came_into_view()


def test_a_good_list_is_the_new_one() -> None:
    assert renew(BEFORE, Listed(json.dumps(["gpu-3", SOUTH])), PAGE) == (
        {"http://gpu-3:8188": "", SOUTH: ""},
        (),
    )


@pytest.mark.parametrize(
    ("listed", "codes"),
    [
        (Listed(None), []),
        (Listed(None, PLACE, Trouble.of("list_cors", where=PLACE, origin="x")), ["list_cors"]),
        (Listed("<html>", PLACE), ["presets_bad"]),
        (Listed('{"error": "starting"}', PLACE), ["presets_bad"]),
        (Listed('[{"url": 7}]', PLACE), ["address_bad"]),
        (Listed("[]", PLACE), ["list_empty"]),
        (Listed("[]"), ["list_empty"]),
    ],
)
def test_a_bad_list_changes_nothing_and_is_told(listed: Listed, codes: list[str]) -> None:
    """An orchestrator that starts, stops or stumbles must not empty the page."""
    presets, troubles = renew(BEFORE, listed, PAGE)
    assert presets == BEFORE
    assert [trouble.code for trouble in troubles] == codes
    place = listed.where or "servers.json"
    assert all(dict(each.facts).get("where", place) == place for each in troubles)


def test_a_list_may_be_empty_from_the_start() -> None:
    """The page as shipped."""
    assert renew({}, Listed("[]"), PAGE) == ({}, ())


def test_where_an_entry_cannot_be_read_servers_join_and_none_leaves() -> None:
    """It may be the one that is missing."""
    presets, troubles = renew(BEFORE, Listed(f'["gpu-3", "ftp://north", "{SOUTH}"]'), PAGE)
    assert presets == {**BEFORE, ServerUrl("http://gpu-3:8188"): ""}
    assert [trouble.code for trouble in troubles] == ["address_scheme"]


def test_what_differs_between_two_lists() -> None:
    """A new name is used; what is the same is left alone."""
    west = ServerUrl("http://west")
    assert compare(BEFORE, {SOUTH: "S", west: ""}) == Change({SOUTH: "S", west: ""}, (NORTH,))
    assert compare(BEFORE, BEFORE) == Change({}, ())


def test_the_copy_of_a_list_is_of_one_place() -> None:
    copy = write_copy(Listed("[7]", PLACE))
    assert read_copy(copy, PLACE) == "[7]"
    assert read_copy(copy, "http://other") is None
    assert read_copy("", PLACE) is None


@given(peer_texts(['{"from": "http://o/list"}', '["http://north"]']) | st.just(""))
def test_any_text_can_be_read(text: str) -> None:
    """Nobody goes but by a list that names another."""
    try:
        assert isinstance(find_list(text, PAGE), str)
    except BadInput as error:
        assert error.trouble.code == "list_nowhere"
    presets, troubles = renew(BEFORE, Listed(text, PLACE), PAGE)
    assert presets
    assert troubles or NORTH not in presets or presets == {NORTH: ""} or presets == BEFORE
    assert read_copy(text, PLACE) is None
