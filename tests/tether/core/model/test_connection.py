"""One WebSocket to one server.

How long to wait before trying again.

How much one server may say.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.farm import NOON, NORTH, Chance
from tether.core.commands import (
    CloseSocket,
    Command,
    Commands,
    OpenSocket,
    SendFrame,
    StartTimer,
    StopTimer,
)
from tether.core.ids import ClientId
from tether.core.model.connection import (
    CLOSING_WITHIN,
    FEATURE_FLAGS,
    FIRST_DELAY,
    FLOOD_PAUSE,
    FRAME_GRACE,
    GREETING_WITHIN,
    LONGEST_DELAY,
    Backoff,
    Connection,
    FloodLimit,
    Phase,
)
from tether.core.protocol.messages import LONGEST_FRAME
from tether.core.timers import ConnectionTimer, Timer

URL = "ws://north:8188/ws?clientId=me"


def timer(attempt: int) -> ConnectionTimer:
    """The key of an attempt's timer."""
    return ConnectionTimer(NORTH, attempt)


def new_connection(*draws: float) -> Connection:
    """A connection that nobody wanted yet; delays are `draws` times 1, 2, 4 … seconds."""
    return Connection(NORTH, ClientId("me"), Chance(draws=draws))


def open_connection(*draws: float) -> Connection:
    """A connection that was greeted on its first attempt."""
    connection = new_connection(*draws)
    connection.connect()
    connection.opened(1)
    connection.greeted(1)
    assert connection.phase is Phase.OPEN
    return connection


def test_a_connection_is_open_when_the_server_has_greeted() -> None:
    """Not when the browser says so; and our flags are the first thing said."""
    connection = new_connection()
    assert connection.connect() == (
        OpenSocket(NORTH, 1, URL),
        StartTimer(timer(1), GREETING_WITHIN),
    )
    assert connection.connect() == ()
    assert connection.opened(1) == (SendFrame(NORTH, 1, FEATURE_FLAGS),)
    assert connection.phase is Phase.CONNECTING
    assert connection.greeted(1) == (StopTimer(timer(1)),)
    assert connection.phase is Phase.OPEN

    # Later greetings change nothing, and flags are said once.
    assert connection.greeted(1) == ()
    assert connection.opened(1) == ()
    assert connection.fired(1) == ()


def test_a_lost_socket_is_dialled_again_after_a_delay() -> None:
    """The delay grows until a server greets."""
    connection = open_connection(0.5, 0.5, 0.5)
    assert connection.closed(1) == (StartTimer(timer(1), 0.5),)
    assert connection.phase is Phase.WAITING
    assert connection.fired(1)[0] == OpenSocket(NORTH, 2, URL)

    # It accepts and drops: that must not reset the delays.
    connection.opened(2)
    assert connection.closed(2) == (StartTimer(timer(2), 1.0),)
    assert connection.failures == 2

    connection.fired(2)
    connection.greeted(3)
    assert connection.failures == 0
    assert connection.closed(3) == (StartTimer(timer(3), 0.5),)


def test_a_replaced_socket_cannot_speak_for_its_successor() -> None:
    """The dead socket's events arrive after we have dialled again."""
    connection = open_connection()
    connection.closed(1)
    connection.fired(1)
    assert connection.attempt == 2
    for late in (connection.opened, connection.greeted, connection.closed, connection.fired):
        assert late(1) == ()
    assert connection.phase is Phase.CONNECTING

    # Nor can a socket that is gone die twice.
    connection.closed(2)
    assert connection.closed(2) == ()


def test_a_blocked_socket_is_blocked_until_it_greets() -> None:
    """A proxy may be mended while the page is open."""
    connection = new_connection()
    connection.connect()
    connection.is_blocked = True
    connection.greeted(1)
    assert not connection.is_blocked


def test_a_server_that_never_greets_is_given_up_and_its_socket_awaited() -> None:
    """Two sockets of one client id make the survivor deaf: close, wait for `close`, dial."""
    connection = new_connection(0.5)
    connection.connect()
    assert connection.fired(1) == (CloseSocket(NORTH, 1), StartTimer(timer(1), CLOSING_WITHIN))
    assert connection.phase is Phase.CLOSING
    assert connection.greeted(1) == ()
    assert connection.closed(1) == (StartTimer(timer(1), 0.5),)


def test_a_close_that_never_comes_is_not_awaited_for_ever() -> None:
    """Three seconds, then on; and the late `close` is nobody's."""
    connection = new_connection(0.5)
    connection.connect()
    connection.fired(1)
    assert connection.fired(1) == (StartTimer(timer(1), 0.5),)
    assert connection.closed(1) == ()
    assert connection.fired(1)[0] == OpenSocket(NORTH, 2, URL)


