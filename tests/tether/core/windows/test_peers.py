"""What other windows of this browser told.

How long a task ran, as other windows tell it.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.farm import NOON, NORTH, SOUTH
from tether.core.ids import TaskId, WindowId
from tether.core.windows.peers import (
    MOST_BEHIND,
    MOST_TIMINGS,
    PLACE_LEFT_FOR,
    REPORT_LIFETIME,
    SHORTEST_RUN,
    WAITING_SENT,
    PeerLoad,
    PeerReport,
    Peers,
    Timing,
    WaitingTask,
    read_report,
    read_timing,
    write_report,
)

ONE, OTHER = WindowId("one"), WindowId("other")
NOTHING = {
    "window": "one",
    "says": "news",
    "waiting": [],
    "shares": {},
    "served": 0,
    "timings": [],
}


def ticket(name: str = "t1", at: float = NOON) -> WaitingTask:
    """A task that waits there."""
    return WaitingTask(at, TaskId(name), None, "", at)


def waiting(peers: Peers, now: float) -> list[tuple[int, list[str]]]:
    """Who waits, by window."""
    found = peers.waiting(now)
    return [(bound, [each.task_id for each in line]) for bound, _, line in found]


def test_news_are_read_as_they_were_written() -> None:
    news = PeerReport(
        NOON,
        (WaitingTask(NOON, TaskId("t1"), SOUTH, "s.", 7.0), ticket("t2")),
        {NORTH: PeerLoad(1, 2, 30.0, 1.5), SOUTH: PeerLoad(0, 1, 5.0, None)},
        NOON - 60,
        (Timing(NOON - 9, TaskId("t0"), NORTH, "s.", 4.5),),
        more=3,
    )
    assert read_report(write_report(ONE, news), NOON) == (ONE, news)
    hidden = news._replace(is_hidden=True)
    assert read_report(write_report(ONE, hidden), NOON) == (ONE, hidden)
    assert news.bound == 4


def test_a_window_that_goes_says_so() -> None:
    assert read_report('{"window": "one", "token": "t", "says": "left"}', NOON) == (ONE, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"window": "one", "says": "whose"}',
        '{"window": 1, "says": "left"}',
        *(
            json.dumps({**NOTHING, **bad})
            for bad in ({"waiting": {}}, {"shares": []}, {"served": None}, {"timings": {}})
        ),
    ],
)
def test_what_else_is_said_is_no_news(text: str) -> None:
    """The channel carries other things too, and versions to come."""
    assert read_report(json.dumps(NOTHING), NOON) == (ONE, PeerReport(NOON, (), {}))
    assert read_report(text, NOON) is None


def test_what_can_not_be_read_of_news_is_left_out() -> None:
    """And of too many tasks the later ones."""
    tickets = [[NOON, f"t{number}", None, "", NOON] for number in range(WAITING_SENT + 5)]
    bad = [
        [NOON, 1, None, "", NOON],
        ["x", "t", None, "", NOON],
        [NOON, "t", None, "", "x"],
        [NOON, "t", None],
        5,
    ]
    shares = {
        "a": [1, 1, 5.0, 0.5],
        "b": [1, 1],
        "c": [-1, 1, 5.0, 0.5],
        "d": [1, -1, 5.0, 0.5],
        "e": [1, 1, "x", 0.5],
        "f": [1, 1, 5.0, "x"],
        "g": None,
    }
    timings = [[NOON, f"t{number}", NORTH, "", 5.0] for number in range(MOST_TIMINGS + 5)]
    lists = {"waiting": [*bad, *tickets], "shares": shares, "timings": [None, *timings]}
    said = {**NOTHING, **lists}
    read = read_report(json.dumps(said), NOON)
    assert read is not None
    assert read[1] is not None
    assert len(read[1].waiting) == WAITING_SENT - len(bad)
    assert set(read[1].loads) == {"a"}
    assert len(read[1].timings) == MOST_TIMINGS - 1
    for more, counted in ((5, 5), (10**9, MOST_BEHIND), (-1, 0), ("x", 0)):
        read = read_report(json.dumps({**said, "more": more}), NOON)
        assert read is not None
        assert read[1] is not None
        assert read[1].more == counted


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_nothing_that_is_said_is_an_error(text: str) -> None:
    read_report(text, NOON)


def test_what_windows_have_at_a_server_is_added_up() -> None:
    """Their tasks go on meanwhile; where one can't say how long, nobody can."""
    peers = Peers()
    assert peers.load(NORTH, NOON) == PeerLoad()
    peers.receive(ONE, PeerReport(NOON, (), {NORTH: PeerLoad(1, 1, 10.0, 1.0)}))
    peers.receive(OTHER, PeerReport(NOON, (), {NORTH: PeerLoad(0, 1, 3.0, 0.5), SOUTH: PeerLoad()}))
    assert peers.load(NORTH, NOON + 4) == PeerLoad(1, 2, 6.0, 1.5)
    peers.receive(OTHER, PeerReport(NOON, (), {NORTH: PeerLoad(0, 1, 3.0, None)}))
    assert peers.load(NORTH, NOON).doubt is None


def test_tasks_that_wait_where_nobody_sees_them_are_a_crowd() -> None:
    """It is worth telling at once."""
    peers = Peers()
    news = PeerReport(NOON, (ticket(),), {NORTH: PeerLoad(1)})
    for each, is_new, is_crowded in (
        (news, True, False),
        (news._replace(is_hidden=True), True, True),
        (news._replace(is_hidden=True), False, True),
        (news._replace(is_hidden=True, waiting=()), True, False),
    ):
        assert peers.receive(ONE, each) == is_new
        assert peers.is_crowded(NOON) == is_crowded
        assert not peers.is_crowded(NOON + REPORT_LIFETIME)


