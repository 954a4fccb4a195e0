"""Connections follow the tasks, by the rules of the binding.

Aiming by hand: no lock, and no harm to other connections.
"""

from dataclasses import replace

from tests.tether.core.farm import NOON, NORTH, SOUTH, Chance, new_window, waiting_task
from tether.core.commands import CloseSocket, Commands, OpenSocket
from tether.core.ids import ServerUrl
from tether.core.model.binding import CURED
from tether.core.model.connection import Phase
from tether.core.model.server import Use
from tether.core.model.window import Settings, Window
from tether.core.submission.dialing import aim, called, connect, current, favourite, fired, status


def window_with(**rules: object) -> Window:
    """A window with two servers; SOUTH has the shorter queue."""
    window = Window(
        "w0123456789ab",  # type: ignore[arg-type]
        Settings("base", binding=replace(CURED, **rules)),  # type: ignore[arg-type]
        Chance(1),
    )
    window.use(NORTH, "", NOON).note_queue(3, NOON)
    window.use(SOUTH, "", NOON).note_queue(1, NOON)
    return window


def dialled(commands: Commands) -> list[ServerUrl]:
    """Where sockets are opened."""
    return [command.server for command in commands if isinstance(command, OpenSocket)]


def closed(commands: Commands) -> list[ServerUrl]:
    """Where sockets are closed."""
    return [command.server for command in commands if isinstance(command, CloseSocket)]


def prefer(_bound: ServerUrl, best: object) -> ServerUrl:
    """The illness: go where the balancer likes."""
    assert callable(best)
    return ServerUrl(best())


def test_a_connection_goes_to_the_server_that_is_wanted() -> None:
    """Also where another has the shorter queue, and others stay."""
    window = window_with()
    assert dialled(connect(window, window.servers[SOUTH])) == [SOUTH]
    commands = connect(window, window.servers[NORTH])
    assert dialled(commands) == [NORTH] and closed(commands) == []


def test_an_aim_may_be_ill() -> None:
    """Then the socket lands where nobody needs it."""
    window = window_with(aim=prefer)
    assert dialled(connect(window, window.servers[NORTH])) == [SOUTH]


def test_connections_may_be_given_up_for_another() -> None:
    """By an ill rule; or none is opened beside the first."""
    window = window_with(keep=lambda _open, wanted: (wanted,))
    connect(window, window.servers[SOUTH])
    commands = connect(window, window.servers[NORTH])
    assert (dialled(commands), closed(commands)) == ([NORTH], [SOUTH])
    window = window_with(keep=lambda open_to, wanted: open_to or (wanted,))
    connect(window, window.servers[SOUTH])
    assert connect(window, window.servers[NORTH]) == ()


def test_a_lost_socket_is_dialled_again_where_it_was() -> None:
    """After its delay; an ill rule goes elsewhere, and forgets the bound one."""
    for rule, expected in ((CURED.redial, NORTH), (prefer, SOUTH)):
        window = window_with(redial=rule)
        north = window.servers[NORTH]
        connect(window, north)
        north.connection.closed(1)
        assert north.connection.phase is Phase.WAITING
        assert fired(window, north, 0) == (), "a timer of an older attempt"
        assert dialled(fired(window, north, 1)) == [expected]
    assert window.servers[NORTH].connection.phase is Phase.IDLE


def test_a_dial_that_takes_too_long_is_given_up() -> None:
    """That is no time to dial again."""
    window = window_with()
    connect(window, window.servers[NORTH])
    assert closed(fired(window, window.servers[NORTH], 1)) == [NORTH]


def test_calls_go_to_the_bound_server() -> None:
    """Unless the rule is ill."""
    assert called(window_with(), NORTH) == NORTH
    assert called(window_with(call=prefer), NORTH) == SOUTH


def test_the_favourite_is_the_shortest_queue_in_use() -> None:
    """One of which nothing was told counts as empty; without any it is the given one."""
    window = window_with()
    assert favourite(window, NORTH) == SOUTH
    window.servers[SOUTH].use = Use.REMOVED
    assert favourite(window, SOUTH) == NORTH
    window.servers[NORTH].use = Use.REMOVED
    assert favourite(window, SOUTH) == SOUTH


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
    connection.received(now)
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