def test_released_it_closes_and_stays_closed() -> None:
    """In every phase."""
    connection = new_connection()
    assert connection.release() == ()

    connection = open_connection()
    assert connection.release() == (CloseSocket(NORTH, 1), StartTimer(timer(1), CLOSING_WITHIN))
    assert connection.release() == ()
    assert connection.closed(1) == (StopTimer(timer(1)),)
    assert connection.phase is Phase.IDLE
    assert connection.fired(1) == ()

    connection = open_connection()
    connection.closed(1)
    assert connection.release() == (StopTimer(timer(1)),)
    assert connection.phase is Phase.IDLE


def test_wanted_again_while_closing_it_dials_after_the_close() -> None:
    """Not before, or both sockets would be open."""
    connection = open_connection(0.5)
    connection.release()
    assert connection.connect() == ()
    assert connection.closed(1) == (StartTimer(timer(1), 0.5),)


def test_the_network_back_dials_at_once() -> None:
    """And hurries nothing that is under way."""
    connection = open_connection()
    assert connection.dial_now() == ()
    connection.closed(1)
    assert connection.dial_now()[0] == OpenSocket(NORTH, 2, URL)
    # The old delay runs out: nothing is dialled twice.
    assert connection.fired(1) == ()


def test_a_socket_that_hears_nothing_of_what_its_server_does_is_replaced() -> None:
    """Half-open, or its client id was unregistered: close, wait for `close`, dial, once."""
    connection = open_connection(0.5)
    connection.received(NOON)
    connection.doubt(NOON + 1, NOON + 2)
    connection.doubt(NOON + 1, NOON + 3)  # a second sign waits no longer than the first
    assert connection.redial_if_deaf(NOON + 3.9) == ()
    assert connection.redial_if_deaf(NOON + 2 + FRAME_GRACE) == (
        CloseSocket(NORTH, 1),
        StartTimer(timer(1), CLOSING_WITHIN),
    )
    assert connection.closed(1) == (StartTimer(timer(1), 0.5),)
    assert connection.fired(1)[0] == OpenSocket(NORTH, 2, URL)
    connection.greeted(2)
    assert connection.redial_if_deaf(NOON + 60) == ()


def test_a_socket_that_hears_is_left_alone() -> None:
    """A frame in time, or a little late; and one that is closed can't be deaf."""
    connection = open_connection(0.5)
    connection.received(NOON + 1)
    connection.doubt(NOON + 1, NOON + 2)
    assert connection.redial_if_deaf(NOON + 60) == ()
    connection.doubt(NOON + 2, NOON + 3)
    connection.received(NOON + 4)
    assert connection.redial_if_deaf(NOON + 60) == ()
    connection.doubt(NOON + 5, NOON + 6)
    connection.closed(1)
    assert connection.redial_if_deaf(NOON + 60) == ()


def find_deaf(connection: Connection, at: float) -> Commands:
    """HTTP shows what the socket doesn't say."""
    connection.received(at - 9)
    connection.doubt(at - 8, at - 7)
    return connection.redial_if_deaf(at)


def test_a_connection_that_stays_deaf_becomes_another_client_and_then_gives_up() -> None:
    """Redialled twice; after that it stands, until it proves that it hears."""
    connection = open_connection(0.5, 0.5, 0.5)
    for attempt in (1, 2):
        assert find_deaf(connection, NOON + 20 * attempt)[0] == CloseSocket(NORTH, attempt)
        assert connection.deafness == attempt
        connection.client_id = ClientId("another")
        connection.closed(attempt)
        dialled = connection.fired(attempt)[0]
        assert isinstance(dialled, OpenSocket)
        assert dialled.url.endswith("clientId=another")
        connection.greeted(attempt + 1)
    assert connection.is_receiving
    assert find_deaf(connection, NOON + 60) == ()
    assert not connection.is_receiving
    assert find_deaf(connection, NOON + 80) == ()
    connection.registered()
    assert connection.is_receiving
    assert find_deaf(connection, NOON + 100) != ()


class Browser:
    """Carries out what a connection asks for, and checks that it may ask that."""

    def __init__(self) -> None:
        self.connection = new_connection()
        self.open: set[int] = set()
        self.given_up: set[int] = set()
        self.timers: set[Timer] = set()
        self.last = 0

    def carry_out(self, commands: tuple[Command, ...]) -> None:
        """One event's commands, in order."""
        for command in commands:
            match command:
                case OpenSocket(_, attempt, _):
                    assert self.open <= self.given_up, "two sockets of one client id"
                    assert attempt == self.last + 1
                    self.last = attempt
                    self.open.add(attempt)
                case CloseSocket(_, attempt) | SendFrame(_, attempt, _):
                    assert attempt in self.open
                case StartTimer(key, delay):
                    assert delay >= 0
                    self.timers.add(key)
                case StopTimer(key):
                    self.timers.discard(key)

    def happen(self, what: str, attempt: int) -> None:
        """One thing that can happen in a browser, now or much too late."""
        connection = self.connection
        calls: dict[str, Any] = {"greeted": connection.greeted, "opened": connection.opened}
        if what in ("connect", "release", "dial_now"):
            self.carry_out(getattr(connection, what)())
        elif what == "closed" and attempt in self.open:
            self.open.discard(attempt)
            self.carry_out(connection.closed(attempt))
        elif what == "fired" and timer(attempt) in self.timers:
            self.timers.discard(timer(attempt))
            if connection.phase is Phase.CLOSING and attempt == connection.attempt:
                self.given_up.add(attempt)
            self.carry_out(connection.fired(attempt))
        elif what in calls and attempt in self.open:
            self.carry_out(calls[what](attempt))


