"""The list of servers, as the person changes it."""

import pytest

from app.core.access import Access, Mode
from app.core.errors import BadInput
from app.core.events import Event, KeepingFailed, ServerAdded, ServerRemoved, SubstitutesChanged
from app.inpage.memory import MemoryRecords
from app.runtime.keys import Keys
from app.runtime.roster import Roster
from tests.core.farm import NOON, NORTH, SOUTH, new_window

PAGE = "http://page.test:8000/"


def test_presets_and_own_servers_are_used_and_changes_are_kept() -> None:
    """By the next window of the browser too; what is no address changes nothing."""
    kept, told, window = MemoryRecords(), list[Event](), new_window()
    roster = Roster(window, kept, told.append, PAGE, Keys(MemoryRecords(), kept))
    roster.load(f'["{NORTH}", "what is this?"]')
    assert told[1:] == [ServerAdded(NORTH, "")]
    assert isinstance(told[0], KeepingFailed)
    assert roster.add("south:8188", "south") == SOUTH
    roster.remove(NORTH)
    with pytest.raises(BadInput):
        roster.add("ftp://south")
    assert told[2:] == [ServerAdded(SOUTH, "south"), ServerRemoved(NORTH)]
    told.clear()
    Roster(window, kept, told.append, PAGE, Keys(MemoryRecords(), kept)).load(f'["{NORTH}"]')
    assert told == [ServerAdded(SOUTH, "south")]


def test_a_known_server_is_asked_again_by_its_name() -> None:
    """One that is gone is not."""
    told, window = list[Event](), new_window()
    window.use(NORTH, "north", NOON)
    keys = Keys(MemoryRecords(), MemoryRecords())
    roster = Roster(window, MemoryRecords(), told.append, PAGE, keys)
    roster.ask_again(NORTH)
    roster.ask_again(SOUTH)
    assert told == [ServerAdded(NORTH, "north")]


def test_substitutes_are_kept_and_told_with_their_server() -> None:
    """To this window at once, and to the next with the server."""
    kept, told, window = MemoryRecords(), list[Event](), new_window()
    first = Roster(window, kept, told.append, PAGE, Keys(MemoryRecords(), MemoryRecords()))
    Roster(window, kept, told.append, PAGE, Keys(MemoryRecords(), MemoryRecords())).substitute(
        NORTH, "fine.pth", "mine.pth"
    )
    first.substitute(NORTH, "other.pth", "mine.pth")
    both = {"fine.pth": "mine.pth", "other.pth": "mine.pth"}
    assert told[-1] == SubstitutesChanged(NORTH, both)
    told.clear()
    second = Roster(window, kept, told.append, PAGE, Keys(MemoryRecords(), MemoryRecords()))
    second.load(f'["{NORTH}", "{SOUTH}"]')
    changed = SubstitutesChanged(NORTH, both)
    assert told == [ServerAdded(NORTH, ""), changed, ServerAdded(SOUTH, "")]
    second.add(NORTH)
    assert told[-1] == changed
    second.substitute(NORTH, "fine.pth", "")
    assert told[-1] == SubstitutesChanged(NORTH, {"other.pth": "mine.pth"})


def test_a_login_in_the_address_is_kept_apart_from_it() -> None:
    """The list of servers is shared and shown; the secret is this tab's own."""
    own, kept, told, window = MemoryRecords(), MemoryRecords(), list[Event](), new_window()
    keys = Keys(own, kept)
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
    keys = Keys(MemoryRecords(), kept)
    roster = Roster(window, kept, list[Event]().append, PAGE, keys)
    roster.add(NORTH, access=Access(Mode.BEARER, "s3cret"), is_kept=True)
    roster.remove(NORTH)
    assert "s3cret" not in str(kept.read_all())
    assert keys.of(NORTH) == Access(Mode.BEARER, "s3cret")


def test_another_token_asks_the_server_anew() -> None:
    """The list may say which kind it wants; the person's own comes first."""
    told, window = list[Event](), new_window()
    window.use(NORTH, "north", NOON)
    keys = Keys(MemoryRecords(), MemoryRecords())
    roster = Roster(window, MemoryRecords(), told.append, PAGE, keys)
    roster.load(f'[{{"url": "{NORTH}", "access": "basic"}}]')
    assert roster.access_of(NORTH) == Access(Mode.BASIC)
    assert keys.of(NORTH) is None
    told.clear()
    roster.use_access(NORTH, Access(Mode.BEARER, "s3cret"), is_kept=False)
    assert told == [ServerAdded(NORTH, "north")]
    assert roster.access_of(NORTH) == Access(Mode.BEARER, "s3cret")


def test_a_held_server_is_called_after_a_click() -> None:
    """Never on load: the browser would ask a question that nobody expects."""
    told, window = list[Event](), new_window()
    keys = Keys(MemoryRecords(), MemoryRecords())
    roster = Roster(window, MemoryRecords(), told.append, PAGE, keys)
    presets = f'[{{"url": "{NORTH}", "name": "north"}}, "{SOUTH}"]'
    roster.load(presets, lambda url: url == NORTH)
    assert (told, roster.held) == ([ServerAdded(SOUTH, "")], {NORTH: "north"})
    roster.ask_again(NORTH)
    assert (told[1:], roster.held) == ([ServerAdded(NORTH, "north")], {})
    for leave in (roster.remove, roster.add):
        roster.load(presets, lambda url: url == NORTH)
        leave(NORTH)
        assert roster.held == {}


def test_a_name_is_the_same_after_a_reload() -> None:
    """The host's name comes back with a preset; what a person calls a server stays."""
    kept, told, window = MemoryRecords(), list[Event](), new_window()
    keys = Keys(MemoryRecords(), kept)
    roster = Roster(window, kept, told.append, PAGE, keys)
    roster.load(f'[{{"url": "{NORTH}", "name": "North"}}]')
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
    Roster(window, kept, told.append, PAGE, keys).load(f'["{NORTH}"]')
    assert told == [ServerAdded(NORTH, "Attic"), ServerAdded(SOUTH, "Shed")]


def test_a_held_server_gets_a_name_without_being_called() -> None:
    """It still waits for its click."""
    told, window = list[Event](), new_window()
    keys = Keys(MemoryRecords(), MemoryRecords())
    roster = Roster(window, MemoryRecords(), told.append, PAGE, keys)
    roster.load(f'["{NORTH}"]', lambda _url: True)
    roster.rename(NORTH, "Attic")
    assert (roster.held, told) == ({NORTH: "Attic"}, [])
