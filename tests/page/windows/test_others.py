"""The unfinished tasks of this browser's other windows."""

from page.windows.others import others_of, since_of
from tests.tether.core.farm import NOON, NORTH, QUEUED, RUNNING, bound_task, new_task, new_window
from tether.core.ids import TaskId, WindowId
from tether.core.model.task import State, Task
from tether.core.session.snapshot import write_task
from tether.core.windows.ledger import Entry

A, B = WindowId("wa"), WindowId("wb")


def entry(owner: WindowId, task: Task) -> Entry:
    """A task in the ledger."""
    return Entry(owner, 0, write_task(task), NOON)


def test_results_that_are_not_kept_yet_are_no_unfinished_tasks() -> None:
    """Their windows note them until they are."""
    task = bound_task(window := new_window(), window.server(NORTH, NOON), *RUNNING)
    window.end(task, State.COMPLETED, NOON, "socket", None)
    assert others_of({task.task_id: entry(A, task)}) == {}


def test_each_window_has_its_tasks_the_oldest_first() -> None:
    """And the window that waits longest is first; what can't be read is left out."""
    one, two, three = (new_task(number) for number in (1, 2, 3))
    found = others_of(
        {
            TaskId("t3"): entry(A, three),
            TaskId("t2"): entry(B, two),
            TaskId("t1"): entry(A, one),
            TaskId("t4"): Entry(B, 0, "{", NOON),
        }
    )
    titles = [(owner, [task.title for task in tasks]) for owner, tasks in found.items()]
    assert titles == [(A, ["photo 1", "photo 3"]), (B, ["photo 2"])]


def test_a_task_says_since_when_it_is_where_it_is() -> None:
    """By what its own window noted."""
    window = new_window()
    server = window.server(NORTH, NOON)
    moves = ((), QUEUED, QUEUED, RUNNING)
    bound, posted, queued, runs = (
        bound_task(window, server, *states, number=number) for number, states in enumerate(moves)
    )
    posted.posted_at, posted.acknowledged_at = NOON + 1, 0.0
    queued.acknowledged_at = NOON + 2
    runs.started_at = NOON + 3
    since = [since_of(task) - NOON for task in (bound, posted, queued, runs)]
    assert since == [0.0, 1.0, 2.0, 3.0]
    waiting = new_task()
    assert since_of(waiting) == waiting.accepted_at
