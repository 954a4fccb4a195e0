"""Which server a new task goes to."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.farm import NORTH, SOUTH, Chance
from tether.core.ids import ServerUrl
from tether.core.model.balancer import (
    LARGEST_SAMPLE,
    WHOLE_FLEET,
    choose,
    draw_for,
    sample,
    shortest,
)

servers = st.text(min_size=1, max_size=8).map(ServerUrl)


def test_the_shortest_queue_gets_the_task() -> None:
    """Whatever is drawn."""
    assert choose({NORTH: 3, SOUTH: 2}, 0.0) == SOUTH
    assert choose({NORTH: 3, SOUTH: 2}, 0.999) == SOUTH


def test_without_servers_there_is_no_choice() -> None:
    """And no error."""
    assert choose({}, 0.5) is None


def test_all_that_are_equally_short_are_told() -> None:
    """One of them will be drawn."""
    assert shortest({NORTH: 2, SOUTH: 2, ServerUrl("http://west"): 3}) == [NORTH, SOUTH]
    assert shortest({}) == []


@given(st.dictionaries(servers, st.integers(0, 500), min_size=1), st.floats(0, 1, exclude_max=True))
def test_the_choice_is_always_one_of_the_least_loaded(
    loads: dict[ServerUrl, int], draw: float
) -> None:
    """No draw can send a task behind a longer queue."""
    choice = choose(loads, draw)
    assert choice is not None
    assert loads[choice] == min(loads.values())


@given(st.integers())
def test_equals_are_chosen_alike_often(seed: int) -> None:
    """The first of equals would send every window to one server at the same moment."""
    chance = Chance(seed)
    equals = {ServerUrl(f"http://gpu-{n}"): 1 for n in range(4)}
    times = Counter(choose(equals, chance.uniform()) for _ in range(400))
    assert min(times[server] for server in equals) > 50


def test_of_a_large_fleet_some_are_asked_by_lot() -> None:
    """Each once, and all alike often; of a small one all."""
    assert sample(range(WHOLE_FLEET), Chance().uniform) == list(range(WHOLE_FLEET))
    chance, times = Chance(7), Counter[int]()
    for _ in range(2000):
        asked = sample(range(WHOLE_FLEET + 4), chance.uniform)
        assert len(set(asked)) == LARGEST_SAMPLE
        times.update(asked)
    assert min(times[number] for number in range(WHOLE_FLEET + 4)) > 700


@pytest.mark.parametrize(
    ("age", "number"), [(0.0, 8), (0.18, 8), (0.2, 7), (0.5, 3), (0.75, 2), (3.0, 2)]
)
def test_the_older_the_news_the_fewer_are_asked(age: float, number: int) -> None:
    """Of a small fleet all, however old."""
    assert len(sample(range(200), Chance().uniform, age)) == number
    assert len(sample(range(WHOLE_FLEET), Chance().uniform, age)) == WHOLE_FLEET


def test_the_lot_of_a_task_is_the_same_in_every_window() -> None:
    """And as good as any: of many names about as many come to each place."""
    assert draw_for("a task") == draw_for("a task")
    counts = Counter(int(4 * draw_for(f"task {number}")) for number in range(4000))
    assert set(counts) == {0, 1, 2, 3}
    assert min(counts.values()) > 900
