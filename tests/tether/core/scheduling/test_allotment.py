"""Which task gets which place.

Which task waits for a full server.

Whose turn it is.
"""

from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.farm import (
    NOON,
    NORTH,
    QUEUED,
    RUNNING,
    SOUTH,
    Chance,
    asked,
    bound_task,
    new_task,
    new_window,
    timers,
    waiting_task,
)
from tests.tether.core.scheduling.test_estimates import learned, window_of
from tests.tether.core.submission.test_dispatcher import EAST, farm_of_known_pace, new_farm, probes
from tether.core.ids import ServerUrl, TaskId, WindowId
from tether.core.model.task import State, Task
from tether.core.model.window import Settings, Window
from tether.core.scheduling.allotment import (
    DOUBT_FACTOR,
    PASSED_FOR,
    Deferrals,
    in_turn,
    places_in_order,
    with_doubt,
)
from tether.core.scheduling.estimates import Estimates
from tether.core.scheduling.exchange import Exchange
from tether.core.timers import FillTimer
from tether.core.windows.peers import (
    PLACE_LEFT_FOR,
    REPORT_LIFETIME,
    WAITING_SENT,
    PeerLoad,
    PeerReport,
    WaitingTask,
    write_report,
)


def test_a_task_waits_for_a_fast_server_rather_than_taking_a_slow_one() -> None:
    """The slow one is asked again when something has happened, though not for each event."""
    window, dispatcher = farm_of_known_pace(north=10.0, south=60.0)
    bound_task(window, window.servers[NORTH], *RUNNING, number=1).started_at = NOON
    first = waiting_task(window, 2)
    commands = dispatcher.fill(NOON)
    assert set(probes(commands)) == {SOUTH}
    dispatcher.answered(probes(commands)[SOUTH], 0, NOON)
    assert first.state is State.WAITING
    assert window.pending.is_fill_due
    assert dispatcher.fill(NOON) == ()

    more = [waiting_task(window, number) for number in range(3, 8)]
    commands = dispatcher.fill(NOON + PASSED_FOR / 2)
    assert (asked(commands), timers(commands)) == ([], {FillTimer(): PASSED_FOR / 2})
    commands = dispatcher.fill(NOON + PASSED_FOR)
    dispatcher.answered(probes(commands)[SOUTH], 0, NOON + PASSED_FOR)
    # Five would be done by the fast one before the slow one has done a single task.
    assert [task.server for task in (first, *more)] == [None] * 4 + [SOUTH, None]


def test_what_waits_for_a_fast_server_that_hangs_goes_to_the_slow_one() -> None:
    """When that would have been done with it by now."""
    window, dispatcher = farm_of_known_pace(north=10.0, south=60.0)
    bound_task(window, window.servers[NORTH], *QUEUED, number=1)
    task = waiting_task(window, 2)
    for at, there in ((NOON, None), (NOON + 59, None), (NOON + 60, SOUTH)):
        asked_for = probes(dispatcher.fill(at))
        dispatcher.answered(asked_for[SOUTH], 0, at)
        assert task.server == there
        dispatcher.fill(at)


def test_a_task_that_may_go_nowhere_stops_nobody() -> None:
    """Nor does a server that is to go, or one that has still to answer."""
    window, dispatcher = new_farm(NORTH, SOUTH)
    pinned, free = waiting_task(window, 1, pinned=NORTH), waiting_task(window, 2)
    asked_for = probes(dispatcher.fill(NOON))
    dispatcher.answered(asked_for[SOUTH], 9, NOON)
    dispatcher.round_fired(NOON + 1)
    assert (pinned.server, free.server) == (None, SOUTH)
    waiting_task(window, 3)
    assert set(probes(dispatcher.fill(NOON + 1))) == {SOUTH}
    window.remove(window.servers[SOUTH])
    assert dispatcher.fill(NOON + 1) == ()


def test_what_was_passed_over_is_forgotten_with_the_last_task_that_waits() -> None:
    """The next one may want that very place at once."""
    window, dispatcher = farm_of_known_pace(north=10.0, south=60.0)
    bound_task(window, window.servers[NORTH], *RUNNING, number=1).started_at = NOON
    task = waiting_task(window, 2)
    dispatcher.answered(probes(dispatcher.fill(NOON))[SOUTH], 0, NOON)
    window.end(task, State.CANCELLED, NOON, "here", None)
    assert dispatcher.fill(NOON) == ()
    waiting_task(window, 3)
    assert set(probes(dispatcher.fill(NOON))) == {SOUTH}


