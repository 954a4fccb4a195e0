"""Which tasks came to their end since the person last looked."""

import pytest

from page.notifications.ends import LONG, Ends, runs_long
from tests.tether.core.farm import NOON, NORTH, QUEUED, RUNNING, bound_task, new_window
from tether.core.model.task import State, Task
from tether.core.model.window import Window


def running(window: Window, number: int) -> Task:
    """A task that runs."""
    return bound_task(window, window.server(NORTH, NOON), *RUNNING, number=number)


def look(ends: Ends, window: Window, is_watched: bool = False) -> tuple[int, int]:
    """What is told now."""
    return ends.look(window.tasks.values(), is_watched)


def test_ends_are_told_once_all_tasks_have_one() -> None:
    """And once only."""
    window, ends = new_window(), Ends()
    assert look(ends, window) == (0, 0)
    for number, state in enumerate((State.COMPLETED, State.FAILED, State.LOST, State.COMPLETED)):
        running(window, number)
        if number == 3:
            running(window, 9)
        window.end(window.tasks[f"t{number}"], state, NOON, "socket", None)  # type: ignore[index]
        if number == 3:
            assert look(ends, window) == (0, 0)
    window.end(window.tasks["t9"], State.CANCELLED, NOON, "socket", None)  # type: ignore[index]
    assert look(ends, window) == (2, 2)
    assert look(ends, window) == (0, 0)


def test_what_the_person_saw_is_not_told() -> None:
    """Nor what had ended before the page was loaded."""
    window, ends = new_window(), Ends()
    window.end(running(window, 1), State.COMPLETED, NOON, "socket", None)
    assert look(ends, window) == (0, 0)
    window.end(running(window, 2), State.COMPLETED, NOON, "socket", None)
    assert look(ends, window, is_watched=True) == (0, 0)
    window.end(running(window, 3), State.COMPLETED, NOON, "socket", None)
    assert look(ends, window) == (1, 0)


@pytest.mark.parametrize(("seconds", "is_long"), [(LONG, False), (LONG + 0.1, True)])
def test_a_task_may_run_long(seconds: float, is_long: bool) -> None:
    """From when it was seen to start."""
    window = new_window()
    task = running(window, 1)
    bound_task(window, window.servers[NORTH], *QUEUED, number=2)
    assert not runs_long(window.tasks.values(), NOON + 1000)
    task.started_at = NOON
    assert runs_long(window.tasks.values(), NOON + seconds) is is_long
    window.end(task, State.COMPLETED, NOON, "socket", None)
    assert not runs_long(window.tasks.values(), NOON + 1000)
