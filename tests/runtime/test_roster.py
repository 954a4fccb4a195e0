"""The list of servers, as the person changes it."""

import pytest

from app.core.errors import BadInput
from app.core.events import Event, KeepingFailed, ServerAdded, ServerRemoved
from app.inpage.memory import MemoryRecords
from app.runtime.roster import Roster
from tests.core.farm import NOON, NORTH, SOUTH, new_window

PAGE = "http://page.test:8000/"


def test_presets_and_own_servers_are_used_and_changes_are_kept() -> None:
    """By the next window of the browser too; what is no address changes nothing."""
    kept, told, window = MemoryRecords(), list[Event](), new_window()
    roster = Roster(window, kept, told.append, PAGE)
    roster.load(f'["{NORTH}", "what is this?"]')
    assert told[1:] == [ServerAdded(NORTH, "")]
    assert isinstance(told[0], KeepingFailed)
    assert roster.add("south:8188", "south") == SOUTH
    roster.remove(NORTH)
    with pytest.raises(BadInput):
        roster.add("ftp://south")
    assert told[2:] == [ServerAdded(SOUTH, "south"), ServerRemoved(NORTH)]
    told.clear()
    Roster(window, kept, told.append, PAGE).load(f'["{NORTH}"]')
    assert told == [ServerAdded(SOUTH, "south")]


def test_a_known_server_is_asked_again_by_its_name() -> None:
    """One that is gone is not."""
    told, window = list[Event](), new_window()
    window.use(NORTH, "north", NOON)
    roster = Roster(window, MemoryRecords(), told.append, PAGE)
    roster.ask_again(NORTH)
    roster.ask_again(SOUTH)
    assert told == [ServerAdded(NORTH, "north")]