def another(window: Window, *tickets: WaitingTask, **shares: PeerLoad) -> None:
    """Another window tells what waits there, and what it has by the names of servers."""
    known = {ServerUrl(f"http://{name}:8188"): share for name, share in shares.items()}
    window.peers.receive(WindowId("other"), PeerReport(NOON, tickets, known))


def an_older(name: str = "x", pinned: ServerUrl | None = None) -> WaitingTask:
    """A task of another window that came before ours."""
    return WaitingTask(NOON - 5, TaskId(name), pinned, "", NOON - 5)


def test_a_place_is_left_to_the_window_whose_turn_it_is() -> None:
    """But if it doesn't take it soon, it is ours."""
    window, dispatcher = farm_of_known_pace(north=10.0)
    task = waiting_task(window, 1)
    another(window, an_older())
    dispatcher.answered(probes(dispatcher.fill(NOON))[NORTH], 0, NOON)
    assert task.server is None
    commands = dispatcher.fill(NOON)
    assert (asked(commands), timers(commands)) == ([], {FillTimer(): PLACE_LEFT_FOR})
    later = NOON + PLACE_LEFT_FOR
    dispatcher.answered(probes(dispatcher.fill(later))[NORTH], 0, later)
    assert task.server == NORTH


def test_who_has_more_places_than_we_comes_after_us() -> None:
    """However old its tasks are."""
    window, dispatcher = farm_of_known_pace(north=10.0, south=10.0)
    task = waiting_task(window, 1)
    another(window, an_older(), north=PeerLoad(0, 1, 500.0, 0.0))
    asked_for = probes(dispatcher.fill(NOON))
    assert set(asked_for) == {SOUTH}
    dispatcher.answered(asked_for[SOUTH], 0, NOON)
    assert task.server == SOUTH


def test_what_others_are_about_to_send_counts() -> None:
    """Also where strangers' tasks stand; what is pinned goes nowhere else."""
    for (pinned, other), length in product(((NORTH, SOUTH), (SOUTH, NORTH)), (0, 1)):
        window, dispatcher = new_farm(NORTH, SOUTH)
        task = waiting_task(window, 1)
        window.peers.receive(WindowId("odd"), PeerReport(NOON, (an_older("y", EAST),), {}))
        another(window, an_older("x", pinned))
        for request in probes(dispatcher.fill(NOON)).values():
            dispatcher.answered(request, length, NOON)
        assert task.server == other


def test_when_all_are_sent_nobody_is_waited_for() -> None:
    window, dispatcher = farm_of_known_pace(north=10.0)
    task = waiting_task(window, 1)
    another(window, an_older())
    window.send_all()
    dispatcher.answered(probes(dispatcher.fill(NOON))[NORTH], 0, NOON)
    assert task.server == NORTH


def test_a_place_that_anothers_task_has_opens_with_its_news() -> None:
    """Or when those are old: news may be lost, and a window may have crashed."""
    for is_lost in (False, True):
        window, dispatcher = new_farm(NORTH)
        window.settings = Settings("base", places=1)
        task = waiting_task(window, 1)
        another(window, north=PeerLoad(0, 1, 0.0, None))
        commands = dispatcher.fill(NOON)
        assert (asked(commands), timers(commands)) == ([], {FillTimer(): REPORT_LIFETIME})
        exchange, at = Exchange(window), NOON + (REPORT_LIFETIME if is_lost else 1)
        assert not window.pending.is_fill_due
        if not is_lost:
            exchange.received(write_report(WindowId("other"), PeerReport(at, (), {})), at)
            assert window.pending.is_fill_due
        dispatcher.answered(probes(dispatcher.fill(at))[NORTH], 0, at)
        assert task.server == NORTH


def test_places_are_left_to_others_also_while_nobody_knows_how_long_tasks_take() -> None:
    """Of two places one is another window's, and one is ours."""
    window, dispatcher = new_farm(NORTH)
    first, second = waiting_task(window, 1), waiting_task(window, 2)
    another(window, an_older())
    dispatcher.answered(probes(dispatcher.fill(NOON))[NORTH], 0, NOON)
    assert (first.server, second.server) == (NORTH, None)
    later = NOON + PLACE_LEFT_FOR
    dispatcher.answered(probes(dispatcher.fill(later))[NORTH], 0, later)
    assert second.server == NORTH


