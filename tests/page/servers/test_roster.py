"""The list of servers, as the person changes it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.memory import MemoryRecords
from page.servers.roster import Roster
from page.servers.server_list import ServerList, Substitutes
from tests.tether.core.farm import NOON, NORTH, SOUTH, new_window
from tests.tether.runtime.processes import Origin, ProcessRecords
from tether.core.errors import BadInput
from tether.core.events import (
    Event,
    ServerAdded,
    ServerPaused,
    ServerRemoved,
    StorageFailed,
    SubstitutesChanged,
)
from tether.core.ids import ServerUrl
from tether.core.protocol.access_token import Access, Mode
from tether.core.protocol.hosted_list import Listed
from tether.runtime.access_tokens import AccessTokens
from tether.runtime.shared_entries import SharedEntries

PAGE = "http://page.test:8000/"


def test_presets_and_own_servers_are_used_and_changes_are_kept() -> None:
    """By the next window of the browser too; what is no address changes nothing."""
    kept, told, window = MemoryRecords(), list[Event](), new_window()
    roster = Roster(window, kept, told.append, PAGE, AccessTokens(MemoryRecords(), kept))
    roster.take(Listed(f'["{NORTH}", "what is this?"]'))
    assert told[1:] == [ServerAdded(NORTH, "")]
    assert isinstance(told[0], StorageFailed)
    assert roster.add("south:8188", "south") == SOUTH
    roster.remove(NORTH)
    with pytest.raises(BadInput):
        roster.add("ftp://south")
    assert told[2:] == [ServerAdded(SOUTH, "south"), ServerRemoved(NORTH)]
    told.clear()
    second = Roster(window, kept, told.append, PAGE, AccessTokens(MemoryRecords(), kept))
    second.take(Listed(f'["{NORTH}"]'))
    assert told == [ServerAdded(SOUTH, "south")]


EAST = ServerUrl("http://east:8188")


class TabOf:
    """A window with its roster, which carries out what the roster tells it; `told` lists that."""

    def __init__(self, kept: ProcessRecords) -> None:
        self.kept = kept
        self.told: list[Event] = []
        self.window = new_window()
        tokens = AccessTokens(MemoryRecords(), kept)
        self.roster = Roster(self.window, kept, self._emit, PAGE, tokens)
        self.roster.take(Listed(f'["{NORTH}"]'))
        self.told.clear()

    def _emit(self, event: Event) -> None:
        self.told.append(event)
        window = self.window
        match event:
            case ServerAdded(url, name):
                window.use(url, name, NOON)
            case ServerRemoved(url) if url in window.servers:
                window.remove(window.servers[url])
            case ServerPaused(url, is_paused) if url in window.servers:
                window.pause(window.servers[url], is_paused)

    def used(self) -> set[ServerUrl]:
        """The servers that get tasks, or would if they weren't paused."""
        return {each.url for each in self.window.servers.values() if not each.is_leaving}

    def do(self, step: str, url: ServerUrl, word: str) -> None:
        """Do what the person does, or learn of what another window has written."""
        match step:
            case "hear":
                self.kept.hear()
            case "add":
                self.roster.add(url, word)
            case "remove":
                self.roster.remove(url)
            case "pause":
                self.roster.pause(url, True)
            case "rename":
                self.roster.rename(url, word)
            case "substitute":
                self.roster.substitute(url, "fine.pth", word)


def two_windows() -> tuple[Origin, TabOf, TabOf]:
    """Two windows of a browser, whose host presets a server."""
    origin = Origin(2)
    first, second = map(TabOf, origin.windows)
    return origin, first, second


def agreed(origin: Origin) -> tuple[ServerList, Substitutes]:
    """What all windows know once they have heard of everything."""
    origin.settle()
    lists = [SharedEntries(kept, "servers").read() for kept in origin.windows]
    names = [SharedEntries(kept, "substitutes").read() for kept in origin.windows]
    assert lists[0] == lists[1] and names[0] == names[1]
    return ServerList(lists[0]), Substitutes(names[0])


