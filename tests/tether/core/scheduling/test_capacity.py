"""How many tasks of ours a server has at a time."""

import pytest

from tests.tether.core.farm import (
    NOON,
    NORTH,
    QUEUED,
    RUNNING,
    bound_task,
    new_window,
    waiting_task,
)
from tether.core.errors import Trouble
from tether.core.ids import TaskId, WindowId
from tether.core.model.durations import Durations
from tether.core.model.server import Reach, Server
from tether.core.model.task import State
from tether.core.model.window import Window
from tether.core.scheduling.capacity import (
    AT_ONCE,
    LATENCY,
    MARGIN,
    NEVER,
    SHORTEST_WAIT,
    Capacity,
)
from tether.core.scheduling.estimates import Estimates
from tether.core.windows.peers import REPORT_LIFETIME, PeerLoad, PeerReport, WaitingTask

CALLS = 2 * LATENCY + MARGIN
"""Seconds from a choice to a server that has the task, without an upload."""


def farm(places: int = 2) -> tuple[Window, Server]:
    """A window with one server that is up."""
    window = new_window(places)
    north = window.server(NORTH, NOON)
    north.answered()
    return window, north


def learned(window: Window, server: Server, seconds: float = 10.0) -> Durations:
    """What thirty tasks have taught that took as long as each other."""
    done = []
    for number in range(100, 130):
        task = bound_task(window, server, *RUNNING, number=number)
        window.end(task, State.COMPLETED, NOON, "socket", None)
        task.ran = seconds
        done.append(task)
    return Durations(done)


def wait(
    window: Window, durations: Durations, length: int, now: float = NOON, size: int = 0
) -> float:
    """In how many seconds the server may have one more."""
    capacity = Capacity(window, Estimates(window, durations, now))
    return capacity.wait(window.servers[NORTH], length, size)


def test_two_at_a_time_while_nobody_knows_how_long_they_take() -> None:
    """One runs and one stands behind it."""
    window, north = farm()
    assert wait(window, Durations(), 0) == 0
    bound_task(window, north, *RUNNING, number=1)
    assert wait(window, Durations(), 1) == 0
    bound_task(window, north, *QUEUED, number=2)
    assert wait(window, Durations(), 2) == NEVER


def test_the_next_goes_there_just_before_the_last_is_done() -> None:
    """So that it arrives in time, with its pictures; no earlier, for another may be free first."""
    window, north = farm()
    durations = learned(window, north)
    assert wait(window, durations, 0) == 0
    bound_task(window, north, *RUNNING, number=1).started_at = NOON - 4
    doubt = 10 * durations.spread("")
    assert wait(window, durations, 1) == pytest.approx(6.0 - doubt - CALLS)
    assert wait(window, durations, 1, now=NOON + 5.3) == 0
    # What no clock can add to the time of day is no wait, or nothing would end it.
    almost = NOON + 6.0 - doubt - CALLS - SHORTEST_WAIT / 2
    assert wait(window, durations, 1, now=almost) == 0
    assert 0 < wait(window, durations, 1, now=almost - SHORTEST_WAIT) < 2 * SHORTEST_WAIT
    north.latency, north.bandwidth = 0.5, 100.0
    expected = 6.0 - doubt - 1.0 - 2.0 - MARGIN
    assert wait(window, durations, 1, size=200) == pytest.approx(expected)
    bound_task(window, north, *QUEUED, number=2)
    assert wait(window, durations, 2, now=NOON + 5) == NEVER


def test_where_ends_are_anybodys_guess_the_next_goes_when_the_last_has_ended() -> None:
    """Sent ahead, it would mostly stand there for long."""
    window, north = farm()
    durations = learned(window, north, 1000.0)
    bound_task(window, north, *RUNNING, number=1).started_at = NOON - 999
    assert wait(window, durations, 1) == NEVER
    assert north.latency is None
    north.latency = 10.0
    assert wait(window, durations, 1) == 0


def test_what_is_over_in_a_moment_has_another_behind_it_at_once() -> None:
    """A server must not idle between tiny tasks."""
    window, north = farm()
    durations = learned(window, north, 0.05)
    bound_task(window, north, number=1)
    assert wait(window, durations, 0) == 0


@pytest.mark.parametrize("why", ["others", "hidden", "strange"])
def test_nobody_holds_back_where_that_costs_or_can_not_be_timed(why: str) -> None:
    """Others come before us, timers are late, or the end is anybody's guess."""
    window, north = farm()
    durations = learned(window, north)
    task = bound_task(window, north, *RUNNING, number=1)
    task.started_at = NOON
    assert wait(window, durations, 1) > 0
    window.is_hidden = why == "hidden"
    task.workload = "strange." if why == "strange" else task.workload
    assert wait(window, durations, 2 if why == "others" else 1) == 0


def test_what_is_on_its_way_is_ours_when_the_server_counts_it() -> None:
    """The number may come before the answer; but not before the POST."""
    window, north = farm()
    capacity = Capacity(window, Estimates(window, learned(window, north), NOON))
    assert capacity.is_shared(NORTH, None)
    bound_task(window, north, State.UPLOADING, number=1)
    assert not capacity.is_shared(NORTH, 1)
    bound_task(window, north, State.UPLOADING, State.POSTING, number=2)
    assert capacity.is_shared(NORTH, 1)
    assert not capacity.is_shared(NORTH, 2)
    assert capacity.length_of(north) == 0
    bound_task(window, north, *RUNNING, number=3)
    assert capacity.length_of(north) == 1
    north.note_queue(5, NOON)
    assert capacity.length_of(north) == 5


