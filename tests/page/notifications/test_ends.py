"""Which tasks have ended since the person last looked."""

import pytest

from page.notifications.ends import LONG_RUN, Ends, seconds_until_long
from tests.tether.core.farm import NOON, NORTH, QUEUED, RUNNING, bound_task, new_window
from tether.core.model.task import State, Task
from tether.core.model.window import Window


def running(window: Window, number: int) -> Task:
    """A task that runs."""
    return bound_task(window, window.server(NORTH, NOON), *RUNNING, number=number)


def ended(window: Window, number: int, state: State) -> Task:
    """A task that has ended."""
    task = running(window, number)
    window.end(task, state, NOON, "socket", None)
    return task


def test_ends_are_counted_once() -> None:
    """However often a task's record changes afterwards; a cancelled task is no news."""
    window, ends = new_window(), Ends([])
    states = (State.COMPLETED, State.FAILED, State.LOST, State.COMPLETED, State.CANCELLED)
    tasks = [ended(window, number, state) for number, state in enumerate(states)]
    ends.note([*tasks, running(window, 9)])
    ends.note(tasks)
    assert ends.take() == (2, 2)
    ends.note(tasks)
    assert ends.take() == (0, 0)


def test_what_had_ended_before_is_never_counted() -> None:
    """It ended before the page was loaded."""
    window = new_window()
    ends = Ends([ended(window, 1, State.COMPLETED)])
    ends.note(window.tasks.values())
    assert ends.take() == (0, 0)


def test_a_lost_task_that_goes_on_ends_once_more() -> None:
    """What was said of it is then no longer true."""
    window, ends = new_window(), Ends([])
    task = ended(window, 1, State.LOST)
    ends.note([task])
    task.state = State.RUNNING
    ends.note([task])
    assert ends.take() == (0, 0)
    task.state = State.COMPLETED
    ends.note([task])
    assert ends.take() == (1, 0)


@pytest.mark.parametrize(("seconds", "left"), [(0, LONG_RUN), (LONG_RUN - 5, 5), (LONG_RUN + 5, 0)])
def test_work_will_have_taken_long(seconds: float, left: float) -> None:
    """Counted from when the oldest task was accepted, however short each is, once one runs."""
    window = new_window()
    oldest = bound_task(window, window.server(NORTH, NOON), *QUEUED, number=2)
    oldest.accepted_at = NOON
    assert seconds_until_long(window.tasks.values(), NOON) is None
    running(window, 3).accepted_at = NOON + 15
    assert seconds_until_long(window.tasks.values(), NOON + seconds) == left