@given(
    st.lists(
        st.tuples(
            st.integers(0, 1),
            st.sampled_from(["hear", "add", "remove", "pause", "rename", "substitute"]),
            st.sampled_from([NORTH, SOUTH, EAST]),
            st.sampled_from(["one", "two"]),
        ),
        max_size=12,
    )
)
def test_windows_that_change_the_list_at_once_forget_nothing(
    steps: list[tuple[int, str, ServerUrl, str]],
) -> None:
    """In whatever order they change it and hear of each other; what all have is shown by all."""
    origin, *tabs = two_windows()
    for number, step, url, word in steps:
        tabs[number].do(step, url, word)
    kept, names = agreed(origin)
    merged = kept.merged({NORTH: ""})
    done = {(step, url) for _, step, url, _ in steps}
    for url in (NORTH, SOUTH, EAST):
        if ("remove", url) not in done:
            assert url in merged or ("add", url) not in done
            assert url in kept.paused or ("pause", url) not in done
            named = bool({("rename", url), ("add", url)} & done) and url in merged
            assert not named or merged[url] in ("one", "two")
        assert bool(names.of(url)) == (("substitute", url) in done)
    for tab in tabs:
        assert tab.used() == set(merged)
        if not any(step == "remove" for step, _ in done):
            paused = {each.url for each in tab.window.servers.values() if each.is_paused}
            assert paused == kept.paused & set(merged)


def test_a_window_follows_what_another_takes_away() -> None:
    """A removed server is gone here too, and a server that was let go on gets tasks again."""
    origin, first, second = two_windows()
    first.roster.add(EAST)
    first.roster.pause(NORTH, True)
    first.roster.substitute(NORTH, "fine.pth", "mine.pth")
    origin.settle()
    assert SubstitutesChanged(NORTH, {"fine.pth": "mine.pth"}) in second.told
    second.told.clear()
    first.roster.remove(EAST)
    first.roster.pause(NORTH, False)
    origin.settle()
    assert second.told == [ServerRemoved(EAST), ServerPaused(NORTH, False)]


def test_a_token_that_another_window_keeps_is_used_at_once() -> None:
    """The server is asked anew; one that is gone is not."""
    origin, first, second = two_windows()
    token = Access(Mode.BEARER, "s3cret")
    first.roster.use_access(NORTH, token, is_kept=True)
    origin.settle()
    assert second.told == [ServerAdded(NORTH, NORTH.removeprefix("http://"))]
    assert second.roster.access_of(NORTH) == token
    second.told.clear()
    first.roster.remove(NORTH)
    first.roster.use_access(EAST, token, is_kept=True)
    origin.settle()
    assert second.told == [ServerRemoved(NORTH)]


def test_a_known_server_is_asked_again_by_its_name() -> None:
    """One that is gone is not."""
    told, window = list[Event](), new_window()
    window.use(NORTH, "north", NOON)
    keys = AccessTokens(MemoryRecords(), MemoryRecords())
    roster = Roster(window, MemoryRecords(), told.append, PAGE, keys)
    roster.ask_again(NORTH)
    roster.ask_again(SOUTH)
    assert told == [ServerAdded(NORTH, "north")]


def test_substitutes_are_kept_and_told_with_their_server() -> None:
    """To this window at once, and to the next with the server."""
    kept, told, window = MemoryRecords(), list[Event](), new_window()
    first = Roster(window, kept, told.append, PAGE, AccessTokens(MemoryRecords(), MemoryRecords()))
    Roster(
        window, kept, told.append, PAGE, AccessTokens(MemoryRecords(), MemoryRecords())
    ).substitute(NORTH, "fine.pth", "mine.pth")
    first.substitute(NORTH, "other.pth", "mine.pth")
    both = {"fine.pth": "mine.pth", "other.pth": "mine.pth"}
    assert told[-1] == SubstitutesChanged(NORTH, both)
    told.clear()
    second = Roster(window, kept, told.append, PAGE, AccessTokens(MemoryRecords(), MemoryRecords()))
    second.take(Listed(f'["{NORTH}", "{SOUTH}"]'))
    changed = SubstitutesChanged(NORTH, both)
    assert told == [ServerAdded(NORTH, ""), changed, ServerAdded(SOUTH, "")]
    second.add(NORTH)
    assert told[-1] == changed
    second.substitute(NORTH, "fine.pth", "")
    assert told[-1] == SubstitutesChanged(NORTH, {"other.pth": "mine.pth"})


