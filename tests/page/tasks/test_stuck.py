"""Tasks that stand still for much longer than their like."""

import pytest

from page.tasks.stuck import LEAST, TIMES, UNKNOWN, stillness
from tests.tether.core.farm import NOON, NORTH, QUEUED, RUNNING, bound_task, new_window
from tether.core.model.connection import Phase
from tether.core.model.task import State


@pytest.mark.parametrize(
    ("usual", "limit"), [(None, UNKNOWN), (1.0, LEAST), (100.0, TIMES * 100.0)]
)
def test_how_long_is_too_long_depends_on_its_like(usual: float | None, limit: float) -> None:
    """A model may be loading, so a minute is never too long."""
    window = new_window()
    server = window.server(NORTH, NOON)
    task = bound_task(window, server, *RUNNING)
    task.started_at, task.moved_at = NOON, NOON + 5
    task.heard_at, task.seen_at = NOON + 6, NOON + 7
    server.silent_since = NOON + 8
    assert stillness(task, server, usual, NOON + 5 + limit) is None
    found = stillness(task, server, usual, NOON + 5 + limit + 1)
    assert found == (NOON + 5, usual, Phase.IDLE, NOON + 6, NOON + 7, True)


def test_only_what_runs_can_stand_still() -> None:
    """A queue may be long, and an end is an end."""
    window = new_window()
    server = window.server(NORTH, NOON)
    task = bound_task(window, server, *QUEUED)
    assert task.state is State.QUEUED
    assert stillness(task, server, 1.0, NOON + 9999) is None
