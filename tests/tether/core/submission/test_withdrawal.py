"""Ending a task because a person wants it.

A task that leaves one server's queue for another server.
"""

import json

import pytest

from tests.tether.core.farm import (
    INVERT,
    NOON,
    NORTH,
    ON_THE_WAY,
    QUEUED,
    RUNNING,
    UNKNOWN,
    asked,
    bound_task,
    new_window,
    one,
    waiting_task,
)
from tether.core.cells import Axis, Cell
from tether.core.commands import AbortRequest, Command, LoadWorkflow, ShareFiles, StopTimer
from tether.core.errors import Trouble
from tether.core.ids import PromptId
from tether.core.model.server import Server
from tether.core.model.task import State
from tether.core.model.window import Window
from tether.core.protocol.requests import Ask
from tether.core.session.snapshot import read_task, write_task
from tether.core.submission.submission import Submission
from tether.core.submission.withdrawal import (
    REPEATED_AFTER,
    Cancellation,
    can_be_given_up,
    resubmit,
    successor,
    take_out,
)
from tether.core.timers import SocketTimer


def new_farm() -> tuple[Window, Server, Cancellation]:
    """A window with one server."""
    window = new_window()
    return window, window.server(NORTH, NOON), Cancellation(window, Submission(window))


def test_a_task_that_only_waits_is_cancelled_at_once() -> None:
    """No server has heard of it."""
    window, _, cancellation = new_farm()
    task = waiting_task(window)
    assert cancellation.cancel(task, NOON) == ()
    assert (task.state, task.ended_by, task.trouble) == (State.CANCELLED, "here", None)


@pytest.mark.parametrize("states", [(), (State.UPLOADING,)])
def test_what_was_not_posted_is_stopped_here(states: tuple[State, ...]) -> None:
    """Its upload is given up, and its place is free."""
    window, north, cancellation = new_farm()
    task = bound_task(window, north, *states)
    task.request_id = 7
    commands = cancellation.cancel(task, NOON)
    assert commands == (StopTimer(SocketTimer(task.task_id)), AbortRequest(7))
    assert task.state is State.CANCELLED
    assert window.bound_to(NORTH) == ()


@pytest.mark.parametrize("states", [QUEUED, RUNNING])
def test_a_server_is_told_to_cancel_exactly_this_task(states: tuple[State, ...]) -> None:
    """The task ends when the server says so, not before."""
    window, north, cancellation = new_farm()
    task = bound_task(window, north, *states)
    request = one(cancellation.cancel(task, NOON))
    assert (request.ask, request.method) == (Ask.CANCEL, "POST")
    assert request.path == f"/api/jobs/{task.prompt_id}/cancel"
    assert not task.is_ended
    assert task.is_cancel_wanted


@pytest.mark.parametrize("states", [ON_THE_WAY, UNKNOWN])
def test_while_nobody_knows_where_it_is_the_wish_is_kept(states: tuple[State, ...]) -> None:
    """In its record too: a reload doesn't forget it."""
    window, north, cancellation = new_farm()
    task = bound_task(window, north, *states)
    window.pending.unsaved.clear()
    assert cancellation.cancel(task, NOON) == ()
    assert task.is_cancel_wanted
    assert window.pending.unsaved == {task.task_id}


@pytest.mark.parametrize("states", [UNKNOWN, QUEUED, RUNNING])
def test_what_a_silent_server_has_is_let_go_when_it_is_cancelled_again(
    states: tuple[State, ...],
) -> None:
    """Not before the server has long been silent; the task says that it may still run there."""
    window, north, cancellation = new_farm()
    task = bound_task(window, north, *states)
    for _ in range(2):
        cancellation.cancel(task, NOON)
    assert not task.is_ended and not can_be_given_up(window, task)
    north.is_long_silent = True
    assert can_be_given_up(window, task)
    assert cancellation.cancel(task, NOON) == ()
    assert task.state is State.CANCELLED
    assert task.trouble == Trouble.of("cancel_untold", server=north.name)
    assert not can_be_given_up(window, waiting_task(window, 5))


