"""Why a server no longer knows a task."""

import pytest

from app.core.ids import Digest
from app.core.loss import find_witness, is_still_lost, is_witness, why_lost
from app.core.server import Server
from app.core.task import State, Task
from app.core.window import Window
from tests.core.farm import NOON, NORTH, QUEUED, RUNNING, SOUTH, bound_task, new_window


def lost() -> tuple[Window, Server, Task]:
    """A task that its server has acknowledged at noon, with an open socket."""
    window = new_window()
    north = window.server(NORTH, NOON)
    north.connection.connect()
    north.connection.heard(NOON - 5)
    north.connection.greeted(1)
    return window, north, bound_task(window, north, *QUEUED)


def code(server: Server, task: Task) -> str:
    """The likely reason."""
    trouble = why_lost(server, task)
    assert trouble.facts == (("server", server.name),)
    return trouble.code


def test_without_a_sign_both_reasons_are_said() -> None:
    """Nothing was heard, and nobody else can tell."""
    _, north, task = lost()
    assert code(north, task) == "lost"


def test_a_server_that_starts_to_count_anew_was_restarted() -> None:
    """Or one that has forgotten what had ended there: whenever it was that we noticed."""
    _, north, task = lost()
    north.told_number(7, NOON - 9, NOON - 9)
    north.told_number(0, NOON - 8, NOON - 8)
    assert code(north, task) == "lost"  # before the task came
    north.told_number(1, NOON + 1, NOON + 2)
    north.told_number(0, NOON + 3, NOON + 4)
    assert code(north, task) == "lost_restart"


def test_answers_that_overtake_each_other_are_no_restart() -> None:
    """The call was made before the higher number was known."""
    _, north, task = lost()
    north.told_number(5, NOON + 1, NOON + 3)
    north.told_number(4, NOON + 2, NOON + 4)
    assert code(north, task) == "lost"


def test_a_server_that_knows_its_past_lost_one_task_alone() -> None:
    """Somebody deleted it."""
    _, north, task = lost()
    north.told_past(is_known=True, now=NOON + 3)
    assert code(north, task) == "lost_deleted"
    north.told_past(is_known=False, now=NOON + 4)
    assert code(north, task) == "lost_restart"


def test_a_socket_that_stayed_and_hears_speaks_for_a_deletion() -> None:
    """A restart would have closed it."""
    _, north, task = lost()
    north.connection.heard(NOON + 3)
    assert code(north, task) == "lost_deleted"
    task.seen_at = NOON + 4
    assert code(north, task) == "lost"
    north.connection.heard(NOON + 5)
    north.connection.closed(1)
    assert code(north, task) == "lost"
    north.connection.fired(1)
    north.connection.heard(NOON + 9)
    north.connection.greeted(2)
    assert code(north, task) == "lost"


@pytest.mark.parametrize(
    ("state", "by", "is_known"),
    [
        (State.COMPLETED, "socket", True),
        (State.FAILED, "record", True),
        (State.FAILED, "answer", False),
        (State.CANCELLED, "record", False),
        (State.LOST, "record", False),
    ],
)
def test_only_what_has_run_is_in_the_books(state: State, by: str, is_known: bool) -> None:
    """A refused task never was, and a deleted one leaves no trace."""
    window, _, task = lost()
    window.end(task, state, NOON + 1, by, None)
    assert is_witness(task) is is_known


def test_the_last_to_end_there_is_asked_for() -> None:
    """The others' books say nothing."""
    window, north, first = lost()
    assert find_witness(window.tasks.values(), NORTH) is None
    tasks = [first]
    for number, server in enumerate((north, window.server(SOUTH, NOON)), start=2):
        tasks.append(bound_task(window, server, *RUNNING, number=number))
    for at, task in enumerate(tasks):
        window.end(task, State.COMPLETED, NOON + at, "socket", None)
    assert find_witness(window.tasks.values(), NORTH) is tasks[1]


@pytest.mark.parametrize(
    ("state", "digest", "is_run_again", "is_lost"),
    [
        (State.LOST, "d", False, True),
        (State.LOST, "d", True, False),
        (State.LOST, "", False, False),
        (State.FAILED, "d", False, False),
    ],
)
def test_what_is_lost_is_lost_until_it_runs_again(
    state: State, digest: str, is_run_again: bool, is_lost: bool
) -> None:
    """What was collected from servers has no workflow here to run."""
    _, _, task = lost()
    task.state, task.digest, task.is_run_again = state, Digest(digest), is_run_again
    assert is_still_lost(task) is is_lost
