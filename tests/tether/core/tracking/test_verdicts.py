"""What a server's books mean for a task of ours.

When a server that knows nothing of a task means that the task is not there.

Why a server no longer knows a task.
"""

import json

import pytest

from tests.tether.core.farm import (
    INVERT,
    NOON,
    NORTH,
    QUEUED,
    RUNNING,
    SOUTH,
    UNKNOWN,
    asked,
    bound_task,
    new_task,
    new_window,
    one,
)
from tether.core.commands import Commands, LoadWorkflow, ShareFiles
from tether.core.errors import Trouble
from tether.core.ids import Digest, PromptId
from tether.core.model.server import Server
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.answers import Found, Record
from tether.core.protocol.requests import Ask
from tether.core.submission.submission import Submission
from tether.core.submission.withdrawal import Cancellation, take_out
from tether.core.tracking.verdicts import (
    APART,
    DELIVERY_WITHIN,
    Verdicts,
    find_witness,
    is_missing,
    is_still_lost,
    is_witness,
    last_contact,
    why_lost,
)

WAITS = Found(pending=1)
RUNS = Found(is_running=True)


class Story:
    """One server, one task there, and the server's books."""

    def __init__(self, *states: State) -> None:
        self.window = new_window()
        self.north = self.window.server(NORTH, NOON)
        submission = Submission(self.window)
        self.verdicts = Verdicts(self.window, submission, Cancellation(self.window, submission))
        self.task = bound_task(self.window, self.north, *states)

    def listed(self, found: Found, at: float) -> Commands:
        """A list has the task."""
        return self.verdicts.listed(self.north, self.task, found, NOON + at, NOON + at)

    def missed(self, at: float) -> Commands:
        """A list and the record lack it."""
        return self.verdicts.absent(self.north, self.task, NOON + at, NOON + at)

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
    assert story.task.last_listed_at == NOON + 6


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
    story.verdicts.recorded(story.north, story.task, record, NOON + 3)
    assert (story.task.state, story.task.ended_by) == (state, "record")
    assert story.task.trouble == record.trouble
    assert story.task.acknowledged_at == NOON + 3


def test_our_own_cancelling_is_no_trouble() -> None:
    """The person wanted it."""
    story = Story(*RUNNING)
    story.task.is_cancel_wanted = True
    record = Record("cancelled", (), Trouble.of("interrupted"))
    story.verdicts.recorded(story.north, story.task, record, NOON + 3)
    assert (story.task.state, story.task.trouble) == (State.CANCELLED, None)


def test_a_record_of_an_open_task_acknowledges_it() -> None:
    """The list may have been a moment too early."""
    story = Story(*UNKNOWN)
    story.verdicts.recorded(story.north, story.task, Record("pending"), NOON + 3)
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


def posted(state: State) -> Task:
    """A task that was posted at noon, and acknowledged a second later where it was."""
    task = new_task()
    task.state = state
    task.posted_at = NOON
    task.acknowledged_at = NOON + 1 if state is State.QUEUED else 0.0
    return task


def test_a_task_is_missing_when_it_was_missed_twice() -> None:
    """Seconds apart: once may be a moment between two books."""
    task = posted(State.QUEUED)
    assert not is_missing(task, NOON + 10, NOON + 10.2)
    assert not is_missing(task, NOON + 10.2 + APART / 2, NOON + 11)
    assert task.absences == 1
    assert is_missing(task, NOON + 10.2 + APART, NOON + 11.5)


def test_what_was_asked_too_early_proves_nothing() -> None:
    """The list was on its way when the task came, or when it was sent again."""
    task = posted(State.QUEUED)
    assert last_contact(task) == NOON + 1
    assert not is_missing(task, NOON + 1, NOON + 5)
    assert task.absences == 0

    again = posted(State.UNKNOWN)
    again.state, again.posted_at = State.POSTING, NOON + 40
    assert not is_missing(again, NOON + 39, NOON + 41)
    assert again.absences == 0