def test_a_login_in_the_address_is_kept_apart_from_it() -> None:
    """The list of servers is shared and shown; the secret is this tab's own."""
    own, kept, told, window = MemoryRecords(), MemoryRecords(), list[Event](), new_window()
    keys = AccessTokens(own, kept)
    roster = Roster(window, kept, told.append, PAGE, keys)
    assert roster.add("me:s3cret@south:8188") == SOUTH
    assert told == [ServerAdded(SOUTH, "")]
    assert keys.of(SOUTH) == Access(Mode.BASIC, "me:s3cret")
    assert "s3cret" not in str(kept.read_all())
    roster.add(NORTH, access=Access(Mode.QUERY, "t"), is_kept=True)
    assert (keys.is_kept(NORTH), keys.is_kept(SOUTH)) == (True, False)


def test_a_removed_servers_token_leaves_the_device() -> None:
    """This tab keeps it for the tasks that are there."""
    kept, window = MemoryRecords(), new_window()
    keys = AccessTokens(MemoryRecords(), kept)
    roster = Roster(window, kept, list[Event]().append, PAGE, keys)
    roster.add(NORTH, access=Access(Mode.BEARER, "s3cret"), is_kept=True)
    roster.remove(NORTH)
    assert "s3cret" not in str(kept.read_all())
    assert keys.of(NORTH) == Access(Mode.BEARER, "s3cret")


def test_another_token_asks_the_server_anew() -> None:
    """The list may say which kind it wants; the person's own comes first."""
    told, window = list[Event](), new_window()
    window.use(NORTH, "north", NOON)
    keys = AccessTokens(MemoryRecords(), MemoryRecords())
    roster = Roster(window, MemoryRecords(), told.append, PAGE, keys)
    roster.take(Listed(f'[{{"url": "{NORTH}", "access": "basic"}}]'))
    assert roster.access_of(NORTH) == Access(Mode.BASIC)
    assert keys.of(NORTH) is None
    told.clear()
    roster.use_access(NORTH, Access(Mode.BEARER, "s3cret"), is_kept=False)
    assert told == [ServerAdded(NORTH, "north")]
    assert roster.access_of(NORTH) == Access(Mode.BEARER, "s3cret")


def test_a_held_server_is_called_after_a_click() -> None:
    """Never on load: the browser would ask a question that nobody expects."""
    told, window = list[Event](), new_window()
    keys = AccessTokens(MemoryRecords(), MemoryRecords())
    roster = Roster(window, MemoryRecords(), told.append, PAGE, keys)
    presets = f'[{{"url": "{NORTH}", "name": "north"}}, "{SOUTH}"]'
    roster.take(Listed(presets), lambda url: url == NORTH)
    assert (told, roster.held) == ([ServerAdded(SOUTH, "")], {NORTH: "north"})
    roster.ask_again(NORTH)
    assert (told[1:], roster.held) == ([ServerAdded(NORTH, "north")], {})
    for way in ("remove", "add"):
        other = Roster(window, MemoryRecords(), told.append, PAGE, keys)
        other.take(Listed(presets), lambda url: url == NORTH)
        assert other.held == {NORTH: "north"}
        getattr(other, way)(NORTH)
        assert other.held == {}


def test_a_name_is_the_same_after_a_reload() -> None:
    """The host's name comes back with a preset; what a person calls a server stays."""
    kept, told, window = MemoryRecords(), list[Event](), new_window()
    keys = AccessTokens(MemoryRecords(), kept)
    roster = Roster(window, kept, told.append, PAGE, keys)
    roster.take(Listed(f'[{{"url": "{NORTH}", "name": "North"}}]'))
    roster.remove(NORTH)
    roster.add(NORTH)
    assert told[-1] == ServerAdded(NORTH, "North")
    window.use(NORTH, "North", NOON)
    roster.rename(NORTH, "Attic")
    assert told[-1] == ServerAdded(NORTH, "Attic")
    roster.add(SOUTH, " Cellar ")
    assert told[-1] == ServerAdded(SOUTH, "Cellar")
    told.clear()
    roster.rename(SOUTH, "Shed")  # the window doesn't use it (yet)
    assert told == []
    Roster(window, kept, told.append, PAGE, keys).take(Listed(f'["{NORTH}"]'))
    assert told == [ServerAdded(NORTH, "Attic"), ServerAdded(SOUTH, "Shed")]


