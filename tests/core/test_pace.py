"""How long servers take for a task."""

from app.core.ids import Digest, ServerUrl
from app.core.pace import LATEST, Paces, usual_seconds
from app.core.task import State, Task
from tests.core.farm import NOON, NORTH, RUNNING, SOUTH, bound_task, new_window

EAST = ServerUrl("http://east:8188")
WEST = ServerUrl("http://west:8188")


def ended(server: ServerUrl, seconds: float, number: int, state: State = State.COMPLETED) -> Task:
    """A task that the page saw run for so long."""
    window = new_window()
    task = bound_task(window, window.server(server, NOON), *RUNNING, number=number)
    task.started_at = NOON
    window.end(task, state, NOON + seconds, "socket", None)
    return task


def ran(server: ServerUrl, seconds: float, number: int = 1, shape: str = "s.") -> Task:
    """A task that took so long by the server's clock; the page's knew nothing of it."""
    task = ended(server, 500.0 + number, number)
    task.ran, task.shape = seconds, shape
    return task


def test_where_nothing_is_known_every_task_takes_one_second() -> None:
    """So that queues are compared by their lengths alone."""
    nothing = Paces()
    assert not nothing
    assert not nothing.knows(NORTH)
    assert (nothing.entry(NORTH), nothing.task(NORTH, "s.m"), nothing.loading(NORTH, "s.m")) == (
        *(1.0, 1.0, 0.0),
    )


def test_the_latest_completed_tasks_tell() -> None:
    """The middle one of them, by the server's clock."""
    tasks = [ran(NORTH, 100.0, number) for number in range(1, 4)]
    tasks += [ran(NORTH, seconds, 10 + n) for n, seconds in enumerate((2.0, 3.0, 4.0) * 3)]
    assert len(tasks) > LATEST
    paces = Paces(tasks)
    assert paces
    assert paces.knows(NORTH)
    assert paces.entry(NORTH) == paces.task(NORTH, "s.") == 3.0


def test_what_has_no_stamps_tells_nothing() -> None:
    """Nor what failed, nor what never had a server."""
    failed, homeless = ran(NORTH, 5.0), ran(NORTH, 5.0)
    failed.state = State.FAILED
    homeless.server = None
    assert not Paces([ended(NORTH, 5.0, 1), failed, homeless])


def test_an_unknown_server_is_like_the_middle_one_of_the_others() -> None:
    """Those that have run some are judged by that alone."""
    paces = Paces([ran(NORTH, 9.0), ran(SOUTH, 3.0), ran(EAST, 2.0)])
    assert paces.entry(WEST) == paces.task(WEST, "s.") == 3.0
    assert paces.entry(NORTH) == paces.task(NORTH, "s.") == 9.0


def test_a_shape_that_only_others_ran_is_scaled_by_what_else_the_server_ran() -> None:
    """It was three times as slow with that."""
    tasks = [*(ran(SOUTH, 2.0, n) for n in range(9)), *(ran(NORTH, 6.0, n) for n in range(9))]
    paces = Paces([*tasks, ran(SOUTH, 20.0, 99, "large.")])
    assert paces.task(NORTH, "large.") == 60.0
    assert paces.task(NORTH, "unheard-of.") == paces.entry(NORTH)


def test_loading_a_model_is_learned_and_charged_where_it_was_not_used_last() -> None:
    """The first run of a model takes longer, and tells nothing of the next."""
    paces = Paces(
        [
            *(ran(NORTH, 30.0, 1, "a.one"), ran(NORTH, 10.0, 2, "a.one")),
            *(ran(NORTH, 45.0, 3, "b.two"), ran(NORTH, 5.0, 4, "b.two")),
            *(ran(NORTH, 5.0, 5, "b.two"), ran(NORTH, 1.0, 6, "plain.")),
        ]
    )
    assert (paces.task(NORTH, "a.one"), paces.task(NORTH, "b.two")) == (10.0, 5.0)
    assert paces.loading(NORTH, "b.two") == 0.0
    assert paces.loading(NORTH, "a.one") == 40.0
    assert paces.loading(SOUTH, "a.one") == 40.0
    assert paces.loading(NORTH, "plain.") == 0.0


def test_a_run_that_had_to_load_is_better_than_no_run() -> None:
    paces = Paces([ran(NORTH, 30.0, 1, "a.one")])
    assert paces.task(NORTH, "a.one") == 30.0
    assert paces.loading(SOUTH, "a.one") == 0.0


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
