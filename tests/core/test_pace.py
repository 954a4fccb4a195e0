"""How long servers take for a task."""

from app.core.ids import Digest, ServerUrl
from app.core.pace import LATEST, completions, seconds_per_task, usual_seconds
from app.core.task import State, Task
from tests.core.farm import NOON, NORTH, RUNNING, SOUTH, bound_task, new_window


def ended(server: ServerUrl, seconds: float, number: int, state: State = State.COMPLETED) -> Task:
    """A task that ran for so long."""
    window = new_window()
    task = bound_task(window, window.server(server, NOON), *RUNNING, number=number)
    task.started_at = NOON
    window.end(task, state, NOON + seconds, "socket", None)
    return task


def test_the_latest_completed_tasks_tell() -> None:
    """The middle one of them: a first task that loads a model is no measure."""
    tasks = [ended(NORTH, 100.0, number) for number in range(3)]
    tasks += [ended(NORTH, seconds, 9) for seconds in (2.0, 3.0, 4.0) * 3]
    assert len(tasks) > LATEST
    tasks += [ended(SOUTH, 50.0, 8), ended(SOUTH, 1.0, 7, State.FAILED)]
    assert seconds_per_task(tasks) == {NORTH: 3.0, SOUTH: 50.0}


def test_what_was_not_seen_to_start_tells_nothing() -> None:
    """Nor what never had a server."""
    late = ended(NORTH, 5.0, 1)
    late.started_at = 0.0
    homeless = ended(NORTH, 5.0, 2)
    homeless.server = None
    assert seconds_per_task([late, homeless]) == {}


def test_a_slow_server_is_done_later() -> None:
    """Though its queue is shorter; one that nobody knows is taken for an ordinary one."""
    assert completions({NORTH: 1, SOUTH: 3}, {NORTH: 9.0, SOUTH: 1.0}) == {NORTH: 18.0, SOUTH: 4.0}
    assert completions({NORTH: 1, SOUTH: 3}, {SOUTH: 2.0}) == {NORTH: 4.0, SOUTH: 8.0}
    assert completions({NORTH: 1, SOUTH: 3}, {}) == {NORTH: 2.0, SOUTH: 4.0}


def test_the_same_workflow_on_the_same_server_is_the_like_of_a_task() -> None:
    """Another workflow there may take an hour."""
    tasks = [ended(NORTH, 3.0, 1), ended(NORTH, 5.0, 2), ended(NORTH, 5.0, 3), ended(SOUTH, 9.0, 4)]
    other = ended(NORTH, 3600.0, 5)
    other.digest = Digest("other")
    homeless = ended(NORTH, 5.0, 2)
    homeless.server = None
    assert usual_seconds([*tasks, other, homeless, ended(NORTH, 1.0, 6, State.FAILED)]) == {
        (NORTH, tasks[0].digest): 5.0,
        (SOUTH, tasks[0].digest): 9.0,
        (NORTH, "other"): 3600.0,
    }
