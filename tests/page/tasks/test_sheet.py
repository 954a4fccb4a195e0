"""The order of tasks on the page, and which of them have a card."""

from hypothesis import given
from hypothesis import strategies as st

from page.tasks.sheet import on_sheet, presses
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


def test_the_latest_press_of_run_comes_first_and_its_pictures_in_their_order() -> None:
    window = new_window()
    first, second, third, fourth = asked(window, 0, ASKED_APART, 0.3, 0.3 + 900 * ASKED_APART)
    assert presses((fourth, second, first, third)) == [[third, fourth], [first, second]]
    assert presses(()) == []


def test_one_that_goes_to_another_server_stands_behind_the_one_it_replaces() -> None:
    window = new_window()
    north = window.server(NORTH, NOON)
    task = bound_task(window, north, *QUEUED)
    task.asked_at = NOON
    (other,) = asked(window, ASKED_APART)
    take_out(window, task, NOON + 60)
    resubmit(window, task, north, NOON + 60)
    new = next(each for each in window.tasks.values() if each.was_moved)
    assert presses(window.tasks.values()) == [[task, new, other]]


@given(st.lists(st.sampled_from(list(State)), max_size=8))
def test_no_step_of_a_task_moves_it(states: list[State]) -> None:
    """Whatever each becomes, it stays between its neighbours."""
    window = new_window()
    tasks = asked(window, *(number * ASKED_APART for number in range(len(states))))
    for task, state in zip(tasks, states, strict=True):
        task.state = state
    assert presses(reversed(tasks)) == ([tasks] if tasks else [])


def test_of_hundreds_the_first_have_cards() -> None:
    """What runs always has one, and what came of a press that is not done; others are counted."""
    window = new_window(places=9)
    server = window.server(NORTH, NOON)
    old = asked(window, *[0] * 4)
    new = asked(window, *[60] * 9)
    for task in (*old, *new[:4]):
        window.bind(task, server, NOON)
        for state in RUNNING:
            window.move(task, state)
    for task in (*old, *new[:3]):
        window.end(task, State.COMPLETED, NOON, "socket", None)
    shown = on_sheet(presses(window.tasks.values()), 2)
    assert shown == [*new[:3], new[3], *new[4:6]]
    assert views_of(window).view(NOON, most=2).tasks.folded == 7
    assert on_sheet(presses(window.tasks.values()), 5) == [*new, *old[:2]]
    everything = views_of(window).view(NOON).tasks
    assert (len(everything.rows), everything.folded) == (13, 0)


def test_an_ended_press_is_shown_as_far_as_there_is_room() -> None:
    window = new_window()
    server = window.server(NORTH, NOON)
    tasks = [bound_task(window, server, *RUNNING, number=number) for number in range(3)]
    for task in tasks:
        window.end(task, State.COMPLETED, NOON, "socket", None)
    assert on_sheet([tasks], 2) == tasks[:2]
