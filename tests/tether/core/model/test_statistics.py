"""What the ended tasks of a window teach.

Servers on which a workflow fails that others complete.
"""

import pytest

from tests.tether.core.farm import (
    INVERT,
    NOON,
    NORTH,
    RUNNING,
    SOUTH,
    bound_task,
    new_task,
    new_window,
)
from tether.core.errors import Trouble
from tether.core.ids import Digest, ServerUrl, TaskId, WindowId
from tether.core.model.statistics import (
    OUTLIER_PAUSE,
    PEERS_REMEMBERED,
    TIMINGS_SENT,
    Outliers,
    Statistics,
)
from tether.core.model.task import State, Task
from tether.core.windows.peers import Timing


def test_all_is_learned_once_and_anew_when_a_task_has_ended() -> None:
    """Looking at hundreds of tasks for each choice and each repaint would cost too much."""
    looks = 0
    known: list[Task] = []

    def ended() -> list[Task]:
        nonlocal looks
        looks += 1
        return known

    statistics = Statistics(ended)
    for _ in range(2):
        assert not statistics.durations
        assert statistics.outliers.failures_at(NORTH) == 0
        assert statistics.usual == {}
    assert looks == 3
    statistics.invalidate()
    assert not statistics.durations
    assert looks == 4


def test_a_window_learns_from_each_end_and_forgets_with_the_task() -> None:
    """Also from ends of before a reload."""
    window = new_window(places=9)
    assert not window.statistics.durations
    for number, server in enumerate((NORTH, NORTH, SOUTH)):
        task = bound_task(window, window.server(server, NOON), *RUNNING, number=number)
        task.started_at, task.ran = NOON, 4.0
        state = State.COMPLETED if server == SOUTH else State.FAILED
        window.end(task, state, NOON + 5, "socket", Trouble.of("node_failed"))
    assert window.statistics.durations.knows(SOUTH)
    assert window.statistics.outliers.failures_at(NORTH) == 2
    assert window.statistics.usual == {(SOUTH, INVERT): 5.0}
    window.dismiss(task)
    assert not window.statistics.durations
    assert window.statistics.outliers.failures_at(NORTH) == 0
    window.add(task)
    assert window.statistics.durations.knows(SOUTH)


def timing(number: int, seconds: float = 4.0) -> Timing:
    """How long a task of another window took."""
    return Timing(NOON + number, TaskId(f"x{number}"), NORTH, "", seconds)


def test_a_window_learns_from_what_others_tell() -> None:
    """And forgets it when they do, or go."""
    statistics = Statistics(list)
    assert not statistics.durations
    assert not statistics.receive(WindowId("one"), ())
    assert statistics.receive(WindowId("one"), (timing(0),))
    assert statistics.receive(WindowId("other"), (timing(1),))
    known = statistics.durations
    assert known.task(NORTH, "") == pytest.approx(4.0)
    assert not statistics.receive(WindowId("one"), (timing(0),))
    assert statistics.durations is known
    assert statistics.receive(WindowId("one"), ())
    assert statistics.durations
    statistics.receive(WindowId("other"), ())
    assert not statistics.durations


def test_what_the_last_windows_told_is_remembered() -> None:
    """A window that is open for days doesn't collect, though others crash."""
    statistics = Statistics(list)
    statistics.receive(WindowId("first"), (timing(0, 500.0),))
    for number in range(PEERS_REMEMBERED):
        statistics.receive(WindowId(f"w{number}"), (timing(number),))
    assert statistics.durations.task(NORTH, "") == pytest.approx(4.0)
    assert statistics.receive(WindowId("first"), (timing(0),))
    assert not statistics.receive(
        WindowId(f"w{PEERS_REMEMBERED - 1}"), (timing(PEERS_REMEMBERED - 1),)
    )


def test_a_window_tells_of_its_own_latest_tasks_alone() -> None:
    """What it has from others those tell themselves."""
    window = new_window(places=99)
    for number in range(TIMINGS_SENT + 2):
        task = bound_task(window, window.server(NORTH, NOON), *RUNNING, number=number)
        task.ran = 4.0
        window.end(task, State.COMPLETED, NOON + number, "socket", None)
        window.statistics.receive(WindowId("one"), (timing(number),))
    told = [each.task_id for each in window.statistics.latest]
    assert told == [f"t{number}" for number in range(2, TIMINGS_SENT + 2)]
    window.dismiss(task)
    assert len(window.statistics.latest) == TIMINGS_SENT
    assert window.statistics.latest[-1].task_id == f"t{TIMINGS_SENT}"


OTHER = Digest("07e4")
BOOM = Trouble.of("node_failed", message="CUDA out of memory")


def done(at: float, server: ServerUrl | None = SOUTH, digest: Digest = INVERT) -> Task:
    """A task that was completed."""
    task = new_task(int(at))
    task.state, task.server, task.digest, task.ended_at = State.COMPLETED, server, digest, NOON + at
    return task


def failed(at: float, server: ServerUrl = NORTH, why: Trouble | None = BOOM) -> Task:
    """A task that has failed."""
    task = done(at, server)
    task.state, task.trouble = State.FAILED, why
    return task


def test_a_server_that_fails_twice_where_another_succeeds_gets_no_more() -> None:
    """For ten minutes; then one more failure doubles that."""
    outliers = Outliers([failed(2), failed(1), done(3)])
    assert outliers.shut_until(INVERT, NORTH) == NOON + 2 + OUTLIER_PAUSE
    assert outliers.shut_until(INVERT, SOUTH) == 0
    assert outliers.shut_until(OTHER, NORTH) == 0
    assert (outliers.failures_at(NORTH), outliers.failures_at(SOUTH)) == (2, 0)

    again = Outliers([failed(1), failed(2), done(3), failed(700)])
    assert again.shut_until(INVERT, NORTH) == NOON + 700 + 2 * OUTLIER_PAUSE


def test_a_workflow_that_fails_everywhere_is_bad_itself() -> None:
    """And one failure may be anything; what succeeded before on that very server too."""
    for tasks in (
        [failed(1), failed(2), failed(3, SOUTH)],
        [failed(1), done(2)],
        [failed(1), failed(2), done(3, digest=OTHER)],
        [done(1, NORTH), failed(2), failed(3)],
    ):
        outliers = Outliers(tasks)
        assert outliers.shut_until(INVERT, NORTH) == 0
        assert outliers.failures_at(NORTH) == 0


def test_a_success_there_forgives_all() -> None:
    """In the order in which they ended."""
    tasks = [failed(1), failed(2), done(3), done(4, NORTH), failed(5)]
    assert Outliers(tasks).shut_until(INVERT, NORTH) == 0


def test_only_errors_of_nodes_count() -> None:
    """Not what was interrupted, refused, or never came to a server."""
    tasks = [
        failed(1, why=Trouble.of("refused")),
        failed(2, why=None),
        failed(3),
        done(4, None),
        done(5),
    ]
    assert Outliers(tasks).shut_until(INVERT, NORTH) == 0


def test_the_pause_does_not_grow_for_ever() -> None:
    """Whoever mended the server is to see it at work within a day."""
    tasks = [*(failed(at) for at in range(1, 40)), done(50)]
    assert Outliers(tasks).shut_until(INVERT, NORTH) < NOON + 86_400