def test_a_server_that_still_has_the_task_is_told_again_after_a_while() -> None:
    """A node that is at work stops at its next step only; the person's own wish goes at once."""
    window, north, cancellation = new_farm()
    task = bound_task(window, north, *RUNNING)
    assert asked(cancellation.cancel(task, NOON)) != []
    assert cancellation.repeat(task, NOON + REPEATED_AFTER - 0.1) == ()
    assert one(cancellation.repeat(task, NOON + REPEATED_AFTER)).ask is Ask.CANCEL
    assert cancellation.repeat(task, NOON + REPEATED_AFTER + 1) == ()
    assert asked(cancellation.cancel(task, NOON + REPEATED_AFTER + 1)) != []


def test_an_ended_task_cannot_be_cancelled() -> None:
    """Its end stays what it was."""
    window, north, cancellation = new_farm()
    task = bound_task(window, north, *RUNNING)
    window.end(task, State.COMPLETED, NOON, "socket", None)
    assert cancellation.cancel(task, NOON) == ()
    assert not task.is_cancel_wanted


def targets(commands: tuple[Command, ...]) -> dict[Ask, object]:
    """What each call names."""
    return {request.ask: json.loads(request.body or "null") for request in asked(commands)}


def test_an_older_server_is_told_in_the_older_way() -> None:
    """It has no jobs API: out of the queue, and interrupted by name, never whoever runs."""
    window, north, cancellation = new_farm()
    task = bound_task(window, north, *RUNNING)
    request = one(cancellation.cancel(task, NOON))
    assert targets(cancellation.refused(request, 404, NOON)) == {
        Ask.DELETE: {"delete": [task.prompt_id]},
        Ask.INTERRUPT: {"prompt_id": task.prompt_id},
    }
    assert not north.has_jobs
    assert Ask.INTERRUPT in targets(cancellation.cancel(task, NOON))


def test_a_server_that_makes_ids_itself_is_told_to_interrupt_nothing() -> None:
    """It would stop whatever runs, whoever's that is."""
    window, north, cancellation = new_farm()
    north.has_jobs = False
    task = bound_task(window, north, *RUNNING)
    window.rename_prompt(task, PromptId("theirs"))
    assert targets(cancellation.cancel(task, NOON)) == {Ask.DELETE: {"delete": ["theirs"]}}


def test_a_task_that_has_ended_meanwhile_is_left_alone() -> None:
    """Ended or dismissed before the server said that it has no jobs API."""
    window, north, cancellation = new_farm()
    task = bound_task(window, north, *RUNNING)
    request = one(cancellation.cancel(task, NOON))
    window.end(task, State.COMPLETED, NOON, "socket", None)
    assert cancellation.refused(request, 404, NOON) == ()
    window.dismiss(task)
    assert cancellation.refused(request, 404, NOON) == ()


def test_it_is_taken_out_by_its_own_id_and_its_record_says_so_first() -> None:
    """A page that ends in between finds the wish in the record."""
    window = new_window()
    north = window.server(NORTH, NOON)
    task = bound_task(window, north, *QUEUED)
    window.pending.unsaved.clear()
    request = one(take_out(window, task, NOON), Ask.DELETE)
    assert (request.server, request.path, request.task_id) == (NORTH, "/queue", task.task_id)
    assert json.loads(request.body or "") == {"delete": [task.prompt_id]}
    assert window.pending.unsaved == {task.task_id}
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
    assert take_out(window, task, NOON + REPEATED_AFTER - 0.1) == ()
    assert one(take_out(window, task, NOON + REPEATED_AFTER)).ask is Ask.DELETE
    assert take_out(window, task, NOON + REPEATED_AFTER + 1) == ()


def test_a_new_task_does_its_work_under_another_id() -> None:
    """With the same files; it may go anywhere, and isn't moved again."""
    window = new_window()
    north = window.server(NORTH, NOON)
    task = bound_task(window, north, *QUEUED)
    task.workload, task.turn = "shape", 7.0
    task.cell = Cell("s", (Axis("Steps", "4", 0),))
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
    assert (new.workload, new.turn, new.again_of) == ("shape", 7.0, task.task_id)
    assert new.cell == task.cell
    assert list(window.waiting.values()) == [new]
    assert window.pending.unsaved >= {task.task_id, new.task_id}


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
