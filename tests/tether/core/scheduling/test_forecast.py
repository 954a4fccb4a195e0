"""Where a new task would go, as far as the servers have told."""

import pytest

from tests.tether.core.farm import NOON, NORTH, RUNNING, SOUTH, bound_task, new_window, waiting_task
from tests.tether.core.scheduling.test_estimates import learned as taught
from tether.core.errors import Trouble
from tether.core.ids import ServerUrl, WindowId
from tether.core.model.durations import Durations
from tether.core.model.server import Reach, Use
from tether.core.model.task import State
from tether.core.model.window import Window
from tether.core.scheduling.forecast import ANYTHING, OUTDATED_AFTER, Forecast, Needs, forecast
from tether.core.windows.peers import PeerLoad, PeerReport

WEST = ServerUrl("http://west:8188")


def window_of(lengths: dict[ServerUrl, int], places: int = 2) -> Window:
    """A window whose servers have just told the lengths of their queues."""
    window = new_window(places)
    for url, length in lengths.items():
        server = window.server(url, NOON)
        server.answered()
        server.note_queue(length, NOON)
    return window


def urls(found: Forecast) -> tuple[list[str], list[str]]:
    """Who gets the task, and who comes after."""
    return [each.server.url for each in found.first], [each.server.url for each in found.others]


def whys(found: Forecast) -> dict[str, str]:
    """What keeps the others."""
    return {each.server.url: each.why for each in found.obstacles}


def test_the_shortest_queue_comes_first() -> None:
    """The others follow, by their length."""
    window = window_of({NORTH: 3, SOUTH: 0, WEST: 1})
    found = forecast(window, ANYTHING, Durations(), NOON)
    assert urls(found) == ([SOUTH], [WEST, NORTH])
    assert [each.load for each in found.others] == [1, 3]
    assert found.first[0].expected is None


def test_equals_are_told_together() -> None:
    """One of them is drawn by lot."""
    found = forecast(window_of({NORTH: 1, SOUTH: 1, WEST: 2}), ANYTHING, Durations(), NOON)
    assert urls(found) == ([NORTH, SOUTH], [WEST])


def test_what_is_on_its_way_counts() -> None:
    """The server can't have told of it yet."""
    window = window_of({NORTH: 0, SOUTH: 1})
    for number in (1, 2):
        bound_task(window, window.servers[NORTH], number=number)
        assert urls(forecast(window, ANYTHING, Durations(), NOON))[0] != [NORTH]


def test_a_server_that_told_no_length_counts_as_empty() -> None:
    """Like one that has just started."""
    window = window_of({NORTH: 1})
    window.server(SOUTH, NOON).answered()
    assert urls(forecast(window, ANYTHING, Durations(), NOON)) == ([SOUTH], [NORTH])


def learned(window: Window, **seconds: float) -> Durations:
    """What the window has learned: by the start of a server's name."""
    done = []
    for number, (name, ran) in enumerate(seconds.items(), start=100):
        server = window.servers[ServerUrl(f"http://{name}:8188")]
        task = bound_task(window, server, *RUNNING, number=number)
        window.end(task, State.COMPLETED, NOON, "socket", None)
        task.ran = ran
        done.append(task)
    return Durations(done)


def test_known_paces_decide() -> None:
    """Seconds are told of those servers alone; an unknown one is taken for an ordinary one."""
    window = window_of({NORTH: 0, SOUTH: 1, WEST: 2})
    found = forecast(window, ANYTHING, learned(window, north=180.0, south=20.0), NOON)
    assert urls(found) == ([SOUTH], [WEST, NORTH])
    south, west, north = (each.expected for each in (*found.first, *found.others))
    assert (south, north) == (pytest.approx((20.0, 40.0)), pytest.approx((0.0, 180.0)))
    assert west is None


def test_without_a_free_place_a_task_waits_here() -> None:
    """The servers are able, but have all of this window's tasks that they may."""
    window = window_of({NORTH: 1}, places=1)
    task = bound_task(window, window.servers[NORTH], *RUNNING)
    found = forecast(window, ANYTHING, Durations(), NOON)
    assert (urls(found), found.is_full) == (([], []), True)
    window.end(task, State.COMPLETED, NOON, "socket", None)
    assert urls(forecast(window, ANYTHING, Durations(), NOON)) == ([NORTH], [])


def test_the_next_task_waits_for_a_server_that_has_something_to_do() -> None:
    """When it would start there is known; but not while others wait before it."""
    window = window_of({NORTH: 0})
    durations = learned(window, north=180.0)
    running = bound_task(window, window.servers[NORTH], *RUNNING, number=1)
    running.started_at = NOON
    (north,) = forecast(window, ANYTHING, durations, NOON).first
    assert north.expected == pytest.approx((180.0, 360.0))
    waiting_task(window, 2)
    assert forecast(window, ANYTHING, durations, NOON).is_full


@pytest.mark.parametrize(("doubt", "first"), [(1.0, NORTH), (30.0, SOUTH)])
def test_a_wait_for_a_better_server_counts_by_its_doubt(doubt: float, first: ServerUrl) -> None:
    """As where the choice is made: rather the slow server than a guess."""
    window = window_of({NORTH: 1, SOUTH: 0})
    durations = taught(window, north=10.0, south=60.0)
    share = PeerLoad(0, 1, 20.0, doubt)
    window.peers.receive(WindowId("other"), PeerReport(NOON, (), {NORTH: share}))
    assert urls(forecast(window, ANYTHING, durations, NOON))[0] == [first]


def test_what_keeps_servers_is_told() -> None:
    """Each has its own reason."""
    window = window_of({NORTH: 0, SOUTH: 0, WEST: 0})
    window.servers[WEST].refused_picture(5000)
    window.servers[NORTH].judge(Reach.DOWN, Trouble.of("server_silent"), NOON)
    found = forecast(window, Needs((SOUTH,), (10, 6000)), Durations(), NOON)
    assert (urls(found), found.is_full) == (([], []), False)
    assert whys(found) == {NORTH: "down", SOUTH: "lacks", WEST: "too_large"}


def test_one_that_rests_is_none_until_its_rest_is_over() -> None:
    """Whatever it answers."""
    window = window_of({NORTH: 0})
    window.servers[NORTH].rests_until = NOON + 5
    assert whys(forecast(window, ANYTHING, Durations(), NOON)) == {NORTH: "rests"}
    assert urls(forecast(window, ANYTHING, Durations(), NOON + 5)) == ([NORTH], [])


def test_one_that_leaves_is_not_spoken_of() -> None:
    """As if there were none."""
    window = window_of({NORTH: 0})
    window.servers[NORTH].use = Use.REMOVED
    assert forecast(window, ANYTHING, Durations(), NOON) == Forecast()


@pytest.mark.parametrize(("age", "is_old"), [(OUTDATED_AFTER, False), (OUTDATED_AFTER + 1, True)])
def test_what_was_told_long_ago_is_said_to_be_old(age: float, is_old: bool) -> None:
    """Nobody is asked while the page idles."""
    found = forecast(window_of({NORTH: 0, SOUTH: 2}), ANYTHING, Durations(), NOON + age)
    assert found.is_old is is_old


def test_one_that_a_person_has_paused_is_none() -> None:
    window = window_of({NORTH: 0, SOUTH: 3})
    window.servers[NORTH].is_paused = True
    found = forecast(window, ANYTHING, Durations(), NOON)
    assert urls(found) == ([SOUTH], [])
    assert whys(found) == {NORTH: "paused"}
