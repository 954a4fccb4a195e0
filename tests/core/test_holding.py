"""Which task waits for a full server."""

import pytest

from app.core.holding import SURE, Holding, reckoned
from app.core.ids import ServerUrl, WindowId
from app.core.neighbours import News, Share
from app.core.outlook import Outlook
from app.core.task import Task
from tests.core.farm import NOON, NORTH, SOUTH, new_task
from tests.core.test_outlook import learned, window_of


def an_outlook() -> Outlook:
    """The north takes 10 s for a task, the south 40."""
    window = window_of(NORTH, SOUTH)
    return Outlook(window, learned(window, north=10.0, south=40.0), NOON)


def is_better(
    holding: Holding,
    task: Task,
    free: dict[ServerUrl, float],
    full: dict[ServerUrl, float],
    now: float = NOON,
) -> bool:
    """Whether it waits."""
    return holding.is_better(task, free, full, an_outlook(), now)


def test_a_task_waits_where_it_ends_first_all_the_same() -> None:
    """Not for a gain that is less than we know of seconds, and not for nothing."""
    assert is_better(Holding(), new_task(), {SOUTH: 40.0}, {NORTH: 25.0})
    assert not is_better(Holding(), new_task(), {SOUTH: 40.0}, {NORTH: 60.0})
    assert not is_better(Holding(), new_task(), {SOUTH: 25.2}, {NORTH: 25.0})
    assert not is_better(Holding(), new_task(), {SOUTH: 40.0}, {})
    assert not is_better(Holding(), new_task(), {}, {NORTH: 25.0})


@pytest.mark.parametrize(("doubt", "is_worth_it"), [(0.0, True), (5.0, True), (8.0, False)])
def test_the_less_is_known_of_a_wait_the_less_it_is_worth(doubt: float, is_worth_it: bool) -> None:
    """Fifteen seconds are to be won, if all goes as it should."""
    window = window_of(NORTH, SOUTH)
    outlook = Outlook(window, learned(window, north=10.0, south=40.0), NOON)
    share = Share(0, 1, 15.0, doubt)
    window.neighbours.told(WindowId("other"), News(NOON, (), {NORTH: share}))
    full = {NORTH: 25.0}
    assert reckoned(full, outlook) == {NORTH: pytest.approx(25.0 + SURE * doubt)}
    assert Holding().is_better(new_task(), {SOUTH: 40.0}, full, outlook, NOON) == is_worth_it


def test_who_waits_counts_for_the_next() -> None:
    """So the slow server gets what the fast one could only do later."""
    outlook, holding = an_outlook(), Holding()
    assert holding.is_better(new_task(1), {SOUTH: 40.0}, {NORTH: 25.0}, outlook, NOON)
    north = window_of(NORTH).servers[NORTH]
    assert outlook.expected(north, 0, "", 0).starts == pytest.approx(10.0)


def test_nobody_waits_longer_than_it_would_have_taken_elsewhere() -> None:
    """Whatever has become of the server that it waits for; each task has its own time."""
    holding, task = Holding(), new_task(1)
    for later in (0.0, 39.0):
        assert is_better(holding, task, {SOUTH: 40.0}, {NORTH: 25.0}, NOON + later)
    assert holding.look_again_in({task.task_id: task}, NOON + 39) == pytest.approx(1.0)
    assert not is_better(holding, task, {SOUTH: 40.0}, {NORTH: 25.0}, NOON + 40)
    assert is_better(holding, new_task(2), {SOUTH: 40.0}, {NORTH: 25.0}, NOON + 40)
    assert holding.look_again_in({task.task_id: task}, NOON + 40) is None
    # What has gone is forgotten.
    assert holding.look_again_in({}, NOON + 40) is None
    assert is_better(holding, task, {SOUTH: 40.0}, {NORTH: 25.0}, NOON + 40)
