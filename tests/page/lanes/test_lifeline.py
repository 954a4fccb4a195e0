"""The life of a socket is noted, step by step."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from page.lanes.lifeline import MAX_SPANS, Lifelines, Piece, Span, line_of
from tests.tether.core.farm import NOON, NORTH, SOUTH, new_window
from tether.core.commands import StartTimer
from tether.core.events import FrameReceived, SocketClosed
from tether.core.model.connection import DEAF_FOR_GOOD, Phase
from tether.core.model.window import Window
from tether.core.timers import ConnectionTimer, PollTimer


class Line:
    """A server's connection, driven as a session drives it, and what is noted of it."""

    def __init__(self) -> None:
        self.window: Window = new_window()
        self.window.use(NORTH, "north", NOON)
        self.connection = self.window.servers[NORTH].connection
        self.lifelines = Lifelines(self.window)
        self.now = NOON

    def do(self, verb: str, *arguments: Any) -> None:
        """Tell the connection something, a second after the last."""
        self.now += 1
        if verb == "closed":
            attempt, code = arguments
            self.lifelines.note(SocketClosed(NORTH, attempt, code), self.now)
            arguments = (attempt,)
        for command in getattr(self.connection, verb)(*arguments):
            self.lifelines.note(command, self.now)

    @property
    def spans(self) -> list[Span]:
        """What was noted; the phases and their facts, at seconds after noon."""
        return [each._replace(since=each.since - NOON) for each in self.lifelines.of(NORTH)]


def test_a_lost_socket_is_noted_with_its_code() -> None:
    """Dialled, greeted, lost, dialled again, greeted, and let go."""
    line = Line()
    line.do("connect")
    line.do("opened", 1)
    line.do("greeted", 1)
    line.do("closed", 1, 1006)
    line.do("fired", 1)
    line.do("greeted", 2)
    line.do("release")
    line.do("closed", 2, 1000)
    assert line.spans == [
        Span(1, Phase.CONNECTING),
        Span(3, Phase.OPEN),
        Span(4, Phase.WAITING, 1006),
        Span(5, Phase.CONNECTING),
        Span(6, Phase.OPEN),
        Span(7, Phase.CLOSING),
        Span(8, Phase.IDLE, 1000),
    ]
    assert line.lifelines.servers() == (NORTH,)
    assert line.lifelines.of(SOUTH) == ()


def test_a_deaf_socket_is_told_from_one_that_is_let_go() -> None:
    """Both are closed by us."""
    line = Line()
    line.do("connect")
    line.do("greeted", 1)
    line.connection.doubt(NOON + 1, NOON + 1)
    line.do("redial_if_deaf", NOON + 9)
    assert line.spans[-1] == Span(3, Phase.CLOSING, None, is_deaf=True)
    line.do("closed", 1, 1005)
    line.do("fired", 1)
    line.do("greeted", 2)
    line.do("release")
    assert line.spans[-1] == Span(7, Phase.CLOSING)
    assert line.connection.deafness < DEAF_FOR_GOOD


def test_the_close_of_a_socket_given_up_is_no_news() -> None:
    """Its close came too late: it says nothing of the next one."""
    line = Line()
    line.do("connect")
    line.do("fired", 1)
    line.do("fired", 1)
    line.do("fired", 1)
    line.do("closed", 1, 1006)
    line.do("greeted", 2)
    phases = [span.phase for span in line.spans]
    assert phases == [Phase.CONNECTING, Phase.CLOSING, Phase.WAITING, Phase.CONNECTING, Phase.OPEN]
    assert {span.code for span in line.spans} == {None}


def test_a_server_that_was_removed_has_no_socket() -> None:
    """Its last timer is stopped when it is no longer among the window's servers."""
    line = Line()
    line.do("connect")
    del line.window.servers[NORTH]
    line.do("closed", 1, 1000)
    line.do("release")
    line.lifelines.note(StartTimer(ConnectionTimer(NORTH, 1), 3.0), NOON + 9)
    assert line.spans[-1].phase is Phase.IDLE