def test_a_corrected_address_keeps_all_that_was_set() -> None:
    """Name, token, pause and substitutes; the old address is out of use, and its token stays."""
    own, kept, told, window = MemoryRecords(), MemoryRecords(), list[Event](), new_window()
    keys = AccessTokens(own, kept)
    roster = Roster(window, kept, told.append, PAGE, keys)
    token = Access(Mode.BEARER, "t")
    roster.add("nroth:8188", "Attic", token, is_kept=True)
    wrong = ServerUrl("http://nroth:8188")
    roster.pause(wrong, True)
    roster.substitute(wrong, "fine.pth", "mine.pth")
    window.use(wrong, "Attic", NOON)
    told.clear()
    assert roster.correct(wrong, "north:8188", "Attic") == NORTH
    assert told == [
        ServerRemoved(wrong, NORTH),
        ServerAdded(NORTH, "Attic"),
        ServerPaused(NORTH, True),
        SubstitutesChanged(NORTH, {"fine.pth": "mine.pth"}),
    ]
    assert (keys.of(NORTH), keys.is_kept(NORTH)) == (token, True)
    assert (keys.of(wrong), keys.is_kept(wrong)) == (token, False)
    told.clear()
    Roster(window, kept, told.append, PAGE, keys).take(Listed("[]"))
    assert told[:2] == [ServerAdded(NORTH, "Attic"), ServerPaused(NORTH, True)]
    assert ServerAdded(wrong, "Attic") not in told


def test_a_name_that_was_the_wrong_address_goes_with_it() -> None:
    """A preset is corrected, too; a login in the new address is its token."""
    kept, told, window = MemoryRecords(), list[Event](), new_window()
    keys = AccessTokens(MemoryRecords(), kept)
    roster = Roster(window, kept, told.append, PAGE, keys)
    roster.take(Listed(f'["{NORTH}"]'))
    server = window.use(NORTH, "", NOON)
    told.clear()
    assert roster.correct(NORTH, "me:pw@south:8188", server.name) == SOUTH
    assert told == [ServerRemoved(NORTH, SOUTH), ServerAdded(SOUTH, "")]
    assert keys.of(SOUTH) == Access(Mode.BASIC, "me:pw")
    told.clear()
    Roster(window, kept, told.append, PAGE, keys).take(Listed(f'["{NORTH}"]'))
    assert told == [ServerAdded(SOUTH, "")]


def test_an_address_that_stays_is_only_a_new_name_or_token() -> None:
    """However it is typed; nothing is taken out of use."""
    kept, told, window = MemoryRecords(), list[Event](), new_window()
    keys = AccessTokens(MemoryRecords(), kept)
    roster = Roster(window, kept, told.append, PAGE, keys)
    roster.take(Listed(f'["{NORTH}"]'))
    window.use(NORTH, "", NOON)
    told.clear()
    assert roster.correct(NORTH, "north", "Attic") == NORTH
    assert told == [ServerAdded(NORTH, "Attic")]
    roster.correct(NORTH, "me:pw@north", "Attic")
    assert keys.of(NORTH) == Access(Mode.BASIC, "me:pw")


def test_no_two_servers_get_one_address() -> None:
    """One in use, and one that waits for a click; nor is anything else an address."""
    told, window = list[Event](), new_window()
    keys = AccessTokens(MemoryRecords(), MemoryRecords())
    roster = Roster(window, MemoryRecords(), told.append, PAGE, keys)
    roster.take(Listed(f'["{NORTH}", "{SOUTH}", "east"]'), lambda url: url == SOUTH)
    window.use(NORTH, "", NOON)
    east = ServerUrl("http://east:8188")
    left = window.use(east, "", NOON)
    told.clear()
    for typed in ("south", "north", "ftp://west", ""):
        with pytest.raises(BadInput):
            roster.correct(east, typed, "east:8188")
    assert told == []
    with pytest.raises(BadInput):
        roster.correct(SOUTH, "east", "")
    window.remove(left)
    assert roster.correct(SOUTH, "east", "") == east, "it is out of use, and is used again"
    assert SOUTH not in roster.held


