"""What a server's books mean for a task of ours."""

import json

import pytest

from app.core.absence import APART, DELIVERY_WITHIN
from app.core.answers import Record
from app.core.books import Books
from app.core.cancellation import Cancellation
from app.core.commands import Commands, LoadWorkflow, ShareFiles
from app.core.errors import Trouble
from app.core.lists import Found
from app.core.moving import take_out
from app.core.requests import Ask
from app.core.submission import Submission
from app.core.task import State
from tests.core.farm import (
    INVERT,
    NOON,
    NORTH,
    QUEUED,
    RUNNING,
    UNKNOWN,
    bound_task,
    new_window,
    one,
)

WAITS = Found(pending=1)
RUNS = Found(is_running=True)


class Story:
    """One server, one task there, and the server's books."""

    def __init__(self, *states: State) -> None:
        self.window = new_window()
        self.north = self.window.server(NORTH, NOON)
        submission = Submission(self.window)
        self.books = Books(self.window, submission, Cancellation(self.window, submission))
        self.task = bound_task(self.window, self.north, *states)

    def listed(self, found: Found, at: float) -> Commands:
        """A list has the task."""
        return self.books.listed(self.north, self.task, found, NOON + at, NOON + at)

    def missed(self, at: float) -> Commands:
        """A list and the record lack it."""
        return self.books.absent(self.north, self.task, NOON + at, NOON + at)

    def deleted(self, found: Found, at: float) -> list[str]:
        """What is deleted from the queue when a list has the task like this."""
        commands = self.listed(found, at)
        if not commands:
            return []
        request = one(commands, Ask.DELETE)
        assert (request.server, request.path) == (NORTH, "/queue")
        ids: list[str] = json.loads(request.body or "")["delete"]
        return ids


def test_a_list_moves_a_task_along() -> None:
    """From an open outcome to the queue, from the queue to its run."""
    story = Story(*UNKNOWN)
    assert story.listed(WAITS, 2) == ()
    assert (story.task.state, story.task.acknowledged_at) == (State.QUEUED, NOON + 2)
    assert story.listed(RUNS, 4) == ()
    assert (story.task.state, story.task.started_at) == (State.RUNNING, NOON + 4)
    assert story.listed(RUNS, 6) == ()
    assert story.task.seen_at == NOON + 6


def test_a_double_that_waits_behind_the_run_is_deleted() -> None:
    """Again with every list that has it: what runs is never deleted."""
    story = Story(*RUNNING)
    for at in (2, 4):
        found = Found(is_running=True, pending=2)
        assert story.deleted(found, at) == [story.task.prompt_id] * 2
    assert story.listed(RUNS, 6) == ()


def test_of_two_that_wait_one_is_deleted() -> None:
    """Once: a deletion that was given up may still arrive, and one must stay."""
    story = Story(*QUEUED)
    twice = Found(pending=2)
    assert story.deleted(twice, 2) == [story.task.prompt_id]
    assert story.deleted(twice, 2 + DELIVERY_WITHIN - 1) == []
    assert story.deleted(twice, 2 + DELIVERY_WITHIN) == [story.task.prompt_id]


def test_a_double_left_over_by_the_run_is_deleted() -> None:
    """It ran when the list was asked for, and the list says that it waits: that is another."""
    story = Story(*QUEUED)
    story.listed(RUNS, 2)
    assert story.deleted(WAITS, 4) == [story.task.prompt_id]
    assert story.task.state is State.RUNNING

    # A list from before its start says nothing.
    earlier = Story(*QUEUED)
    earlier.window.move(earlier.task, State.RUNNING)
    earlier.task.started_at = NOON + 5
    assert earlier.deleted(WAITS, 4) == []


def test_a_task_that_is_to_be_cancelled_is_cancelled_whole() -> None:
    """With all its doubles, one after the other."""
    story = Story(*QUEUED)
    story.task.is_cancel_wanted = True
    assert one(story.listed(Found(pending=2), 2)).ask is Ask.CANCEL


@pytest.mark.parametrize(
    ("record", "state"),
    [
        (Record("completed"), State.COMPLETED),
        (Record("failed", (), Trouble.of("node_failed")), State.FAILED),
        (Record("cancelled", (), Trouble.of("interrupted")), State.CANCELLED),
    ],
)
def test_the_record_ends_a_task(record: Record, state: State) -> None:
    """And acknowledges one whose POST had no answer."""
    story = Story(*UNKNOWN)
    story.books.recorded(story.north, story.task, record, NOON + 3)
    assert (story.task.state, story.task.ended_by) == (state, "record")
    assert story.task.trouble == record.trouble
    assert story.task.acknowledged_at == NOON + 3