def test_tasks_of_this_browsers_other_windows_are_as_good_as_ours() -> None:
    """The next of any window goes there just before the last of any has done."""
    window, north = farm()
    durations = learned(window, north)
    there = PeerLoad(1, 1, 6.0, 0.0)
    window.peers.receive(WindowId("other"), PeerReport(NOON, (), {NORTH: there}))
    assert wait(window, durations, 2) == pytest.approx(6.0 - CALLS)
    assert wait(window, durations, 2, now=NOON + 4) == pytest.approx(2.0 - CALLS)
    assert wait(window, durations, 3) == 0
    capacity = Capacity(window, Estimates(window, durations, NOON))
    assert capacity.may_wait_for(north, 2, NOON)
    assert capacity.length_of(north) == 1
    # Another window can't say how long its own will take.
    news = PeerReport(NOON, (), {NORTH: there._replace(doubt=None)})
    window.peers.receive(WindowId("other"), news)
    assert wait(window, durations, 2) == NEVER


@pytest.mark.parametrize("why", ["nobody knows how long they take", "hidden", "other hidden"])
def test_windows_of_a_browser_have_two_at_a_time_together(why: str) -> None:
    """Where others' tasks stand too, each has two: who holds back loses places to them."""
    window, north = farm()
    durations = learned(window, north) if "hidden" in why else Durations()
    window.is_hidden = why == "hidden"
    is_other_hidden = why == "other hidden"
    waiting = (WaitingTask(NOON, TaskId("theirs"), None, "", NOON),) if is_other_hidden else ()

    def other_has(coming: int, arrived: int) -> None:
        shares = {NORTH: PeerLoad(coming, arrived, 6.0, 0.0)}
        news = PeerReport(NOON, waiting, shares, is_hidden=is_other_hidden)
        window.peers.receive(WindowId("other"), news)

    other_has(0, 1)
    assert wait(window, durations, 1) == 0
    bound_task(window, north, *RUNNING, number=1)
    assert (wait(window, durations, 2), wait(window, durations, 3)) == (NEVER, 0)
    other_has(0, 0)
    assert wait(window, durations, 1) == 0
    other_has(1, 0)
    assert wait(window, durations, 1) == NEVER
    assert wait(window, durations, 1, now=NOON + REPORT_LIFETIME) == 0
    waiting_task(window, 2)
    window.send_all()
    assert wait(window, durations, 1) == 0


def test_beside_a_hidden_batch_nobody_waits_until_a_server_is_nearly_done() -> None:
    """It never is: the hidden window has put the next one there already."""
    window, north = farm()
    durations = learned(window, north)
    theirs = PeerReport(
        NOON,
        (WaitingTask(NOON, TaskId("theirs"), None, "", NOON),),
        {NORTH: PeerLoad(0, 1, 9.0, 0.0)},
    )
    window.peers.receive(WindowId("other"), theirs)
    assert wait(window, durations, 1) > 0
    assert Capacity(window, Estimates(window, durations, NOON)).may_wait_for(north, 1, NOON)
    window.peers.receive(WindowId("other"), theirs._replace(is_hidden=True))
    assert wait(window, durations, 1) == 0
    assert not Capacity(window, Estimates(window, durations, NOON)).may_wait_for(north, 1, NOON)


def test_a_place_that_is_left_to_another_window_is_not_ours() -> None:
    """Of two the other one is; where one is sent at a time, there is none but that."""
    window, north = farm()
    for durations in (Durations(), learned(window, north)):
        capacity = Capacity(window, Estimates(window, durations, NOON))
        found = []
        for _ in range(3):
            found.append(capacity.wait(north, 0, 0))
            capacity.leave(NORTH)
        assert found == ([0, NEVER, NEVER] if durations else [0, 0, NEVER])
        assert capacity.wait(north, 1, 0) == 0  # others' tasks stand there


def test_all_are_sent_at_once_when_a_person_wants_to_leave() -> None:
    """As many as the browser has sockets for."""
    window, north = farm()
    durations = learned(window, north)
    waiting_task(window)
    window.send_all()
    for number in range(2, 2 + AT_ONCE):
        assert wait(window, durations, 0) == 0
        bound_task(window, north, number=number)
    assert wait(window, durations, 0) == NEVER


@pytest.mark.parametrize(
    "why", ["", "idle", "others", "hidden", "hurried", "strange", "down", "resting"]
)
def test_a_task_may_wait_for_a_server_only_where_the_wait_is_known(why: str) -> None:
    window, north = farm()
    durations = learned(window, north)
    if why != "idle":
        task = bound_task(window, north, *RUNNING, number=1)
        task.workload = "strange." if why == "strange" else task.workload
    if why == "down":
        north.failed(Reach.DOWN, Trouble.of("server_silent"), NOON - 99)
    north.rests_until = NOON + 1 if why == "resting" else 0.0
    window.is_hidden = why == "hidden"
    waiting_task(window, 9)
    if why == "hurried":
        window.send_all()
    capacity = Capacity(window, Estimates(window, durations, NOON))
    assert capacity.may_wait_for(north, 2 if why == "others" else 1, NOON) == (not why)
