"""The lists of servers: the host's presets and this browser's changes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.servers.presets import (
    LONGEST_NAME,
    LONGEST_SUBSTITUTE,
    ServerList,
    Substitutes,
    read_modes,
    read_presets,
)
from tests.tether.core.farm import NORTH, SOUTH
from tests.tether.core.junk import anything, peer_texts
from tether.core.ids import ServerUrl
from tether.core.protocol.access_token import Access, Mode

PAGE = "http://lan.test:8000/"


def test_presets_are_addresses_with_or_without_names() -> None:
    """Relative ones too: one list serves under any host name."""
    text = json.dumps([":8188", {"url": "gpu-2", "name": "The fast one"}, {"url": "gpu-3"}])
    assert read_presets(text, PAGE) == (
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
    found, troubles = read_presets(json.dumps([entry, "gpu-1"]), PAGE)
    assert list(found) == ["http://gpu-1:8188"]
    assert len(troubles) == 1


@pytest.mark.parametrize("text", ["<html>", "{}"])
def test_a_list_that_is_none_is_told(text: str) -> None:
    """A host's typing error must not look like an empty list."""
    found, (trouble,) = read_presets(text, PAGE)
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
    reloaded = ServerList(servers.write())
    assert reloaded.merged({NORTH: "", SOUTH: ""}) == {}
    reloaded.add(NORTH)
    assert ServerList(reloaded.write()).merged({NORTH: "North"}) == {NORTH: "North"}


@given(peer_texts(['{"added": {"http://north": "N"}, "removed": ["http://south"]}']))
def test_a_damaged_record_is_no_change(text: str) -> None:
    """The presets are there all the same."""
    servers = ServerList(text)
    assert set(servers.merged({NORTH: ""})) <= {NORTH, *json.loads(servers.write())["added"]}


@given(peer_texts(['[{"url": "http://north", "name": "N"}, "gpu-2"]']) | st.just(""))
def test_any_preset_file_can_be_read(text: str) -> None:
    """Each entry is a server or a trouble."""
    found, troubles = read_presets(text, PAGE)
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
    assert read_modes(text, PAGE) == {
        "http://gpu-1:8188": Access(Mode.BASIC),
        "http://gpu-2:8188": Access(Mode.QUERY, name="key"),
    }
    assert read_modes("{}", PAGE) == read_modes("{", PAGE) == {}


def test_a_secret_in_the_presets_is_told_and_not_used() -> None:
    """Without repeating it."""
    text = json.dumps([{"url": "gpu-1", "access": "bearer", "token": "s3cret"}, "gpu-2"])
    found, (trouble,) = read_presets(text, PAGE)
    assert list(found) == ["http://gpu-2:8188"]
    assert trouble.code == "presets_secret"
    assert "s3cret" not in str(trouble)


def test_a_paused_server_stays_paused_until_it_goes() -> None:
    """Over reloads; a record from before there were pauses is read as well."""
    servers = ServerList('{"added": {}, "removed": [], "paused": 3}')
    servers.paused |= {NORTH, SOUTH}
    reloaded = ServerList(servers.write())
    assert reloaded.paused == {NORTH, SOUTH}
    reloaded.remove(NORTH)
    assert ServerList(reloaded.write()).paused == {SOUTH}


def test_a_server_is_called_what_the_person_calls_it() -> None:
    """Preset or not, over reloads, until it is removed or the name is taken back."""
    servers = ServerList()
    servers.add(SOUTH, "South")
    servers.rename(SOUTH, " Attic ")
    servers.rename(NORTH, "n" * 100)
    reloaded = ServerList(servers.write())
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


@pytest.mark.parametrize("names", ["[]", '{"http://north:8188": 3}', "null"])
def test_names_of_another_shape_are_none(names: str) -> None:
    """The rest of the record is read."""
    text = f'{{"added": {{"{SOUTH}": ""}}, "removed": [], "names": {names}}}'
    assert ServerList(text).merged({NORTH: ""}) == {NORTH: "", SOUTH: ""}


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
    assert names.of(NORTH) == {"a" * LONGEST_SUBSTITUTE: "b" * LONGEST_SUBSTITUTE}


@given(st.text() | anything.map(json.dumps))
def test_any_record_can_be_read_and_written_again(text: str) -> None:
    """What is no name is left out."""
    written = Substitutes(text).write()
    assert Substitutes(written).write() == written