def test_a_post_without_an_answer_may_be_on_its_way_for_half_a_minute() -> None:
    """Only what is asked after that counts, whenever it is answered."""
    task = posted(State.UNKNOWN)
    assert not is_missing(task, NOON + DELIVERY_WITHIN - 0.1, NOON + DELIVERY_WITHIN + 9)
    assert task.absences == 0
    assert not is_missing(task, NOON + DELIVERY_WITHIN, NOON + DELIVERY_WITHIN)
    assert is_missing(task, NOON + DELIVERY_WITHIN + APART, NOON + DELIVERY_WITHIN + APART)


def test_what_we_cancelled_need_not_be_missed_twice() -> None:
    """A server keeps no trace of it; but only of what it had."""
    task = posted(State.QUEUED)
    task.is_cancel_wanted = True
    assert is_missing(task, NOON + 10, NOON + 10)

    unknown = posted(State.UNKNOWN)
    unknown.is_cancel_wanted = True
    assert not is_missing(unknown, NOON + 40, NOON + 40)
    assert is_missing(unknown, NOON + 42, NOON + 42)


def lost() -> tuple[Window, Server, Task]:
    """A task that its server has acknowledged at noon, with an open socket."""
    window = new_window()
    north = window.server(NORTH, NOON)
    north.connection.connect()
    north.connection.received(NOON - 5)
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
    north.note_number(7, NOON - 9, NOON - 9)
    north.note_number(0, NOON - 8, NOON - 8)
    assert code(north, task) == "lost"  # before the task came
    north.note_number(1, NOON + 1, NOON + 2)
    north.note_number(0, NOON + 3, NOON + 4)
    assert code(north, task) == "lost_restart"


def test_answers_that_overtake_each_other_are_no_restart() -> None:
    """The call was made before the higher number was known."""
    _, north, task = lost()
    north.note_number(5, NOON + 1, NOON + 3)
    north.note_number(4, NOON + 2, NOON + 4)
    assert code(north, task) == "lost"


def test_a_server_that_knows_its_past_lost_one_task_alone() -> None:
    """Somebody deleted it."""
    _, north, task = lost()
    north.note_history(is_known=True, now=NOON + 3)
    assert code(north, task) == "lost_deleted"
    north.note_history(is_known=False, now=NOON + 4)
    assert code(north, task) == "lost_restart"


def test_a_socket_that_stayed_and_hears_speaks_for_a_deletion() -> None:
    """A restart would have closed it."""
    _, north, task = lost()
    north.connection.received(NOON + 3)
    assert code(north, task) == "lost_deleted"
    task.last_listed_at = NOON + 4
    assert code(north, task) == "lost"
    north.connection.received(NOON + 5)
    north.connection.closed(1)
    assert code(north, task) == "lost"
    north.connection.fired(1)
    north.connection.received(NOON + 9)
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


@pytest.mark.parametrize(
    ("states", "given", "is_now", "deleted"),
    [
        (UNKNOWN, ["a"], "a", []),
        (UNKNOWN, ["a", "b"], "a", ["b"]),
        (QUEUED, ["own"], "own", []),
        (QUEUED, ["a", "own"], "a", ["own"]),
        (QUEUED, ["a"], "own", ["a"]),
        (RUNNING, ["a", "own"], "own", ["a"]),
    ],
)
def test_a_post_that_the_browser_repeated_runs_once_where_each_has_its_own_id(
    states: tuple[State, ...], given: list[str], is_now: str, deleted: list[str]
) -> None:
    """What runs or is next is the task, unless it has begun already; the rest is taken out."""
    story = Story(*states)
    if states is not UNKNOWN:
        story.window.rename_prompt(story.task, PromptId("own"))
    commands = story.verdicts.named(story.task, list(map(PromptId, given)))
    assert story.task.prompt_id == is_now
    bodies = [json.loads(request.body or "") for request in asked(commands, Ask.DELETE)]
    assert bodies == [{"delete": deleted}] * bool(deleted)
