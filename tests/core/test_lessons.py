"""What the ended tasks of a window teach."""

from app.core.errors import Trouble
from app.core.lessons import Lessons
from app.core.task import State, Task
from tests.core.farm import INVERT, NOON, NORTH, RUNNING, SOUTH, bound_task, new_window


def test_all_is_learned_once_and_anew_when_a_task_has_ended() -> None:
    """Looking at hundreds of tasks for each choice and each repaint would cost too much."""
    looks = 0
    known: list[Task] = []

    def ended() -> list[Task]:
        nonlocal looks
        looks += 1
        return known

    lessons = Lessons(ended)
    for _ in range(2):
        assert not lessons.paces
        assert lessons.outliers.failures_at(NORTH) == 0
        assert lessons.usual == {}
    assert looks == 3
    lessons.renew()
    assert not lessons.paces
    assert looks == 4


def test_a_window_learns_from_each_end_and_forgets_with_the_task() -> None:
    """Also from ends of before a reload."""
    window = new_window(places=9)
    assert not window.lessons.paces
    for number, server in enumerate((NORTH, NORTH, SOUTH)):
        task = bound_task(window, window.server(server, NOON), *RUNNING, number=number)
        task.started_at, task.ran = NOON, 4.0
        state = State.COMPLETED if server == SOUTH else State.FAILED
        window.end(task, state, NOON + 5, "socket", Trouble.of("node_failed"))
    assert window.lessons.paces.knows(SOUTH)
    assert window.lessons.outliers.failures_at(NORTH) == 2
    assert window.lessons.usual == {(SOUTH, INVERT): 5.0}
    window.dismiss(task)
    assert not window.lessons.paces
    assert window.lessons.outliers.failures_at(NORTH) == 0
    window.add(task)
    assert window.lessons.paces.knows(SOUTH)