def test_eight_windows_that_launch_at_once_have_two_tasks_on_each_of_four_servers() -> None:
    """They have told each other what waits, and all draw the same lots."""
    urls = [ServerUrl(f"http://gpu-{number}:8188") for number in range(4)]
    farms = [new_farm(*urls) for _ in range(8)]
    lines: list[tuple[WaitingTask, ...]] = []
    for number, (window, _) in enumerate(farms):
        window.chance = Chance(number)
        tasks = [waiting_task(window, 10 * number + each) for each in range(10)]
        lines.append(
            tuple(
                WaitingTask(each.accepted_at, each.task_id, None, "", each.turn) for each in tasks
            )
        )
    for number, (window, dispatcher) in enumerate(farms):
        for other, line in enumerate(lines):
            if other != number:
                window.peers.receive(
                    WindowId(f"w{other}"), PeerReport(NOON, line[:WAITING_SENT], {})
                )
        for request in probes(dispatcher.fill(NOON)).values():
            dispatcher.answered(request, 0, NOON)
    counts = Counter(task.server for window, _ in farms for task in window.live.values())
    assert counts == {**dict.fromkeys(urls, 2), None: 72}


def an_outlook() -> Estimates:
    """The north takes 10 s for a task, the south 40."""
    window = window_of(NORTH, SOUTH)
    return Estimates(window, learned(window, north=10.0, south=40.0), NOON)


def is_better(
    holding: Deferrals,
    task: Task,
    free: dict[ServerUrl, float],
    full: dict[ServerUrl, float],
    now: float = NOON,
) -> bool:
    """Whether it waits."""
    return holding.is_better(task, free, full, an_outlook(), now)


def test_a_task_waits_where_it_ends_first_all_the_same() -> None:
    """Not for a gain that is less than we know of seconds, and not for nothing."""
    assert is_better(Deferrals(), new_task(), {SOUTH: 40.0}, {NORTH: 25.0})
    assert not is_better(Deferrals(), new_task(), {SOUTH: 40.0}, {NORTH: 60.0})
    assert not is_better(Deferrals(), new_task(), {SOUTH: 25.2}, {NORTH: 25.0})
    assert not is_better(Deferrals(), new_task(), {SOUTH: 40.0}, {})
    assert not is_better(Deferrals(), new_task(), {}, {NORTH: 25.0})


@pytest.mark.parametrize(("doubt", "is_worth_it"), [(0.0, True), (5.0, True), (8.0, False)])
def test_the_less_is_known_of_a_wait_the_less_it_is_worth(doubt: float, is_worth_it: bool) -> None:
    """Fifteen seconds are to be won, if all goes as it should."""
    window = window_of(NORTH, SOUTH)
    estimates = Estimates(window, learned(window, north=10.0, south=40.0), NOON)
    share = PeerLoad(0, 1, 15.0, doubt)
    window.peers.receive(WindowId("other"), PeerReport(NOON, (), {NORTH: share}))
    full = {NORTH: 25.0}
    assert with_doubt(full, estimates) == {NORTH: pytest.approx(25.0 + DOUBT_FACTOR * doubt)}
    assert Deferrals().is_better(new_task(), {SOUTH: 40.0}, full, estimates, NOON) == is_worth_it


def test_who_waits_counts_for_the_next() -> None:
    """So the slow server gets what the fast one could only do later."""
    estimates, holding = an_outlook(), Deferrals()
    assert holding.is_better(new_task(1), {SOUTH: 40.0}, {NORTH: 25.0}, estimates, NOON)
    north = window_of(NORTH).servers[NORTH]
    assert estimates.expected(north, 0, "", 0).starts == pytest.approx(10.0)


