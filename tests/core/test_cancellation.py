"""Ending a task because a person wants it."""

import json

import pytest

from app.core.cancellation import AGAIN_AFTER, Cancellation
from app.core.commands import AbortRequest, Command, StopTimer
from app.core.requests import Ask
from app.core.server import Server
from app.core.submission import Submission
from app.core.task import State
from app.core.window import Window
from tests.core.farm import (
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


def new_farm() -> tuple[Window, Server, Cancellation]:
    """A window with one server."""
    window = new_window()
    return window, window.server(NORTH, NOON), Cancellation(window, Submission(window))


def test_a_task_that_only_waits_is_cancelled_at_once() -> None:
    """No server has heard of it."""
    window, _, cancellation = new_farm()
    task = waiting_task(window)
    assert cancellation.want(task, NOON) == ()
    assert (task.state, task.ended_by, task.trouble) == (State.CANCELLED, "here", None)


@pytest.mark.parametrize("states", [(), (State.UPLOADING,)])
def test_what_was_not_posted_is_stopped_here(states: tuple[State, ...]) -> None:
    """Its upload is given up, and its place is free."""
    window, north, cancellation = new_farm()
    task = bound_task(window, north, *states)
    task.request_id = 7
    commands = cancellation.want(task, NOON)
    assert commands == (StopTimer(("connect", task.task_id)), AbortRequest(7))
    assert task.state is State.CANCELLED
    assert window.bound_to(NORTH) == ()


@pytest.mark.parametrize("states", [QUEUED, RUNNING])
def test_a_server_is_told_to_cancel_exactly_this_task(states: tuple[State, ...]) -> None:
    """The task ends when the server says so, not before."""
    window, north, cancellation = new_farm()
    task = bound_task(window, north, *states)
    request = one(cancellation.want(task, NOON))
    assert (request.ask, request.method) == (Ask.CANCEL, "POST")
    assert request.path == f"/api/jobs/{task.prompt_id}/cancel"
    assert not task.is_ended
    assert task.is_cancel_wanted


@pytest.mark.parametrize("states", [ON_THE_WAY, UNKNOWN])
def test_while_nobody_knows_where_it_is_the_wish_is_kept(states: tuple[State, ...]) -> None:
    """In its record too: a reload doesn't forget it."""
    window, north, cancellation = new_farm()
    task = bound_task(window, north, *states)
    window.unsaved.clear()
    assert cancellation.want(task, NOON) == ()
    assert task.is_cancel_wanted
    assert window.unsaved == {task.task_id}


def test_a_server_that_still_has_the_task_is_told_again_after_a_while() -> None:
    """A node that is at work stops at its next step only; the person's own wish goes at once."""
    window, north, cancellation = new_farm()
    task = bound_task(window, north, *RUNNING)
    assert asked(cancellation.want(task, NOON)) != []
    assert cancellation.again(task, NOON + AGAIN_AFTER - 0.1) == ()
    assert one(cancellation.again(task, NOON + AGAIN_AFTER)).ask is Ask.CANCEL
    assert cancellation.again(task, NOON + AGAIN_AFTER + 1) == ()
    assert asked(cancellation.want(task, NOON + AGAIN_AFTER + 1)) != []


def test_an_ended_task_cannot_be_cancelled() -> None:
    """Its end stays what it was."""
    window, north, cancellation = new_farm()
    task = bound_task(window, north, *RUNNING)
    window.end(task, State.COMPLETED, NOON, "socket", None)
    assert cancellation.want(task, NOON) == ()
    assert not task.is_cancel_wanted


def targets(commands: tuple[Command, ...]) -> dict[Ask, object]:
    """What each call names."""
    return {request.ask: json.loads(request.body or "null") for request in asked(commands)}


def test_an_older_server_is_told_in_the_older_way() -> None:
    """It has no jobs API: out of the queue, and interrupted by name, never whoever runs."""
    window, north, cancellation = new_farm()
    task = bound_task(window, north, *RUNNING)
    request = one(cancellation.want(task, NOON))
    assert targets(cancellation.refused(request)) == {
        Ask.DELETE: {"delete": [task.prompt_id]},
        Ask.INTERRUPT: {"prompt_id": task.prompt_id},
    }
    assert not north.has_jobs
    assert Ask.INTERRUPT in targets(cancellation.want(task, NOON))


def test_a_task_that_has_ended_meanwhile_is_left_alone() -> None:
    """Ended or dismissed before the server said that it has no jobs API."""
    window, north, cancellation = new_farm()
    task = bound_task(window, north, *RUNNING)
    request = one(cancellation.want(task, NOON))
    window.end(task, State.COMPLETED, NOON, "socket", None)
    assert cancellation.refused(request) == ()
    window.dismiss(task)
    assert cancellation.refused(request) == ()
