"""The figures of a window, and which of its tasks stand still."""

import pytest

from tests.tether.core.farm import (
    NOON,
    NORTH,
    ON_THE_WAY,
    QUEUED,
    RUNNING,
    bound_task,
    new_window,
    waiting_task,
)
from tests.tether.core.farm import UNKNOWN as NOT_ANSWERED
from tether.core.ids import TaskId
from tether.core.model.health import (
    LEAST_STALL,
    STALL_TIMES,
    UNKNOWN_STALL,
    Health,
    health,
    only_here,
    stalled_since,
)
from tether.core.model.task import State


def test_a_new_window_has_nothing_to_tell() -> None:
    assert health(new_window(), {}, (), NOON) == Health(0, 0, 0, 0, 0, 0, None)


def test_what_went_well_and_what_did_not() -> None:
    """Cancelled ones are nobody's fault; a task of a server that is gone can't be stuck."""
    window = new_window(places=9)
    server = window.server(NORTH, NOON)
    ends = (State.COMPLETED, State.COMPLETED, State.FAILED, State.LOST, State.CANCELLED)
    for number, state in enumerate(ends, 1):
        window.end(bound_task(window, server, *RUNNING, number=number), state, NOON, "socket", None)
    stuck = bound_task(window, server, *RUNNING, number=6)
    stuck.started_at = NOON
    waiting_task(window, 7)
    server.connection.losses = 3
    window.mended = 2
    now = NOON + UNKNOWN_STALL + 1
    assert health(window, {}, (0.3, 0.1, 9.0), now) == Health(4, 2, 1, 1, 3, 2, 0.3)
    assert health(window, {(NORTH, stuck.digest): 1e6}, (), now).stuck == 0
    del window.servers[NORTH]
    assert health(window, {}, (), now).stuck == 0


def test_what_no_server_has_for_certain_is_only_here() -> None:
    """Neither what is on its way, nor what may have arrived; what has ended is no more at all."""
    window = new_window(places=9)
    north = window.server(NORTH, NOON)
    waiting_task(window, 1)
    for number, states in enumerate(((), ON_THE_WAY, NOT_ANSWERED, QUEUED, RUNNING), start=2):
        bound_task(window, north, *states, number=number)
    ended = bound_task(window, north, *RUNNING, number=9)
    window.end(ended, State.COMPLETED, NOON, "socket", None)
    assert only_here(window) == 4
    window.tasks[TaskId("t5")].is_moving = True
    assert only_here(window) == 5


@pytest.mark.parametrize(
    ("usual", "limit"), [(None, UNKNOWN_STALL), (1.0, LEAST_STALL), (100.0, STALL_TIMES * 100.0)]
)
def test_how_long_a_task_may_stand_still_depends_on_the_usual(
    usual: float | None, limit: float
) -> None:
    """A model may be loading, so a minute is never too long."""
    window = new_window()
    task = bound_task(window, window.server(NORTH, NOON), *RUNNING)
    task.started_at, task.advanced_at = NOON, NOON + 5
    assert stalled_since(task, usual, NOON + 5 + limit) is None
    assert stalled_since(task, usual, NOON + 5 + limit + 1) == NOON + 5


def test_only_a_running_task_can_stand_still() -> None:
    """A queue may be long, and an end is an end."""
    window = new_window()
    task = bound_task(window, window.server(NORTH, NOON), *QUEUED)
    assert task.state is State.QUEUED
    assert stalled_since(task, 1.0, NOON + 9999) is None
