"""A socket's spans become a line with its gaps."""

from page.lanes.lifeline import Span
from page.lanes.socket_line import Piece, line_of
from tests.tether.core.farm import NOON
from tether.core.model.connection import Phase


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
    assert not any(piece.is_now for piece in pieces)


def test_what_lasts_ends_now() -> None:
    """An open socket, and a gap whose dial has yet to be made."""
    (opened,) = line((1, Phase.OPEN))
    assert (opened.end, opened.is_now) == (100, True)
    assert told(opened) == {"lanes.socket.open": {"at": NOON + 1, "lasting": 99.0}}
    gap = line((1, Phase.OPEN), (99, Phase.WAITING))[-1]
    assert (gap.kind, gap.end, gap.is_now) == ("gap", 100, True)
    assert "lanes.socket.dials" not in told(gap)


def test_a_deaf_socket_is_a_gap_that_says_so() -> None:
    """We closed it ourselves, and no code tells why."""
    gap = line((1, Phase.OPEN), Span(5, Phase.CLOSING, None, is_deaf=True))[-1]
    assert gap.kind == "gap"
    assert "lanes.socket.deaf" in told(gap)
