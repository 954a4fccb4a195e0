"""Connections follow the tasks, by the rules of the binding."""

from dataclasses import replace

from app.core.binding import CURED
from app.core.commands import CloseSocket, Commands, OpenSocket
from app.core.connection import Phase
from app.core.ids import ServerUrl
from app.core.linking import called, connect, favourite, fired
from app.core.window import Settings, Window
from tests.core.farm import NOON, NORTH, SOUTH, Chance


def window_with(**rules: object) -> Window:
    """A window with two servers; SOUTH has the shorter queue."""
    window = Window(
        "w0123456789ab",  # type: ignore[arg-type]
        Settings("base", binding=replace(CURED, **rules)),  # type: ignore[arg-type]
        Chance(1),
    )
    window.use(NORTH, "", NOON).told_length(3, NOON)
    window.use(SOUTH, "", NOON).told_length(1, NOON)
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
    window.servers[SOUTH].is_leaving = True
    assert favourite(window, SOUTH) == NORTH
    window.servers[NORTH].is_leaving = True
    assert favourite(window, SOUTH) == SOUTH
