"""The list of servers, read again: what of it counts, and when it is read."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.servers.server_list import (
    LONGEST_NAME,
    LONGEST_SUBSTITUTE,
    READ_INTERVAL,
    ServerList,
    Substitutes,
    compare,
    find_list,
    pause,
    read_copy,
    read_modes,
    read_presets,
    renew,
    write_copy,
)
from tests.tether.core.farm import NORTH, SOUTH
from tests.tether.core.junk import anything, peer_texts
from tether.core.errors import BadInput, Trouble
from tether.core.ids import ServerUrl
from tether.core.protocol.access_token import Access, Mode
from tether.core.protocol.hosted_list import Listed

PAGE = "https://page.test/tether/"
LAN = "http://lan.test:8000/"
PLACE = "http://orchestrator.test/list"
SECTIONS = st.sampled_from(["added", "removed", "paused", "names", "more"])
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
    assert pause(0.0) == READ_INTERVAL == 300.0
    draws = [pause(random.Random(seed).random()) for seed in range(50)]
    assert len(set(draws)) == 50
    assert all(READ_INTERVAL <= draw < 2 * READ_INTERVAL for draw in draws)


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
    assert compare(BEFORE, {SOUTH: "S", west: ""}) == ({SOUTH: "S", west: ""}, (NORTH,))
    assert compare(BEFORE, BEFORE) == ({}, ())


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


def test_presets_are_addresses_with_or_without_names() -> None:
    """Relative ones too: one list serves under any host name."""
    text = json.dumps([":8188", {"url": "gpu-2", "name": "The fast one"}, {"url": "gpu-3"}])
    assert read_presets(text, LAN) == (
        {
            "http://lan.test:8188": "",
            "http://gpu-2:8188": "The fast one",
            "http://gpu-3:8188": "",
        },
        [],
    )


@pytest.mark.parametrize("entry", ["ftp://x", {"name": "x"}, 7, json.loads("[" * 60 + "]" * 60)])
def test_one_bad_entry_does_not_take_the_others_away(entry: object) -> None:
    """It is told by itself."""
    found, troubles = read_presets(json.dumps([entry, "gpu-1"]), LAN)
    assert list(found) == ["http://gpu-1:8188"]
    assert len(troubles) == 1


@pytest.mark.parametrize("text", ["<html>", "{}"])
def test_a_list_that_is_none_is_told(text: str) -> None:
    """A host's typing error must not look like an empty list."""
    found, (trouble,) = read_presets(text, LAN)
    assert found == {}
    assert trouble.code == "presets_bad"


def test_what_this_browser_added_comes_after_the_presets() -> None:
    """A name given here wins; no name leaves the host's."""
    servers = ServerList()
    servers.add(SOUTH)
    servers.add(NORTH, "n" * 100)
    assert servers.merged({SOUTH: "South", ServerUrl("http://h"): ""}) == {
        SOUTH: "South",
        "http://h": "",
        NORTH: "n" * LONGEST_NAME,
    }
    assert servers.merged({}) == {NORTH: "n" * LONGEST_NAME, SOUTH: ""}


def test_a_removed_preset_stays_away_until_it_is_added() -> None:
    """Over reloads as well."""
    servers = ServerList()
    servers.add(SOUTH)
    servers.remove(SOUTH)
    servers.remove(NORTH)
    reloaded = ServerList(servers.content())
    assert reloaded.merged({NORTH: "", SOUTH: ""}) == {}
    reloaded.add(NORTH)
    assert ServerList(reloaded.content()).merged({NORTH: "North"}) == {NORTH: "North"}


@given(st.dictionaries(SECTIONS, st.dictionaries(st.sampled_from([NORTH, SOUTH]), anything)))
def test_a_damaged_record_is_no_change(content: dict[str, dict[str, Any]]) -> None:
    """The presets are there all the same."""
    servers = ServerList(content)
    assert set(servers.merged({NORTH: ""})) <= {NORTH, *servers.content()["added"]}
    assert ServerList(servers.content()).content() == servers.content()


@given(peer_texts(['[{"url": "http://north", "name": "N"}, "gpu-2"]']) | st.just(""))
def test_any_preset_file_can_be_read(text: str) -> None:
    """Each entry is a server or a trouble."""
    found, troubles = read_presets(text, LAN)
    assert all(url.startswith(("http://", "https://")) for url in found)
    assert all(trouble.code for trouble in troubles)