happenings = st.sampled_from(
    ["connect", "release", "dial_now", "opened", "greeted", "closed", "fired"]
)


@given(st.lists(st.tuples(happenings, st.integers(0, 2)), min_size=20, max_size=60))
def test_no_history_opens_two_sockets_or_stops_for_ever(history: list[tuple[str, int]]) -> None:
    """Events in any order, of this attempt and of those before."""
    browser = Browser()
    is_wanted = False
    for what, age in history:
        browser.happen(what, browser.last - age)
        if what in ("connect", "release"):
            is_wanted = what == "connect"
        connection = browser.connection
        if connection.phase in (Phase.CONNECTING, Phase.CLOSING, Phase.WAITING):
            assert timer(connection.attempt) in browser.timers, "nothing would ever happen again"
        assert (connection.phase is not Phase.IDLE) or not is_wanted
        assert connection.phase in (Phase.IDLE, Phase.CLOSING) or is_wanted


def test_what_stood_and_was_lost_is_counted() -> None:
    """A dial in vain is none, nor a socket that we closed."""
    connection = open_connection()
    connection.closed(connection.attempt)
    assert connection.losses == 1
    connection.fired(connection.attempt)
    connection.closed(connection.attempt)
    assert connection.losses == 1
    connection.fired(connection.attempt)
    connection.greeted(connection.attempt)
    connection.release()
    connection.closed(connection.attempt)
    assert connection.losses == 1


def test_a_server_that_floods_is_not_listened_to_for_a_while() -> None:
    """Its socket is closed, nobody waits for it, and the next one is opened a minute later."""
    connection = open_connection(0.5)
    assert connection.flooded() == (
        CloseSocket(NORTH, 1),
        StartTimer(timer(1), CLOSING_WITHIN),
    )
    assert connection.is_flooding and connection.is_blocked
    assert connection.flooded() == ()
    assert connection.closed(1) == (StartTimer(timer(1), FLOOD_PAUSE),)
    assert OpenSocket(NORTH, 2, URL) in connection.fired(1)
    connection.greeted(2)
    assert not connection.is_flooding and not connection.is_blocked
    assert connection.phase is Phase.OPEN


def test_the_ceiling_doubles_up_to_half_a_minute() -> None:
    """With the worst draw each time."""
    backoff = Backoff(Chance(draws=[0.999] * 8))
    delays = [backoff.next() for _ in range(8)]
    assert [round(delay) for delay in delays] == [1, 2, 4, 8, 16, 30, 30, 30]


def test_success_starts_anew() -> None:
    """The next failure is the first."""
    backoff = Backoff(Chance(draws=[0.5, 0.5, 0.5]))
    assert (backoff.next(), backoff.next()) == (0.5, 1.0)
    assert backoff.failures == 2
    backoff.reset()
    assert backoff.next() == 0.5


@given(st.integers(0, 3000), st.integers())
def test_no_delay_is_ever_out_of_bounds(failures: int, seed: int) -> None:
    """Not after a night without the server either."""
    backoff = Backoff(Chance(seed))
    backoff.failures = failures
    assert 0 <= backoff.next() < min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(failures, 20))
    assert backoff.failures == failures + 1


def taken(flood: FloodLimit, count: int, length: int, now: float, gap: float = 0.0) -> int:
    """How many frames are taken before the first that isn't."""
    for number in range(count):
        if not flood.takes(length, now + number * gap):
            return number
    return count


@pytest.mark.parametrize(("length", "most"), [(100, 30_000), (LONGEST_FRAME, 16)])
def test_what_comes_at_once_is_bounded(length: int, most: int) -> None:
    """In frames, and in characters."""
    assert taken(FloodLimit(), 40_000, length, NOON) == most


def test_a_busy_server_is_never_cut_off() -> None:
    """Five hundred frames in a second, for minutes."""
    assert taken(FloodLimit(), 100_000, 1_000, NOON, gap=0.002) == 100_000


def test_a_clock_that_was_set_back_gives_nothing_away() -> None:
    """Time that is over again fills nothing."""
    flood = FloodLimit()
    assert taken(flood, 30_000, 0, NOON) == 30_000
    assert not flood.takes(0, NOON - 1000)
    assert flood.takes(0, NOON)
