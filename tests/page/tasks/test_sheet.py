"""The order of tasks on the page."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from page.tasks.sheet import in_order
from tests.page.test_view import views_of
from tests.tether.core.farm import (
    NOON,
    NORTH,
    QUEUED,
    RUNNING,
    bound_task,
    new_window,
    waiting_task,
)
from tether.core.model.server import Server
from tether.core.model.task import ASKED_APART, State, Task
from tether.core.model.window import Window
from tether.core.submission.withdrawal import resubmit, take_out


def asked(window: Window, *times: float) -> list[Task]:
    """Make tasks that were asked for at these seconds after noon."""
    tasks = []
    for number, at in enumerate(times, 10 + len(window.tasks)):
        tasks.append(waiting_task(window, number))
        tasks[-1].asked_at = NOON + at
    return tasks


def press(window: Window, at: float, count: int) -> list[Task]:
    """Make so many tasks by one press of Run."""
    return asked(window, *(at + number * ASKED_APART for number in range(count)))


def start(window: Window, server: Server, tasks: Iterable[Task]) -> None:
    """Let a server work on tasks."""
    for task in tasks:
        window.bind(task, server, NOON)
        for state in RUNNING:
            window.move(task, state)


def complete(window: Window, tasks: Iterable[Task]) -> None:
    """Let tasks end well."""
    for task in tasks:
        window.end(task, State.COMPLETED, NOON, "socket", None)


def test_the_latest_press_of_run_comes_first_and_its_pictures_in_their_order() -> None:
    window = new_window()
    first, second, third, fourth = asked(window, 0, ASKED_APART, 0.3, 0.3 + 900 * ASKED_APART)
    assert in_order((fourth, second, first, third)) == [third, fourth, first, second]
    assert in_order(()) == []


def test_one_that_goes_to_another_server_stands_behind_the_one_it_replaces() -> None:
    window = new_window()
    north = window.server(NORTH, NOON)
    task = bound_task(window, north, *QUEUED)
    task.asked_at = NOON
    (other,) = asked(window, ASKED_APART)
    take_out(window, task, NOON + 60)
    resubmit(window, task, north, NOON + 60)
    new = next(each for each in window.tasks.values() if each.was_moved)
    assert in_order(window.tasks.values()) == [task, new, other]


@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 23), st.booleans()), max_size=30),
)
def test_nothing_that_happens_to_a_task_takes_its_card_or_moves_it(
    counts: list[int], steps: list[tuple[int, bool]]
) -> None:
    """Whatever starts and ends, in whichever order; several at once between two looks."""
    window = new_window(places=99)
    server = window.server(NORTH, NOON)
    for number, count in enumerate(counts):
        press(window, number, count)
    tasks, views = list(window.tasks.values()), views_of(window)
    before: list[str] = []
    for number, is_looked_at in steps:
        task = tasks[number % len(tasks)]
        if task.state is State.WAITING:
            start(window, server, [task])
        elif task.state is State.RUNNING:
            complete(window, [task])
        if is_looked_at:
            view = views.view(NOON).tasks
            shown = [row.task_id for row in view.rows]
            assert shown == list(view.states) == (before or shown)
            assert [row.state for row in view.rows] == list(view.states.values())
            before = shown


def test_those_near_what_is_in_view_have_a_row_and_all_have_a_place() -> None:
    """Which is known by its state; a task that comes or goes is seen at once."""
    window = new_window(places=9)
    old, new = press(window, 0, 3), press(window, 60, 2)
    start(window, window.server(NORTH, NOON), old)
    complete(window, old[:1])
    views = views_of(window)
    view = views.view(NOON, near={old[1].task_id, new[1].task_id}).tasks
    assert [row.task_id for row in view.rows] == [new[1].task_id, old[1].task_id]
    assert list(view.states.items()) == [
        *((task.task_id, "waiting") for task in new),
        (old[0].task_id, "completed"),
        *((task.task_id, "running") for task in old[1:]),
    ]
    (last,) = asked(window, 90)
    window.dismiss(old[0])
    left = [last, *new, *old[1:]]
    assert list(views.view(NOON).tasks.states) == [task.task_id for task in left]