def test_a_held_server_gets_a_name_without_being_called() -> None:
    """It still waits for its click."""
    told, window = list[Event](), new_window()
    keys = AccessTokens(MemoryRecords(), MemoryRecords())
    roster = Roster(window, MemoryRecords(), told.append, PAGE, keys)
    roster.take(Listed(f'["{NORTH}"]'), lambda _url: True)
    roster.rename(NORTH, "Attic")
    assert (roster.held, told) == ({NORTH: "Attic"}, [])


WEST = ServerUrl("http://west:8188")


def listed(*urls: ServerUrl, where: str = "") -> Listed:
    """A list that names these."""
    return Listed(json.dumps([{"url": url, "name": url[7:11]} for url in urls]), where)


def test_servers_join_and_leave_with_the_list_and_a_persons_own_stay() -> None:
    """What a person removed, renamed, paused or added is as the person wants it."""
    told, window = list[Event](), new_window()
    keys = AccessTokens(MemoryRecords(), MemoryRecords())
    roster = Roster(window, MemoryRecords(), told.append, PAGE, keys)
    roster.take(listed(NORTH, SOUTH))
    roster.add(WEST, "mine")
    roster.remove(SOUTH)
    roster.rename(NORTH, "Attic")
    told.clear()
    roster.take(listed(SOUTH))
    assert told == [ServerRemoved(NORTH)]
    roster.pause(NORTH, True)
    told.clear()
    roster.take(listed(NORTH, SOUTH, WEST))
    assert told == [ServerAdded(NORTH, "Attic"), ServerPaused(NORTH, True)]
    told.clear()
    roster.take(listed(NORTH, SOUTH, WEST))
    assert told == []
    roster.take(Listed(json.dumps([{"url": NORTH, "name": "x"}])))
    assert told == []  # it has a person's name, and "mine" is a person's own


def test_a_new_server_of_the_list_may_have_to_wait_for_a_click() -> None:
    """It goes from there as well; one that was clicked is not asked for again."""
    told, window = list[Event](), new_window()
    keys = AccessTokens(MemoryRecords(), MemoryRecords())
    roster = Roster(window, MemoryRecords(), told.append, PAGE, keys)
    roster.take(listed(NORTH), lambda _url: True)
    roster.ask_again(NORTH)
    told.clear()
    roster.take(listed(NORTH, SOUTH), lambda _url: True)
    assert (told, roster.held) == ([], {SOUTH: "sout"})
    roster.take(Listed(f'["{NORTH}", {{"url": "{SOUTH}", "name": "S"}}]'), lambda _url: True)
    assert (told, roster.held) == ([ServerAdded(NORTH, "")], {SOUTH: "S"})
    roster.take(listed(NORTH), lambda _url: True)
    assert roster.held == {}


def test_a_bad_list_is_told_once_and_again_after_a_good_one() -> None:
    """A page left open for a week must not pile up the same sentence."""
    told, window = list[Event](), new_window()
    keys = AccessTokens(MemoryRecords(), MemoryRecords())
    roster = Roster(window, MemoryRecords(), told.append, PAGE, keys)
    roster.take(listed(NORTH))
    told.clear()
    for _ in range(3):
        roster.take(Listed("<html>"))
    assert [type(event) for event in told] == [StorageFailed]
    roster.take(listed(NORTH))
    roster.take(Listed("<html>"))
    assert len(told) == 2


def test_a_page_that_starts_without_its_list_uses_the_last_good_one() -> None:
    """Of the same place, and of another place than its own alone."""
    kept, told, window = MemoryRecords(), list[Event](), new_window()
    keys, place = AccessTokens(MemoryRecords(), kept), "http://o/list"
    Roster(window, kept, told.append, PAGE, keys).take(listed(NORTH, where=place))
    for bad in (Listed(None, place), Listed("[]", place)):
        told.clear()
        Roster(window, kept, told.append, PAGE, keys).take(bad)
        assert told[-1] == ServerAdded(NORTH, "nort")
    told.clear()
    Roster(window, kept, told.append, PAGE, keys).take(Listed(None, "http://o/other"))
    assert told == []
    Roster(window, kept, told.append, PAGE, keys).take(listed(SOUTH))
    told.clear()
    Roster(window, kept, told.append, PAGE, keys).take(Listed(None, place))
    assert told == []