def test_old_news_are_none() -> None:
    """Nor are those of a clock that was put back since, or of a window that has gone."""
    peers = Peers()
    news = PeerReport(NOON, (ticket(),), {NORTH: PeerLoad(1)})
    assert peers.receive(ONE, news)
    assert not peers.receive(ONE, news._replace(loads={NORTH: PeerLoad(1, 0, 5.0)}))
    assert peers.receive(ONE, news._replace(loads={NORTH: PeerLoad(0, 1)}))
    assert peers.known == {ONE}
    assert waiting(peers, NOON + REPORT_LIFETIME - 1) == [(1, ["t1"])]
    assert waiting(peers, NOON + REPORT_LIFETIME) == waiting(peers, NOON - 1) == []
    peers.receive(OTHER, news._replace(at=NOON + REPORT_LIFETIME))
    assert waiting(peers, NOON) == []
    peers.receive(ONE, None)
    peers.receive(OTHER, None)
    assert (peers.load(NORTH, NOON), peers.known) == (PeerLoad(), set())
    # Who has nothing to tell is known all the same.
    peers.receive(ONE, PeerReport(NOON, (), {}))
    assert (waiting(peers, NOON), peers.known) == ([], {ONE})


def test_tasks_beyond_those_that_were_reported_are_counted() -> None:
    """They come behind the last one; who says that there are some and names none has none."""
    peers = Peers()
    last = WaitingTask(NOON, TaskId("t2"), NORTH, "", NOON)
    peers.receive(ONE, PeerReport(NOON, (ticket(), last), {}, NOON - 5, more=2))
    ((bound, served_at, line),) = peers.lines(NOON)
    assert (bound, served_at) == (0, NOON - 5)
    assert [(each.task_id, each.pinned) for each in line[1:]] == [
        ("t2", NORTH),
        *[("t2", None)] * 2,
    ]
    peers.receive(ONE, PeerReport(NOON, (), {NORTH: PeerLoad(1)}, more=2))
    assert [line for *_, line in peers.lines(NOON)] == [[]]
    assert list(peers.lines(NOON + REPORT_LIFETIME)) == []


def test_another_turn_is_worth_reporting() -> None:
    """It may be the first of its window before and after."""
    peers = Peers()
    assert peers.receive(ONE, PeerReport(NOON, (ticket(),), {}))
    assert not peers.receive(ONE, PeerReport(NOON, (ticket(),), {}))
    assert peers.receive(ONE, PeerReport(NOON, (ticket()._replace(turn=7.0),), {}))


def test_a_place_is_left_to_another_window_for_a_moment() -> None:
    """If it doesn't take it, that task is passed over."""
    peers = Peers()
    peers.receive(ONE, PeerReport(NOON, (ticket("t1"), ticket("t2")), {}))
    later = NOON + PLACE_LEFT_FOR
    assert peers.leave_to(ticket("t1"), NORTH, NOON)
    assert peers.leave_to(ticket("t1"), NORTH, NOON + PLACE_LEFT_FOR / 2)
    assert peers.next_at(NOON + PLACE_LEFT_FOR / 2) == [later, NOON + REPORT_LIFETIME]
    assert not peers.leave_to(ticket("t1"), NORTH, later)
    assert peers.leave_to(ticket("t1"), SOUTH, later)
    assert peers.leave_to(ticket("t2"), NORTH, later)
    assert peers.next_at(later) == [*[later + PLACE_LEFT_FOR] * 2, NOON + REPORT_LIFETIME]
    assert peers.next_at(NOON + REPORT_LIFETIME) == []


@pytest.mark.parametrize("why", ["taken", "it waits no more", "it is gone"])
def test_the_next_time_that_a_place_comes_free_it_is_left_again(why: str) -> None:
    """Whoever had it meanwhile, or for a task that was taken back."""
    peers = Peers()
    news = PeerReport(NOON, (ticket("t1"),), {})
    peers.receive(ONE, news)
    peers.leave_to(ticket("t1"), NORTH, NOON)
    peers.receive(OTHER, news._replace(loads={SOUTH: PeerLoad(1)}))
    assert not peers.leave_to(ticket("t1"), NORTH, NOON + 60)
    if why == "taken":
        peers.receive(OTHER, news._replace(loads={NORTH: PeerLoad(1)}))
    else:
        for window in (ONE, OTHER):
            peers.receive(window, PeerReport(NOON, (), {}) if why == "it waits no more" else None)
        peers.receive(ONE, news)
    assert peers.leave_to(ticket("t1"), NORTH, NOON + 60)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(), inner),
)


def test_what_was_told_is_read() -> None:
    told = Timing(NOON, TaskId("t1"), NORTH, "shape.models", 4.5)
    assert read_timing(json.loads(json.dumps(told))) == told


@pytest.mark.parametrize(
    "item",
    [
        None,
        {},
        [NOON, "t1", NORTH, "", 4.5, 1],
        ["then", "t1", NORTH, "", 4.5],
        [NOON, 1, NORTH, "", 4.5],
        [NOON, "t1", None, "", 4.5],
        [NOON, "t1", NORTH, None, 4.5],
        [NOON, "t1", NORTH, "", "long"],
        [NOON, "t1", NORTH, "", SHORTEST_RUN / 2],
        [NOON, "t1", NORTH, "", -4.5],
        [NOON, "t1", NORTH, "", float("nan")],
        [NOON, "t1", NORTH, "", float("inf")],
    ],
)
def test_what_is_no_timing_is_left_out(item: object) -> None:
    """No server runs a task in no time, or for ever."""
    assert read_timing(item) is None


@given(JSON)
def test_whatever_is_told_is_no_error(item: object) -> None:
    assert read_timing(item) is None or isinstance(item, list)
