"""What a window expects of its servers for a new task.

When a new task would start and end at a server.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.farm import NOON, NORTH, QUEUED, RUNNING, SOUTH, bound_task, new_window
from tether.core.ids import ServerUrl, TaskId, WindowId
from tether.core.model.balancer import choose
from tether.core.model.durations import Durations
from tether.core.model.task import State
from tether.core.model.window import Window
from tether.core.scheduling.estimates import (
    Estimates,
    Expected,
    expect,
    loads,
    time_left,
)
from tether.core.windows.peers import PeerLoad, PeerReport, WaitingTask


def window_of(*urls: ServerUrl) -> Window:
    """A window with these servers."""
    window = new_window()
    for url in urls:
        window.server(url, NOON)
    return window


def learned(window: Window, **seconds: float) -> Durations:
    """What a window has learned when each server (by its name's start) took so long ten times."""
    done = []
    for server in list(window.servers.values()):
        for number in range(10):
            task = bound_task(window, server, *RUNNING, number=100 + number)
            window.end(task, State.COMPLETED, NOON, "socket", None)
            task.ran = seconds[server.name.partition(":")[0]]
            done.append(task)
    return Durations(done)


def test_without_history_it_is_the_length_of_the_queue() -> None:
    """With what is on its way, and one for the task itself, whatever there is to upload."""
    window = window_of(NORTH)
    north = window.servers[NORTH]
    north.bandwidth = 1.0
    bound_task(window, north, number=1)
    bound_task(window, north, *RUNNING, number=2)
    estimates = Estimates(window, Durations(), NOON + 5)
    assert estimates.expected(north, 3, "", 9).ends == 5.0
    assert estimates.expected(north, 0, "", 9).ends == 2.0
    assert estimates.usual("") == 1.0


def test_own_entries_and_those_of_others_take_their_time() -> None:
    """Of one that runs only the rest."""
    window = window_of(NORTH)
    north = window.servers[NORTH]
    durations = learned(window, north=10.0)
    bound_task(window, north, *RUNNING, number=1).started_at = NOON - 4
    bound_task(window, north, *QUEUED, number=2)
    bound_task(window, north, number=3)
    estimates = Estimates(window, durations, NOON)
    # 6 of the running one, 10 of ours behind it, 20 of two others, 10 on its way.
    assert estimates.expected(north, 4, "", 0) == pytest.approx((46.0, 56.0))
    # It has just told that its queue is empty: only what is on its way comes before.
    assert estimates.expected(north, 0, "", 0).starts == pytest.approx(10.0)
    assert estimates.usual("") == pytest.approx(10.0)


def test_an_upload_takes_as_long_as_the_last_ones_did() -> None:
    """Where nobody has measured, as on the others."""
    window = window_of(NORTH, SOUTH)
    north, south = window.servers.values()
    durations = learned(window, north=10.0, south=10.0)
    assert Estimates(window, durations, NOON).expected(south, 0, "", 600).starts == 0.0
    north.bandwidth = 20.0
    assert Estimates(window, durations, NOON).expected(north, 0, "", 600).starts == 30.0
    assert Estimates(window, durations, NOON).expected(south, 0, "", 600).starts == 30.0


def test_news_is_as_old_as_the_upload() -> None:
    """In tasks; where nothing was measured, it is taken for fresh."""
    window = window_of(NORTH, SOUTH)
    durations = learned(window, north=10.0, south=10.0)
    assert Estimates(window, durations, NOON).age("", 600) == 0.0
    window.servers[NORTH].bandwidth = 20.0
    assert Estimates(window, durations, NOON).age("", 600) == pytest.approx(3.0)
    assert Estimates(window, Durations(), NOON).age("", 600) == 0.0


def test_what_waits_for_a_server_comes_before_what_comes_next() -> None:
    """With the models that it needs."""
    window = window_of(NORTH)
    estimates = Estimates(window, learned(window, north=10.0), NOON)
    estimates.promise(NORTH, "")
    estimates.promise(NORTH, "")
    assert estimates.expected(window.servers[NORTH], 0, "", 0).starts == pytest.approx(20.0)


def test_only_of_tasks_like_those_that_were_timed_the_rest_is_sure() -> None:
    window = window_of(NORTH)
    estimates = Estimates(window, learned(window, north=10.0), NOON)
    bound_task(window, window.servers[NORTH], *RUNNING, number=1).started_at = NOON - 4
    assert estimates.backlog(NORTH)[1] is not None
    strange = bound_task(window, window.servers[NORTH], *RUNNING, number=2)
    strange.workload, strange.started_at = "strange.", NOON - 4
    assert estimates.backlog(NORTH) == (pytest.approx(12.0), None)


def test_what_other_windows_of_this_browser_have_there_takes_its_time() -> None:
    """What is on its way comes before a new task; how long all of it takes they say themselves."""
    window = window_of(NORTH)
    north = window.servers[NORTH]
    estimates = Estimates(window, learned(window, north=10.0), NOON)
    bound_task(window, north, *RUNNING, number=1).started_at = NOON - 4
    share = PeerLoad(2, 1, 30.0, 1.0)
    window.peers.receive(WindowId("other"), PeerReport(NOON, (), {NORTH: share}))
    assert estimates.share(NORTH) == share
    assert estimates.expected(north, 2, "", 0).starts == pytest.approx(6.0 + 10.0 + 20.0)
    own, doubt = estimates.own_backlog(NORTH)
    assert doubt is not None
    assert own == pytest.approx(6.0)
    assert estimates.backlog(NORTH) == pytest.approx((36.0, doubt + 1.0))
    news = PeerReport(NOON, (), {NORTH: share._replace(doubt=None)})
    window.peers.receive(WindowId("other"), news)
    # Where it can't say that, its tasks are taken for usual ones.
    assert estimates.backlog(NORTH) == pytest.approx((36.0, 4 * doubt))


def test_tasks_that_wait_in_a_window_that_nobody_sees_are_a_crowd() -> None:
    window = window_of(NORTH)
    for is_hidden in (False, True):
        waiting = (WaitingTask(NOON, TaskId("theirs"), None, "", NOON),)
        news = PeerReport(NOON, waiting, {}, is_hidden=is_hidden)
        window.peers.receive(WindowId("other"), news)
        assert Estimates(window, Durations(), NOON).is_crowded() == is_hidden


def test_a_task_that_began_in_the_future_has_not_begun() -> None:
    """Clocks may be put back."""
    window = window_of(NORTH)
    estimates = Estimates(window, learned(window, north=10.0), NOON)
    bound_task(window, window.servers[NORTH], *RUNNING, number=1).started_at = NOON + 60
    assert estimates.backlog(NORTH)[0] == pytest.approx(10.0)


def test_a_task_starts_when_the_queue_is_done_and_its_pictures_are_there() -> None:
    """They go up while the queue moves."""
    assert expect(27.0, 5.0) == Expected(27.0, 32.0)
    assert expect(27.0, 5.0, upload=20.0) == Expected(27.0, 32.0)
    assert expect(27.0, 5.0, upload=40.0) == Expected(40.0, 45.0)


def test_models_are_loaded_when_its_turn_comes() -> None:
    assert expect(10.0, 5.0, loading=60.0) == Expected(10.0, 75.0)


def test_a_running_task_takes_what_is_left_of_its_usual_time() -> None:
    """No finer than its like are equal; the later one is, the longer it still takes."""
    assert time_left(20.0, 5.0, 0.5) == 15.0
    assert time_left(20.0, 18.0, 0.5) == 10.0
    assert time_left(20.0, 90.0, 0.5) == 70.0


def test_ends_are_compared_as_finely_as_they_are_known() -> None:
    """Two servers that differ by a moment are equals."""
    assert loads({NORTH: 30.2, SOUTH: 29.9}, 10.0) == {NORTH: 3.0, SOUTH: 3.0}
    assert loads({NORTH: 32.0, SOUTH: 29.9}, 10.0) == {NORTH: 3.2, SOUTH: 3.0}


@given(
    st.dictionaries(st.text(min_size=1).map(ServerUrl), st.integers(0, 500), min_size=1),
    st.floats(0, 1, exclude_max=True),
)
def test_without_history_it_is_the_shortest_queue(
    lengths: dict[ServerUrl, int], draw: float
) -> None:
    """Exactly, ties included."""
    ends = {url: expect(length, 1.0).ends for url, length in lengths.items()}
    assert choose(loads(ends, 1.0), draw) == choose(lengths, draw)