def test_nobody_waits_longer_than_it_would_have_taken_elsewhere() -> None:
    """Whatever has become of the server that it waits for; each task has its own time."""
    holding, task = Deferrals(), new_task(1)
    for later in (0.0, 39.0):
        assert is_better(holding, task, {SOUTH: 40.0}, {NORTH: 25.0}, NOON + later)
    assert holding.next_in({task.task_id: task}, NOON + 39) == pytest.approx(1.0)
    assert not is_better(holding, task, {SOUTH: 40.0}, {NORTH: 25.0}, NOON + 40)
    assert is_better(holding, new_task(2), {SOUTH: 40.0}, {NORTH: 25.0}, NOON + 40)
    assert holding.next_in({task.task_id: task}, NOON + 40) is None
    # What has gone is forgotten.
    assert holding.next_in({}, NOON + 40) is None
    assert is_better(holding, task, {SOUTH: 40.0}, {NORTH: 25.0}, NOON + 40)


def ticket(name: str, at: float = NOON, turn: float = NOON) -> WaitingTask:
    """A task of another window."""
    return WaitingTask(at, TaskId(name), None, "", turn)


def names(*lines: tuple[int, list[WaitingTask]]) -> str:
    """Who comes in which order, where no window was served after another."""
    return " ".join(each.task_id for each in in_turn((n, NOON, line) for n, line in lines))


def test_the_window_with_the_fewest_places_comes_first() -> None:
    """A batch keeps nobody waiting for more than one place."""
    batch = [ticket(f"a{number}") for number in range(4)]
    late = [ticket(f"b{number}", NOON + 60) for number in range(3)]
    assert names((2, batch), (0, late)) == "b0 b1 a0 b2 a1 a2 a3"
    assert names((0, []), (5, late[:1])) == "b0"


def test_of_equals_the_oldest_comes_first_and_then_the_lesser_name() -> None:
    """All windows come to the same order."""
    one, other, oldest = ticket("b"), ticket("a"), ticket("c", NOON - 1)
    assert names((0, [one]), (0, [other]), (0, [oldest])) == "c a b"
    assert names((0, [oldest]), (0, [other]), (0, [one])) == "c a b"


def test_of_equals_the_one_comes_first_that_was_served_before_the_other() -> None:
    """A batch that has just lost all its places gets no second round before everybody else."""
    batch, other = [ticket("a", NOON - 60)], [ticket("b")]
    lines = [(0, NOON - 1, batch), (0, NOON - 2, other)]
    assert [each.task_id for each in in_turn(lines)] == ["b", "a"]


def test_own_tasks_and_those_of_others_are_treated_alike() -> None:
    own = new_task(1)
    (first, second) = in_turn([(0, 0.0, [own]), (0, 0.0, [ticket("x", NOON)])])
    assert (first.task_id, second) == ("x", own)


def test_what_was_put_first_in_any_window_comes_first() -> None:
    """However many places its window has; two windows that did so at one moment agree."""
    batch = [ticket("a0", turn=7.0), ticket("a1"), ticket("a2")]
    other = [ticket("b0", turn=5.0), ticket("b1", turn=7.0), ticket("b2")]
    assert names((9, batch), (0, other)) == names((0, other), (9, batch)) == "b0 a0 b1 b2 a1 a2"


def test_the_places_in_the_order_count_the_tasks_of_all_windows() -> None:
    """Even those of another window that are but counted; not, where all is sent at once."""
    window = new_window()
    for number in (1, 2):
        waiting_task(window, number)
    one, other = TaskId("t1"), TaskId("t2")
    assert places_in_order(window, NOON) == {one: 0, other: 1}
    theirs = ticket("theirs", turn=5.0)
    window.peers.receive(WindowId("other"), PeerReport(NOON, (theirs,), {}, more=2))
    assert places_in_order(window, NOON) == {one: 3, other: 4}
    window.peers.receive(WindowId("other"), PeerReport(NOON, (ticket("x", NOON - 9),), {}, more=2))
    assert places_in_order(window, NOON) == {one: 1, other: 3}
    window.send_all()
    assert places_in_order(window, NOON) == {one: 0, other: 1}


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6)), max_size=5))
def test_everybody_comes_once_and_each_window_in_its_own_order(
    windows: list[tuple[int, int]],
) -> None:
    """However many there are."""
    lines = [
        (places, 0.0, [ticket(f"{number}.{at}", NOON + at) for at in range(count)])
        for number, (places, count) in enumerate(windows)
    ]
    order = [each.task_id for each in in_turn(lines)]
    assert len(order) == sum(count for _, count in windows)
    for _, _, line in lines:
        assert [name for name in order if name in {t.task_id for t in line}] == [
            each.task_id for each in line
        ]
