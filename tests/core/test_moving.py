"""A task that leaves one server's queue for another server."""

import json

from app.core.cancellation import AGAIN_AFTER
from app.core.commands import LoadWorkflow, ShareFiles
from app.core.errors import Trouble
from app.core.moving import again, resubmit, successor, take_out
from app.core.requests import Ask
from app.core.snapshot import read_task, write_task
from app.core.task import State
from tests.core.farm import INVERT, NOON, NORTH, QUEUED, bound_task, new_window, one


def test_it_is_taken_out_by_its_own_id_and_its_record_says_so_first() -> None:
    """A page that ends in between finds the wish in the record."""
    window = new_window()
    north = window.server(NORTH, NOON)
    task = bound_task(window, north, *QUEUED)
    window.unsaved.clear()
    request = one(take_out(window, task, NOON), Ask.DELETE)
    assert (request.server, request.path, request.task_id) == (NORTH, "/queue", task.task_id)
    assert json.loads(request.body or "") == {"delete": [task.prompt_id]}
    assert window.unsaved == {task.task_id}
    kept = read_task(write_task(task))
    assert kept is not None
    assert kept.is_moving
    assert task.note == Trouble.of("moving", server="north:8188")
    assert not task.is_ended


def test_it_is_taken_out_again_after_a_while() -> None:
    """Not with every list."""
    window = new_window()
    task = bound_task(window, window.server(NORTH, NOON), *QUEUED)
    take_out(window, task, NOON)
    assert again(window, task, NOON + AGAIN_AFTER - 0.1) == ()
    assert one(again(window, task, NOON + AGAIN_AFTER)).ask is Ask.DELETE
    assert again(window, task, NOON + AGAIN_AFTER + 1) == ()


def test_a_new_task_does_its_work_under_another_id() -> None:
    """With the same files; it may go anywhere, and isn't moved again."""
    window = new_window()
    north = window.server(NORTH, NOON)
    task = bound_task(window, north, *QUEUED)
    task.shape = "shape"
    take_out(window, task, NOON)
    commands = resubmit(window, task, north, NOON + 3)
    assert (task.state, task.ended_by, task.is_run_again) == (State.CANCELLED, "record", True)
    assert window.locks.server_of(task.prompt_id) is None
    new = successor(window, task)
    assert new is not None
    assert commands == (ShareFiles(new.task_id, task.task_id),)
    assert new.prompt_id != task.prompt_id
    assert (new.state, new.pinned, new.was_moved) == (State.WAITING, None, True)
    assert (new.digest, new.pictures, new.title) == (task.digest, task.pictures, task.title)
    assert (new.shape, new.again_of) == ("shape", task.task_id)
    assert list(window.waiting.values()) == [new]
    assert window.unsaved >= {task.task_id, new.task_id}


def test_a_workflow_that_a_reload_has_left_in_the_store_is_read() -> None:
    window = new_window()
    north = window.server(NORTH, NOON)
    task = bound_task(window, north, *QUEUED)
    del window.workflows[INVERT]
    assert LoadWorkflow(INVERT) in resubmit(window, task, north, NOON)


def test_only_what_was_moved_has_a_successor() -> None:
    """And only while it is remembered."""
    window = new_window()
    north = window.server(NORTH, NOON)
    task, other = (bound_task(window, north, *QUEUED, number=number) for number in (1, 2))
    resubmit(window, task, north, NOON)
    window.end(other, State.CANCELLED, NOON, "here", Trouble.of("interrupted"))
    assert successor(window, other) is None
    new = successor(window, task)
    assert new is not None
    assert successor(window, new) is None
    window.end(new, State.CANCELLED, NOON, "here", None)
    window.dismiss(new)
    assert successor(window, task) is None