def test_presets_may_name_how_a_token_is_sent() -> None:
    """Each person types the secret: what is in the file, every visitor can read."""
    text = json.dumps(
        [
            {"url": "gpu-1", "access": "basic"},
            {"url": "gpu-2", "access": "query", "parameter": "key"},
            {"url": "gpu-3", "access": "odd"},
            {"url": "ftp://gpu-4", "access": "bearer"},
            "gpu-5",
        ]
    )
    assert read_modes(text, LAN) == {
        "http://gpu-1:8188": Access(Mode.BASIC),
        "http://gpu-2:8188": Access(Mode.QUERY, name="key"),
    }
    assert read_modes("{}", LAN) == read_modes("{", LAN) == {}


def test_a_secret_in_the_presets_is_told_and_not_used() -> None:
    """Without repeating it."""
    text = json.dumps([{"url": "gpu-1", "access": "bearer", "token": "s3cret"}, "gpu-2"])
    found, (trouble,) = read_presets(text, LAN)
    assert list(found) == ["http://gpu-2:8188"]
    assert trouble.code == "presets_secret"
    assert "s3cret" not in str(trouble)


def test_a_paused_server_stays_paused_until_it_goes() -> None:
    """Over reloads."""
    servers = ServerList()
    servers.paused |= {NORTH, SOUTH}
    reloaded = ServerList(servers.content())
    assert reloaded.paused == {NORTH, SOUTH}
    reloaded.remove(NORTH)
    assert ServerList(reloaded.content()).paused == {SOUTH}


def test_a_server_is_called_what_the_person_calls_it() -> None:
    """Preset or not, over reloads, until it is removed or the name is taken back."""
    servers = ServerList()
    servers.add(SOUTH, "South")
    servers.rename(SOUTH, " Attic ")
    servers.rename(NORTH, "n" * 100)
    reloaded = ServerList(servers.content())
    assert reloaded.merged({NORTH: "North"}) == {NORTH: "n" * LONGEST_NAME, SOUTH: "Attic"}
    assert NORTH not in reloaded.merged({})
    reloaded.rename(NORTH, " ")
    reloaded.rename(SOUTH, "")
    assert reloaded.merged({NORTH: "North"}) == {NORTH: "North", SOUTH: ""}
    reloaded.rename(SOUTH, "Attic")
    reloaded.add(SOUTH, "Cellar")
    assert reloaded.merged({}) == {SOUTH: "Cellar"}
    reloaded.rename(SOUTH, "Attic")
    reloaded.remove(SOUTH)
    reloaded.add(SOUTH)
    assert reloaded.merged({}) == {SOUTH: ""}


@pytest.mark.parametrize("name", [3, "", " "])
def test_names_of_another_shape_are_none(name: object) -> None:
    """The rest is read."""
    content = {"added": {SOUTH: [1, ""], "http://x": "?"}, "names": {NORTH: name, SOUTH: name}}
    assert ServerList(content).merged({NORTH: ""}) == {NORTH: "", SOUTH: ""}


def test_own_servers_stay_in_the_order_in_which_they_were_added() -> None:
    """Whatever order the browser keeps them in; those that two windows added at once by address."""
    servers = ServerList({"added": {SOUTH: [2, ""], "http://b": [1, ""], "http://a": [1, ""]}})
    servers.add(NORTH)
    servers.add(ServerUrl("http://b"), "B")
    order = ["http://a", "http://b", SOUTH, NORTH]
    assert list(ServerList(servers.content()).merged({})) == order


def test_a_name_stands_for_another_at_one_server_and_is_kept() -> None:
    names = Substitutes()
    names.set(NORTH, "fine.pth", "mine.pth")
    kept = Substitutes(names.content())
    assert kept.of(NORTH) == {"fine.pth": "mine.pth"}
    assert kept.of(SOUTH) == {}


def test_it_can_be_changed_and_taken_back() -> None:
    names = Substitutes()
    names.set(NORTH, "fine.pth", "mine.pth")
    names.set(NORTH, "fine.pth", "other.pth")
    assert names.of(NORTH) == {"fine.pth": "other.pth"}
    names.set(NORTH, "fine.pth", "")
    assert names.of(NORTH) == {} and names.content() == {}


def test_what_is_no_name_is_left_out() -> None:
    names = Substitutes({"http://x": {"a": 3, "b": "c"}})
    assert names.of(ServerUrl("http://x")) == {"b": "c"}


def test_endless_names_are_cut() -> None:
    names = Substitutes()
    names.set(NORTH, "a" * 9999, "b" * 9999)
    assert names.of(NORTH) == {"a" * LONGEST_SUBSTITUTE: "b" * LONGEST_SUBSTITUTE}