def test_our_own_cancelling_is_no_trouble() -> None:
    """The person wanted it."""
    story = Story(*RUNNING)
    story.task.is_cancel_wanted = True
    record = Record("cancelled", (), Trouble.of("interrupted"))
    story.books.recorded(story.north, story.task, record, NOON + 3)
    assert (story.task.state, story.task.trouble) == (State.CANCELLED, None)


def test_a_record_of_an_open_task_acknowledges_it() -> None:
    """The list may have been a moment too early."""
    story = Story(*UNKNOWN)
    story.books.recorded(story.north, story.task, Record("pending"), NOON + 3)
    assert story.task.state is State.QUEUED


def test_a_task_in_no_book_twice_is_lost() -> None:
    """Not at once: a moment between two books must not end a task."""
    story = Story(*QUEUED)
    assert story.missed(2) == ()
    assert story.task.state is State.QUEUED
    assert story.missed(2 + APART) == ()
    assert story.task.state is State.LOST
    assert story.task.trouble == Trouble.of("lost", server="north:8188")


def test_a_cancelled_task_in_no_book_is_cancelled() -> None:
    """What is deleted leaves no trace."""
    story = Story(*QUEUED)
    story.task.is_cancel_wanted = True
    assert story.missed(2) == ()
    assert (story.task.state, story.task.trouble) == (State.CANCELLED, None)


def test_a_post_without_an_answer_is_sent_again_with_its_workflow() -> None:
    """Which may have to be read first."""
    story = Story(*UNKNOWN)
    story.missed(DELIVERY_WITHIN)
    workflow = story.window.workflows.pop(INVERT)
    assert story.missed(DELIVERY_WITHIN + APART) == (LoadWorkflow(INVERT),)
    story.window.workflows[INVERT] = workflow
    assert one(story.missed(DELIVERY_WITHIN + 3 * APART)).ask is Ask.POST


def moving(*states: State) -> Story:
    """A task that is to leave its server's queue for another."""
    story = Story(*states)
    take_out(story.window, story.task, NOON + 1)
    return story


def test_a_task_that_was_taken_out_is_looked_for_twice_before_its_work_is_done_elsewhere() -> None:
    """Once it is in neither book; the new one is another task under another id."""
    story = moving(*QUEUED)
    assert story.missed(2) == ()
    assert (story.task.state, list(story.window.tasks.values())) == (State.QUEUED, [story.task])
    (files,) = story.missed(2 + APART)
    assert story.task.state is State.CANCELLED
    assert story.task.trouble == Trouble.of("moved", server="north:8188")
    _, new = story.window.tasks.values()
    assert files == ShareFiles(new.task_id, story.task.task_id)
    assert new.state is State.WAITING


def test_a_task_that_began_before_it_was_taken_out_stays() -> None:
    """The list says so, and later its absence is a loss, not a move."""
    story = moving(*QUEUED)
    assert story.listed(RUNS, 2) == ()
    assert (story.task.state, story.task.is_moving) == (State.RUNNING, False)
    story.missed(4)
    story.missed(6)
    assert story.task.state is State.LOST
    assert len(story.window.tasks) == 1


def test_a_task_that_is_still_there_is_taken_out_again() -> None:
    """Or a double of it."""
    story = moving(*QUEUED)
    assert story.deleted(WAITS, 2) == []
    assert story.deleted(Found(pending=2), 3) == [story.task.prompt_id]


def test_a_server_that_seems_to_have_restarted_meanwhile_loses_no_work() -> None:
    """Its books are new, as far as signs tell, which may come late: we took the task out."""
    story = moving(*QUEUED)
    story.north.restarted_at = NOON + 2
    story.missed(2)
    story.missed(4)
    assert story.task.state is State.CANCELLED
    assert len(story.window.waiting) == 1


def test_a_person_who_cancels_a_moving_task_cancels_its_work() -> None:
    """No new task does it."""
    story = moving(*QUEUED)
    story.task.is_cancel_wanted = True
    assert one(story.listed(WAITS, 4)).ask is Ask.CANCEL
    assert story.missed(5) == ()
    assert story.task.state is State.CANCELLED
    assert len(story.window.tasks) == 1