def test_frames_and_other_timers_are_passed_over() -> None:
    """They come all the time."""
    line = Line()
    line.lifelines.note(FrameReceived(NORTH, 1, "{}"), NOON)
    line.lifelines.note(StartTimer(PollTimer(NORTH), 2.0), NOON)
    assert line.spans == []


VERBS = st.sampled_from(["connect", "release", "opened", "greeted", "closed", "fired", "dial_now"])


@given(st.lists(st.tuples(VERBS, st.integers(0, 1)), max_size=60))
def test_whatever_happens_the_last_span_is_the_connections_phase(
    steps: list[tuple[str, int]],
) -> None:
    """No phase changes without a timer, on which this relies; and no phase is noted twice."""
    line = Line()
    for verb, back in steps:
        attempt = line.connection.attempt - back
        about = (attempt, 1006) if verb == "closed" else (attempt,)
        line.do(verb, *(() if verb in ("connect", "release", "dial_now") else about))
        last = line.spans[-1].phase if line.spans else Phase.IDLE
        assert last is line.connection.phase
    phases = [span.phase for span in line.spans]
    assert all(one is not after for one, after in pairwise(phases))


def test_only_the_latest_spans_are_kept() -> None:
    """A server that is away for a night fills no memory."""
    line = Line()
    line.do("connect")
    for attempt in range(1, MAX_SPANS):
        line.do("closed", attempt, 1006)
        line.do("fired", attempt)
    assert len(line.spans) == MAX_SPANS
    assert line.spans[-1].phase is Phase.CONNECTING


def line(*spans: tuple[float, Phase] | Span, until: float = 100) -> list[Piece]:
    """The pieces of a line; times are seconds after noon."""
    whole = [span if isinstance(span, Span) else Span(*span) for span in spans]
    shifted = [span._replace(since=NOON + span.since) for span in whole]
    pieces = line_of(shifted, NOON + until)
    return [each._replace(start=each.start - NOON, end=each.end - NOON) for each in pieces]


def told(piece: Piece) -> dict[str, dict[str, str | float]]:
    """What a piece tells."""
    return dict(piece.detail)


def test_without_spans_there_is_no_line() -> None:
    """Nor while no socket is wanted."""
    assert line() == []
    assert line((1, Phase.IDLE)) == []


def test_a_loss_is_one_gap_however_often_it_was_dialled() -> None:
    """With the code of the close that began it, how long it was and how many dials it took."""
    pieces = line(
        (0, Phase.CONNECTING),
        (1, Phase.OPEN),
        Span(10, Phase.WAITING, 1006),
        (11, Phase.CONNECTING),
        Span(12, Phase.WAITING, 1011),
        (14, Phase.CONNECTING),
        (15, Phase.OPEN),
        (40, Phase.CLOSING),
        (41, Phase.IDLE),
    )
    assert [(piece.kind, piece.start, piece.end) for piece in pieces] == [
        ("dial", 0, 1),
        ("open", 1, 10),
        ("gap", 10, 15),
        ("open", 15, 40),
        ("dial", 40, 41),
    ]
    assert told(pieces[2]) == {
        "lanes.socket.gap": {"at": NOON + 10, "lasting": 5.0},
        "lanes.socket.code": {"code": "1006"},
        "lanes.socket.dials": {"count": "2"},
    }


def test_what_lasts_ends_now() -> None:
    """An open socket, and a gap whose dial has yet to be made."""
    (opened,) = line((1, Phase.OPEN))
    assert opened.end == 100
    assert told(opened) == {"lanes.socket.open": {"at": NOON + 1, "lasting": 99.0}}
    gap = line((1, Phase.OPEN), (99, Phase.WAITING))[-1]
    assert (gap.kind, gap.end) == ("gap", 100)
    assert "lanes.socket.dials" not in told(gap)


def test_a_deaf_socket_is_a_gap_that_says_so() -> None:
    """We closed it ourselves, and no code tells why."""
    gap = line((1, Phase.OPEN), Span(5, Phase.CLOSING, None, is_deaf=True))[-1]
    assert gap.kind == "gap"
    assert "lanes.socket.deaf" in told(gap)
