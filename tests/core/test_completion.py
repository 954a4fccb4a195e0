"""When a new task would start and end at a server."""

from hypothesis import given
from hypothesis import strategies as st

from app.core.balancer import choose
from app.core.completion import Costs, Expected, Standing, expect, loads, rest, within
from app.core.ids import ServerUrl
from tests.core.farm import NORTH, SOUTH


def test_a_task_starts_when_the_queue_is_done_and_its_pictures_are_there() -> None:
    """They go up while the queue moves."""
    standing = Standing(2, (7.0,))
    assert expect(standing, Costs(10.0, 5.0)) == Expected(27.0, 32.0)
    assert expect(standing, Costs(10.0, 5.0, upload=20.0)) == Expected(27.0, 32.0)
    assert expect(standing, Costs(10.0, 5.0, upload=40.0)) == Expected(40.0, 45.0)


def test_models_are_loaded_when_its_turn_comes() -> None:
    assert expect(Standing(1), Costs(10.0, 5.0, loading=60.0)) == Expected(10.0, 75.0)


def test_a_running_task_takes_what_is_left_of_its_usual_time() -> None:
    """No finer than its like are equal; the later one is, the longer it still takes."""
    assert rest(20.0, 5.0, 0.5) == 15.0
    assert rest(20.0, 18.0, 0.5) == 10.0
    assert rest(20.0, 90.0, 0.5) == 70.0


def test_what_a_server_counts_is_newer_than_what_we_know() -> None:
    assert within(1, [5.0, 6.0]) == (5.0,)
    assert within(3, [5.0, 6.0]) == (5.0, 6.0)


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
    ends = {url: expect(Standing(length), Costs(1.0, 1.0)).ends for url, length in lengths.items()}
    assert choose(loads(ends, 1.0), draw) == choose(lengths, draw)
