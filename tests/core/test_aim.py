"""Aiming by hand: no lock, and no harm to other connections."""

from app.core.aim import aim, current, status
from app.core.commands import CloseSocket, OpenSocket
from app.core.connection import Phase
from app.core.ids import ServerUrl
from app.core.window import Window
from tests.core.farm import NOON, NORTH, SOUTH, new_window, waiting_task


def two() -> Window:
    """A window with two servers."""
    window = new_window()
    window.use(NORTH, "", NOON)
    window.use(SOUTH, "", NOON)
    return window


def opened(window: Window, url: ServerUrl, now: float = NOON) -> None:
    """Its socket stands."""
    connection = window.servers[url].connection
    connection.connect()
    connection.heard(now)
    connection.greeted(connection.attempt)


def test_nothing_is_aimed_at_first() -> None:
    """Nor connected."""
    window = two()
    assert current(window) is None
    told = status(window)
    assert [told[key] for key in ("isConnected", "currentServer", "lockedServer", "aimed")] == [
        False,
        None,
        None,
        None,
    ]
    assert [each["server"] for each in told["connections"]] == [NORTH, SOUTH]
    assert {each["state"] for each in told["connections"]} == {"idle"}


def test_an_aim_connects_and_is_told_as_lock_and_server() -> None:
    """Others' connections stay; nothing is locked."""
    window = two()
    opened(window, NORTH)
    commands = aim(window, SOUTH)
    assert [type(command) for command in commands if isinstance(command, OpenSocket)]
    assert not [command for command in commands if isinstance(command, CloseSocket)]
    told = status(window)
    assert (told["currentServer"], told["lockedServer"], told["aimed"]) == (SOUTH,) * 3
    assert told["isConnected"] is False, "it is still being opened"
    opened(window, SOUTH)
    assert status(window)["isConnected"] is True
    assert window.locks.report() is None


def test_an_aim_ends_by_hand_and_by_a_lock() -> None:
    """Then the task's server is the one that counts."""
    window = two()
    aim(window, SOUTH)
    assert aim(window, None) == () and window.aimed is None
    aim(window, SOUTH)
    task = waiting_task(window)
    window.bind(task, window.servers[NORTH], NOON)
    told = status(window)
    assert (told["aimed"], told["lockedServer"], told["currentServer"]) == (None, NORTH, None)
    opened(window, NORTH)
    assert status(window)["currentServer"] == NORTH


def test_a_server_that_is_not_there_can_not_be_aimed_at() -> None:
    """A lock of one that is gone is told all the same."""
    window = two()
    assert aim(window, ServerUrl("http://gone:1")) == () and window.aimed is None
    task = waiting_task(window)
    window.bind(task, window.servers[NORTH], NOON)
    del window.servers[NORTH]
    assert current(window) is None
    assert status(window)["lockedServer"] == NORTH


def test_without_aim_and_lock_the_latest_connection_counts() -> None:
    """One that stands before one that doesn't."""
    window = two()
    opened(window, NORTH, NOON + 2)
    opened(window, SOUTH, NOON + 1)
    found = current(window)
    assert found is not None and found.server == NORTH
    window.servers[NORTH].connection.release()
    assert window.servers[NORTH].connection.phase is Phase.CLOSING
    found = current(window)
    assert found is not None and found.server == SOUTH
