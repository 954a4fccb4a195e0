"""Asking servers what is true.

What is remembered between looks.
"""

from itertools import pairwise
from typing import Any

import pytest

from tests.tether.core.farm import (
    INVERT,
    NOON,
    NORTH,
    ON_THE_WAY,
    QUEUED,
    RUNNING,
    UNKNOWN,
    all_of,
    asked,
    bound_task,
    new_window,
    one,
    reply,
    timers,
)
from tether.core.commands import CloseSocket, Commands, LoadWorkflow, StartTimer, StopTimer
from tether.core.errors import Trouble
from tether.core.ids import ClientId, TaskId
from tether.core.model.connection import Phase
from tether.core.model.server import JOBS_AGAIN, Reach, Server
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.requests import Ask, Request
from tether.core.session.snapshot import read_task, write_task
from tether.core.submission.submission import Submission
from tether.core.submission.withdrawal import Cancellation
from tether.core.timers import MissedTimer, PollTimer
from tether.core.tracking.reconciler import (
    ABSENT_AGAIN,
    FEW,
    HEAVY_LIST,
    IDLE_POLL_EVERY,
    OVERTAKEN_GRACE,
    POLL_EVERY,
    RECENT,
    SHORTEST_TICK,
    SILENT_POLL_EVERY,
    Polling,
    Reconciler,
)
from tether.core.tracking.verdicts import APART, DELIVERY_WITHIN, Verdicts

POLL_TIMER = PollTimer(NORTH)
NO_JOB = {"error": "Job not found"}
EMPTY = {"queue_running": [], "queue_pending": []}
NO_JOBS_API = [
    (404, ""),
    (404, "<html>"),
    (404, {"detail": "Not Found"}),
    (403, "<html>"),
    (405, "405: Method Not Allowed"),
    (500, ""),
    (200, "<html>"),
    (200, {"jobs": "none"}),
]
"""What an older server, or a proxy that passes known paths only, says in place of a job."""
IMAGES = {"3": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}}


class Story:
    """One server with tasks of ours, and its books."""

    def __init__(self, *states: State, has_jobs: bool = True) -> None:
        self.window: Window = new_window()
        self.north: Server = self.window.server(NORTH, NOON)
        self.north.has_jobs = has_jobs
        self.submission = Submission(self.window)
        self.cancellation = Cancellation(self.window, self.submission)
        self.reconciler = Reconciler(
            self.window, Verdicts(self.window, self.submission, self.cancellation)
        )
        self.task: Task = bound_task(self.window, self.north, *states)
        connection = self.north.connection
        connection.connect()
        connection.greeted(1)

    def look(self, at: float) -> Request:
        """Look now; the call for the list."""
        return one(self.reconciler.query(self.north, NOON + at))

    def look_again(self, at: float) -> None:
        """A new reason to look, while a list is under way."""
        assert self.reconciler.query(self.north, NOON + at) == ()

    def answer(self, request: Request, body: Any, at: float, status: int = 200) -> Commands:
        """The server answers."""
        event = reply(request, body, status)
        return self.reconciler.answered(request, event.status, event.text, NOON + at)

    def listed(self, state: str, at: float) -> Commands:
        """A whole look finds the task in this state."""
        jobs = [{"id": self.task.prompt_id, "status": state}]
        return self.answer(self.look(at), {"jobs": jobs}, at)

    def unlisted(self, request: Request, body: Any, at: float) -> Request:
        """A list lacks the task, and the socket is silent: the call for its record."""
        timer = StartTimer(MissedTimer(NORTH, self.task.task_id), OVERTAKEN_GRACE)
        assert self.answer(request, body, at) == (timer,)
        return one(self.reconciler.missed_fired(self.north, self.task.task_id))

    def missed(self, at: float) -> Commands:
        """A whole look finds the task in no book."""
        detail = self.unlisted(self.look(at), {"jobs": []}, at)
        assert (detail.ask, detail.task_id) == (Ask.JOB, self.task.task_id)
        return self.answer(detail, NO_JOB, at, 404)


def test_one_list_a_round_and_one_call_for_each_task_that_it_lacks() -> None:
    """Twenty tasks that wait cost one call."""
    story = Story(*RUNNING)
    other = bound_task(story.window, story.north, *QUEUED, number=2)
    request = story.look(5)
    assert (request.ask, request.path) == (Ask.JOBS, "/api/jobs?status=pending,in_progress")
    jobs = [{"id": other.prompt_id, "status": "pending"}]
    detail = story.unlisted(request, {"jobs": jobs}, 5)
    assert detail.path == f"/api/jobs/{story.task.prompt_id}"

    record = {"status": "completed", "outputs": IMAGES}
    assert story.answer(detail, record, 5) == ()
    assert (story.task.state, story.task.ended_by) == (State.COMPLETED, "record")
    assert [output.filename for output in story.task.outputs] == ["a.png"]
    assert other.state is State.QUEUED


@pytest.mark.parametrize("has_jobs", [True, False])
def test_a_list_tells_how_long_the_queue_is(has_jobs: bool) -> None:
    """Everybody's tasks; a frame that came since it was asked for is newer."""
    story = Story(*QUEUED, has_jobs=has_jobs)
    running, pending = {"id": "a", "status": "in_progress"}, {"id": "b", "status": "pending"}
    body: Any = {"jobs": [running, pending]}
    if not has_jobs:
        body = {"queue_running": [[0, "a", {}]], "queue_pending": [[1, "b", {}]]}
    story.answer(story.look(2), body, 3)
    assert (story.north.queue_remaining, story.north.queue_read_at) == (2, NOON + 3)
    request = story.look(4)
    story.north.note_queue(5, NOON + 5)
    story.answer(request, body, 6)
    assert story.north.queue_remaining == 5


def test_the_list_moves_tasks_along() -> None:
    """For tasks whose frames don't come."""
    story = Story(*UNKNOWN)
    story.listed("pending", 2)
    assert (story.task.state, story.task.acknowledged_at) == (State.QUEUED, NOON + 2)
    story.listed("in_progress", 4)
    assert (story.task.state, story.task.started_at) == (State.RUNNING, NOON + 4)
    assert story.listed("in_progress", 6) == ()


@pytest.mark.parametrize(
    ("record", "state", "code"),
    [
        ({"status": "failed", "execution_error": {}}, State.FAILED, "node_failed"),
        ({"status": "cancelled"}, State.CANCELLED, "interrupted"),
    ],
)
def test_the_record_tells_the_other_ends_too(record: Any, state: State, code: str) -> None:
    """What it doesn't tell of outputs, the frames told before."""
    story = Story(*UNKNOWN)
    detail = story.reconciler.query_task(story.north, story.task)
    story.answer(detail, record, 3)
    assert story.task.state is state
    assert story.task.trouble is not None
    assert story.task.trouble.code == code
    assert story.task.acknowledged_at == NOON + 3


def test_our_own_cancelling_is_no_trouble() -> None:
    """The person wanted it."""
    story = Story(*RUNNING)
    story.task.is_cancel_wanted = True
    story.answer(story.reconciler.query_task(story.north, story.task), {"status": "cancelled"}, 3)
    assert (story.task.state, story.task.trouble) == (State.CANCELLED, None)


@pytest.mark.parametrize("state", ["pending", "in_progress"])
def test_a_record_of_an_unfinished_task_acknowledges_it(state: str) -> None:
    """The list may have been a moment too early."""
    story = Story(*UNKNOWN)
    detail = story.reconciler.query_task(story.north, story.task, NOON + 1)
    story.task.absences = 1
    assert story.answer(detail, {"status": state}, 3) == ()
    assert (story.task.state, story.task.absences) == (State.QUEUED, 0)


def test_the_socket_has_half_a_second_to_tell_an_end_itself() -> None:
    """A list may overtake the last frames; once they are heard nobody is asked."""
    story = Story(*RUNNING)
    (timer,) = story.answer(story.look(5), {"jobs": []}, 5)
    assert timer == StartTimer(MissedTimer(NORTH, story.task.task_id), OVERTAKEN_GRACE)
    # The next list lacks it too, and does not put the question off.
    assert story.answer(story.look(5.2), {"jobs": []}, 5.2) == ()
    story.window.end(story.task, State.COMPLETED, NOON + 5.3, "socket", None)
    assert story.reconciler.missed_fired(story.north, story.task.task_id) == ()

    # Nothing is waited for that nobody will say: to no socket, or to another client's.
    for is_renamed in (True, False):
        story = Story(*RUNNING)
        if is_renamed:
            story.task.client_id = ClientId("another")
        else:
            story.north.connection.closed(1)
        assert one(story.answer(story.look(5), {"jobs": []}, 5)).ask is Ask.JOB


def test_a_task_in_no_book_twice_is_lost() -> None:
    """Not at once: a moment between two books must not end a task."""
    story = Story(*QUEUED)
    assert story.missed(2) == ()
    assert story.task.state is State.QUEUED
    story.missed(2 + APART)
    assert story.task.state is State.LOST
    assert story.task.trouble is not None
    assert story.task.trouble.code == "lost"


def test_a_post_without_an_answer_is_sent_again_when_nothing_can_arrive_any_more() -> None:
    """Half a minute, two negative reads, and the same prompt id."""
    story = Story(*UNKNOWN)
    for at in (2, 12, 29):
        assert story.missed(at) == ()
    assert story.missed(DELIVERY_WITHIN) == ()
    request = one(story.missed(DELIVERY_WITHIN + APART))
    assert request.ask is Ask.POST
    assert story.task.prompt_id in (request.body or "")
    assert (story.task.state, story.task.absences) == (State.POSTING, 0)


def test_what_may_still_come_is_looked_up_once_in_ten_seconds() -> None:
    """Each list would else be followed by a query for each of sixty such tasks."""
    story = Story(*UNKNOWN)
    assert story.missed(2) == ()
    for at in (4, 11.9):
        assert story.answer(story.look(at), {"jobs": []}, at) == ()
    assert story.missed(2 + ABSENT_AGAIN) == ()
    # The clock was put back.
    assert story.missed(5) == ()


def made_here(story: Story, given: str) -> list[Any]:
    """The task as a server has it that makes the ids itself."""
    return [0, given, {}, {"tether": {"prompt": story.task.sent_as or story.task.prompt_id}}, []]


def test_a_task_under_an_id_of_its_servers_own_is_found_by_its_tag() -> None:
    """In the queue, at once; it is followed under that id, over a reload too."""
    story = Story(*UNKNOWN, has_jobs=False)
    sent = story.task.prompt_id
    queue = {"queue_running": [], "queue_pending": [made_here(story, "theirs")]}
    assert story.answer(story.look(2), queue, 2) == ()
    assert (story.task.state, story.task.prompt_id) == (State.QUEUED, "theirs")
    restored = read_task(write_task(story.task))
    assert restored is not None
    assert restored.sent_as == sent
    queue = {"queue_running": [made_here(story, "theirs")], "queue_pending": []}
    assert story.answer(story.look(4), queue, 4) == ()
    assert story.task.state is State.RUNNING
    assert story.unlisted(story.look(6), EMPTY, 6).path == "/history/theirs"


def test_a_task_that_ended_under_another_id_is_found_in_the_history() -> None:
    """Among the newest; before it is sent again, among more of them."""
    story = Story(*UNKNOWN, has_jobs=False)
    early = story.unlisted(story.look(2), EMPTY, 2)
    assert (early.ask, early.path) == (Ask.RECENT, f"/history?max_items={FEW}")
    story.answer(early, {}, 2)
    late = story.unlisted(story.look(DELIVERY_WITHIN), EMPTY, DELIVERY_WITHIN)
    assert late.path == f"/history?max_items={RECENT}"
    entry = {"prompt": made_here(story, "theirs"), "outputs": IMAGES}
    story.answer(late, {"theirs": entry}, DELIVERY_WITHIN)
    assert (story.task.state, story.task.prompt_id) == (State.COMPLETED, "theirs")


def test_a_task_under_its_own_id_is_found_there_too() -> None:
    """Most servers without the jobs API keep what they are sent."""
    story = Story(*UNKNOWN, has_jobs=False)
    late = story.unlisted(story.look(2), EMPTY, 2)
    entry = {"prompt": made_here(story, story.task.prompt_id), "outputs": IMAGES}
    story.answer(late, {story.task.prompt_id: entry}, 2)
    assert (story.task.state, story.task.sent_as) == (State.COMPLETED, None)


def test_only_what_is_in_no_queue_and_not_in_the_history_is_sent_again() -> None:
    """Missed twice, as everywhere; a page that can't be read proves nothing."""
    story = Story(*UNKNOWN, has_jobs=False)
    for at, body, misses in ((30, "<html>", 0), (32, {}, 1)):
        story.answer(story.unlisted(story.look(at), EMPTY, at), body, at)
        story.north.has_jobs = False
        assert story.task.absences == misses
    recent = story.unlisted(story.look(34), EMPTY, 34)
    assert one(story.answer(recent, {}, 34)).ask is Ask.POST


def test_an_id_of_another_task_is_not_taken() -> None:
    """Whatever the tags of a hostile server say."""
    story = Story(*UNKNOWN, has_jobs=False)
    other = bound_task(story.window, story.north, *QUEUED, number=2)
    item = made_here(story, other.prompt_id)
    recent = story.unlisted(story.look(2), {"queue_running": [item], "queue_pending": []}, 2)
    entry = {"prompt": item, "outputs": IMAGES}
    assert story.answer(recent, {other.prompt_id: entry}, 2) == ()
    assert (story.task.state, story.task.sent_as) == (State.UNKNOWN, None)


def test_reads_from_before_the_second_post_prove_nothing() -> None:
    """Calls that hung are answered after the task was sent again."""
    story = Story(*UNKNOWN)
    late = [
        story.reconciler.query_task(story.north, story.task, NOON + at) for at in (30.0, 31.0, 32.0)
    ]
    story.missed(31)
    assert one(story.missed(33)).ask is Ask.POST
    for detail in late:
        assert story.answer(detail, NO_JOB, 34, 404) == ()
    assert (story.task.state, story.task.absences) == (State.POSTING, 0)

    # And when the answer to the second POST came before them, they are as old as ever.
    late_too = story.reconciler.query_task(story.north, story.task, NOON + 32)
    story.submission.acknowledged(story.task, NOON + 35)
    assert story.answer(late_too, NO_JOB, 36, 404) == ()
    assert (story.task.state, story.task.absences) == (State.QUEUED, 0)


def test_a_list_from_before_the_task_came_does_not_miss_it() -> None:
    """Asked for, then acknowledged, then answered."""
    story = Story(*UNKNOWN)
    request = story.look(5)
    story.submission.acknowledged(story.task, NOON + 6)
    assert story.answer(request, {"jobs": []}, 7) == ()


def test_a_cancelled_task_in_no_book_is_cancelled() -> None:
    """A server keeps no trace of what is deleted from its queue."""
    story = Story(*QUEUED)
    story.task.is_cancel_wanted = True
    story.missed(2)
    assert (story.task.state, story.task.trouble) == (State.CANCELLED, None)

    unknown = Story(*UNKNOWN)
    unknown.task.is_cancel_wanted = True
    unknown.missed(DELIVERY_WITHIN)
    assert unknown.missed(DELIVERY_WITHIN + APART) == ()
    assert unknown.task.state is State.CANCELLED


def test_a_task_that_is_still_there_is_cancelled_once_more() -> None:
    """The wish may have been lost on its way, or made before the server had the task."""
    story = Story(*UNKNOWN)
    story.task.is_cancel_wanted = True
    assert one(story.listed("pending", 2)).ask is Ask.CANCEL


def test_what_cannot_be_sent_again_asks_for_its_workflow() -> None:
    """After a reload the workflow may not be here, or not yet."""
    story = Story(*UNKNOWN)
    del story.window.workflows[INVERT]
    story.missed(DELIVERY_WITHIN)
    assert story.missed(DELIVERY_WITHIN + APART) == (LoadWorkflow(INVERT),)
    assert story.task.state is State.UNKNOWN


def test_an_older_server_is_asked_in_the_older_way() -> None:
    """Its queue first, then the history: the other order has a gap."""
    story = Story(*RUNNING)
    queue = one(story.answer(story.look(2), "", 2, 404))
    assert (queue.ask, queue.path, story.north.has_jobs) == (Ask.QUEUE, "/queue", False)
    history = story.unlisted(queue, EMPTY, 2)
    assert (history.ask, history.path) == (Ask.HISTORY, f"/history/{story.task.prompt_id}")
    assert story.answer(history, {}, 2) == ()
    assert story.task.absences == 1

    queue = story.look(5)
    running = {"queue_running": [[0, story.task.prompt_id, {}, {}, []]], "queue_pending": []}
    story.answer(queue, running, 5)
    assert story.task.absences == 0

    history = story.unlisted(story.look(8), EMPTY, 8)
    entry = {"status": {"status_str": "success", "messages": []}, "outputs": IMAGES}
    story.answer(history, {story.task.prompt_id: entry}, 8)
    assert story.task.state is State.COMPLETED


@pytest.mark.parametrize(("status", "body"), NO_JOBS_API)
def test_what_is_no_jobs_api_is_asked_in_the_older_way(status: int, body: Any) -> None:
    """At once, and no trouble: a list, and then a record, that something else has answered."""
    story = Story(*RUNNING)
    queue = one(story.answer(story.look(2), body, 2, status))
    assert (queue.ask, story.north.trouble) == (Ask.QUEUE, None)
    assert story.unlisted(queue, EMPTY, 2).ask is Ask.HISTORY

    story = Story(*RUNNING)
    job = story.unlisted(story.look(2), {"jobs": []}, 2)
    history = one(story.answer(job, body, 2, status))
    assert (history.ask, history.task_id) == (Ask.HISTORY, story.task.task_id)
    assert (story.north.trouble, story.task.absences) == (None, 0)
    story.answer(history, {}, 2)
    assert story.task.absences == 1  # the list before it still counts


def test_a_jobs_api_that_failed_is_asked_again_unless_there_is_none() -> None:
    """After a minute, or as soon as the older way fails too; a 404 is certain."""
    story = Story(*RUNNING)
    story.answer(one(story.answer(story.look(2), "", 2, 502)), EMPTY, 2)
    early = story.look(2 + JOBS_AGAIN - 1)
    assert early.ask is Ask.QUEUE
    story.answer(early, EMPTY, 2 + JOBS_AGAIN - 1)
    assert story.look(2 + JOBS_AGAIN).ask is Ask.JOBS

    story = Story(*RUNNING)
    story.answer(one(story.answer(story.look(2), "", 2, 404)), EMPTY, 2)
    assert story.look(2 + 10 * JOBS_AGAIN).ask is Ask.QUEUE


def test_without_answers_both_ways_are_tried_in_turn() -> None:
    """A proxy's refusal without CORS headers looks like a server that is down."""
    story = Story(*RUNNING)
    asks = []
    for at in (2, 4, 6, 8):
        request = story.look(at)
        asks.append(request.ask)
        story.reconciler.failed(request, NOON + at)
    assert asks == [Ask.JOBS, Ask.QUEUE, Ask.JOBS, Ask.QUEUE]

    story = Story(*RUNNING)
    story.reconciler.failed(story.unlisted(story.look(2), {"jobs": []}, 2), NOON + 2)
    assert story.look(4).ask is Ask.QUEUE


@pytest.mark.parametrize(
    ("status", "body"), [(404, ""), (500, ""), (200, "<html>"), (200, {"jobs": "none"})]
)
def test_a_failed_look_is_never_an_empty_list(status: int, body: Any) -> None:
    """The next one is made as if this had not been."""
    story = Story(*RUNNING)
    queue = one(story.answer(story.look(2), body, 2, status))
    assert story.answer(queue, body, 2, status) == ()
    assert story.north.trouble is not None
    assert story.task.absences == 0
    assert story.look(4).ask is (Ask.QUEUE if status == 404 else Ask.JOBS)


@pytest.mark.parametrize("has_jobs", [True, False])
@pytest.mark.parametrize(
    ("status", "body"), [(404, ""), (500, ""), (200, "<html>"), (200, {"error": "no route"})]
)
def test_a_failed_record_is_never_an_absence(status: int, body: Any, has_jobs: bool) -> None:
    """Nor is one without an answer."""
    story = Story(*RUNNING, has_jobs=has_jobs)
    for at in (2.0, 9.0):
        story.north.has_jobs = has_jobs
        detail = story.reconciler.query_task(story.north, story.task, NOON + at)
        if has_jobs:
            detail = one(story.answer(detail, body, at, status))
        assert story.answer(detail, body, at, status) == ()
        detail = story.reconciler.query_task(story.north, story.task, NOON + at)
        story.reconciler.failed(detail, NOON + 4)
    assert story.task.absences == 0


def test_a_record_asked_without_a_list_proves_no_absence() -> None:
    """The list is asked for first; then it counts."""
    story = Story(*RUNNING)
    detail = story.reconciler.query_task(story.north, story.task)
    assert one(story.answer(detail, NO_JOB, 2, 404)).ask is Ask.JOBS
    assert story.task.absences == 0


def test_answers_that_nobody_waits_for_are_passed_over() -> None:
    """Of a watch that has ended, of a task that has, of a call that was made before."""
    story = Story(*RUNNING)
    detail = story.reconciler.query_task(story.north, story.task)
    request = story.look(2)
    story.answer(request, {"jobs": []}, 2)
    assert story.answer(request, {"jobs": []}, 3) == ()
    story.reconciler.failed(request, NOON + 4)
    story.window.end(story.task, State.COMPLETED, NOON + 3, "socket", None)
    assert story.answer(detail, {"status": "failed"}, 4) == ()
    assert story.task.state is State.COMPLETED

    story.reconciler.fired(story.north, NOON + 5)
    assert story.answer(detail, {"status": "failed"}, 6) == ()
    story.reconciler.failed(detail, NOON + 4)


def test_one_list_at_a_time_and_one_more_after_it() -> None:
    """What happens while a list is under way may not be in it."""
    story = Story(*RUNNING)
    request = story.look(2)
    assert story.reconciler.query(story.north, NOON + 2) == ()
    jobs = [{"id": story.task.prompt_id, "status": "in_progress"}]
    assert one(story.answer(request, {"jobs": jobs}, 3)).ask is Ask.JOBS


def test_without_tasks_there_nobody_is_asked() -> None:
    """Tasks that only wait for their socket are not in any book."""
    story = Story(*ON_THE_WAY)
    assert story.reconciler.query(story.north, NOON) == ()
    assert story.reconciler.start(story.north, NOON) == ()
    assert story.reconciler.fired(story.north, NOON) == ()


def test_the_pulse_starts_with_the_first_task_and_stops_after_the_last() -> None:
    """One pulse, whoever looked before it started."""
    story = Story(*QUEUED)
    story.look(0)
    assert story.reconciler.start(story.north, NOON) == (StartTimer(POLL_TIMER, SILENT_POLL_EVERY),)
    assert story.reconciler.start(story.north, NOON) == ()
    story.window.end(story.task, State.COMPLETED, NOON, "socket", None)
    assert story.reconciler.fired(story.north, NOON) == ()

    bound_task(story.window, story.north, *QUEUED, number=2)
    assert story.reconciler.start(story.north, NOON) == (StartTimer(POLL_TIMER, SILENT_POLL_EVERY),)


def test_a_server_that_is_gone_has_no_pulse() -> None:
    """And when it comes back, it gets a new one."""
    story = Story(*QUEUED)
    story.reconciler.start(story.north, NOON)
    assert story.reconciler.forget(story.north) == (StopTimer(POLL_TIMER),)
    assert story.reconciler.start(story.north, NOON) != ()


def beats(story: Story, seconds: float, status: str = "pending", padding: str = "") -> list[float]:
    """When lists were asked for, each answered at once with all that is asked."""
    looks = []
    at = timers(story.reconciler.start(story.north, NOON))[POLL_TIMER]
    while at < seconds:
        commands = story.reconciler.fired(story.north, NOON + at)
        for request in asked(commands):
            looks.append(at)
            jobs = [{"id": story.task.prompt_id, "status": status}]
            ahead, asked_for = story.task.ahead, story.task.state
            length = story.north.queue_remaining
            story.answer(request, {"jobs": jobs, "padding": padding}, at)
            story.task.ahead, story.north.queue_remaining = ahead, length
            assert story.task.state is asked_for
        at += timers(commands)[POLL_TIMER]
    return looks


def test_a_task_that_is_not_soon_its_turn_is_looked_at_every_fifteen_seconds() -> None:
    """It waits in the server's queue, and its socket is open."""
    story = Story(*QUEUED)
    story.task.ahead = 20
    story.north.connection.received(NOON)
    looks = beats(story, 60)
    assert IDLE_POLL_EVERY / 2 <= looks[0] <= IDLE_POLL_EVERY + POLL_EVERY
    assert len(looks) in (3, 4)


@pytest.mark.parametrize(("ahead", "others", "seconds"), [(0, 0, 1), (1, 9, 1), (3, 0, 3)])
@pytest.mark.parametrize("is_listed", [True, False])
def test_a_task_whose_turn_comes_on_a_silent_socket_is_looked_at(
    ahead: int, others: int, seconds: int, is_listed: bool
) -> None:
    """As often as it may have begun; before the first list its server's number says when."""
    story = Story(*QUEUED)
    if is_listed:
        story.task.ahead = ahead
        story.north.note_queue(others + 1, NOON)
    else:
        story.north.note_queue(ahead + 1, NOON)
    story.north.connection.received(NOON)
    looks = beats(story, 20)
    assert looks[0] <= IDLE_POLL_EVERY
    assert {round(after - before) for before, after in pairwise(looks)} == {seconds}


def test_a_silent_run_is_looked_at_every_second_from_its_last_frame_on() -> None:
    """To the moment: the pulse comes when it is due."""
    story = Story(*RUNNING)
    story.reconciler.start(story.north, NOON)
    story.task.last_frame_at = NOON + 0.7
    (tick,) = story.reconciler.fired(story.north, NOON + 1)
    assert isinstance(tick, StartTimer)
    assert tick.delay == pytest.approx(0.7)
    assert one(story.reconciler.fired(story.north, NOON + 1.71)).ask is Ask.JOBS
    # While a list is under way, or has just been asked for, there is no hurry.
    assert timers(story.reconciler.fired(story.north, NOON + 9)) == {POLL_TIMER: SILENT_POLL_EVERY}


def test_a_pulse_that_comes_a_moment_too_early_is_followed_by_another() -> None:
    """Browsers round; none comes without end."""
    story = Story(*RUNNING)
    story.reconciler.start(story.north, NOON)
    story.task.last_frame_at = NOON
    commands = story.reconciler.fired(story.north, NOON + SILENT_POLL_EVERY - 0.001)
    assert timers(commands) == {POLL_TIMER: SHORTEST_TICK}


def test_long_lists_are_asked_for_half_as_often() -> None:
    """An old server's queue has all workflows in it."""
    light, heavy = Story(*RUNNING), Story(*RUNNING)
    assert len(beats(light, 20, "in_progress")) in (18, 19)
    assert len(beats(heavy, 20, "in_progress", "x" * HEAVY_LIST)) in (9, 10)


@pytest.mark.parametrize("why", ["socket", "silence", "unknown", "absence", "cancel"])
def test_what_may_be_wrong_is_looked_at_with_every_beat(why: str) -> None:
    """A lost socket, a silent run, an open outcome, a first absence, a wish to cancel."""
    story = Story(*{"silence": RUNNING, "unknown": UNKNOWN}.get(why, QUEUED))
    story.reconciler.start(story.north, NOON)
    if why == "socket":
        story.north.connection.closed(1)
    story.task.is_cancel_wanted = why == "cancel"
    story.task.absences = int(why == "absence")
    assert one(story.reconciler.fired(story.north, NOON + POLL_EVERY)).ask is Ask.JOBS
    # Not twice at a time.
    assert asked(story.reconciler.fired(story.north, NOON + 2 * POLL_EVERY)) == []


def beaten(story: Story, at: float) -> list[object]:
    """What is closed with the beat at that time."""
    return all_of(CloseSocket, story.reconciler.fired(story.north, NOON + at))


def test_a_post_that_is_acknowledged_and_not_heard_of_replaces_the_socket() -> None:
    """Two seconds, then one redial: every socket is told of every task that comes."""
    story = Story(*ON_THE_WAY)
    story.submission.acknowledged(story.task, NOON + 1)
    assert beaten(story, 2) == []
    assert beaten(story, 3) == [CloseSocket(NORTH, 1)]
    assert beaten(story, 9) == []


def test_a_socket_is_found_deaf_after_its_last_task_too() -> None:
    """Short tasks leave no time for it; the pulse stops when that is settled."""
    story = Story(*RUNNING)
    story.north.connection.doubt(NOON, NOON)
    story.window.end(story.task, State.COMPLETED, NOON, "record", None)
    assert story.reconciler.fired(story.north, NOON + 1) == (
        StartTimer(POLL_TIMER, SILENT_POLL_EVERY),
    )
    assert all_of(StartTimer, story.reconciler.fired(story.north, NOON + 2))[-1].key != POLL_TIMER
    assert story.north.connection.phase is Phase.CLOSING


def test_a_start_that_only_the_list_tells_of_replaces_the_socket() -> None:
    """The task waited when the list before was asked for, and nothing was heard since."""
    story = Story(*QUEUED)
    story.north.connection.received(NOON + 1)
    story.listed("pending", 4)
    story.listed("in_progress", 6)
    assert beaten(story, 8) == [CloseSocket(NORTH, 1)]


@pytest.mark.parametrize("heard_at", [1, 7])
def test_an_end_that_only_the_record_tells_of_may_be_a_deaf_socket(heard_at: float) -> None:
    """Or a frame was lost alone: then others were heard."""
    story = Story(*RUNNING)
    bound_task(story.window, story.north, *QUEUED, number=2)
    story.north.connection.received(NOON + 1)
    story.listed("in_progress", 6)
    story.north.connection.received(NOON + heard_at)
    detail = story.reconciler.query_task(story.north, story.task)
    story.answer(detail, {"status": "completed", "outputs": IMAGES}, 8)
    assert beaten(story, 10) == ([CloseSocket(NORTH, 1)] if heard_at == 1 else [])


def test_a_queue_that_is_too_short_for_our_tasks_is_looked_at() -> None:
    """Somebody deleted one of ours: no other frame tells us."""
    story = Story(*QUEUED)
    story.task.ahead = 20
    story.north.connection.received(NOON)
    story.reconciler.start(story.north, NOON)
    story.north.note_queue(1, NOON)
    assert asked(story.reconciler.fired(story.north, NOON + POLL_EVERY)) == []
    story.north.note_queue(0, NOON)
    assert one(story.reconciler.fired(story.north, NOON + 2 * POLL_EVERY)).ask is Ask.JOBS


def test_a_task_that_is_heard_and_a_server_that_rests_are_left_alone() -> None:
    """Frames come; or a call has just failed."""
    story = Story(*RUNNING)
    story.task.last_frame_at = NOON + 1.5
    story.reconciler.start(story.north, NOON)
    assert asked(story.reconciler.fired(story.north, NOON + POLL_EVERY)) == []
    story.north.retry_at = NOON + 9
    assert asked(story.reconciler.fired(story.north, NOON + 8)) == []
    assert asked(story.reconciler.fired(story.north, NOON + 9)) != []


def test_a_queue_that_is_too_long_is_looked_at_once_after_a_task_came() -> None:
    """The browser may have sent it twice; or there are others' tasks, and one look is cheap."""
    story = Story(*QUEUED)
    story.north.note_queue(1, NOON + 1)
    assert story.reconciler.check_duplicates(story.north, NOON + 1) == ()
    story.north.note_queue(2, NOON + 1)
    request = one(story.reconciler.check_duplicates(story.north, NOON + 1))
    story.answer(request, {"jobs": [{"id": story.task.prompt_id, "status": "pending"}]}, 1)
    assert story.reconciler.check_duplicates(story.north, NOON + 1) == ()

    late = Story(*QUEUED)
    late.north.note_queue(2, NOON + 1)
    assert late.reconciler.check_duplicates(late.north, NOON + POLL_EVERY + 1) == ()


def silent_beats(story: Story, seconds: int) -> list[int]:
    """When lists were asked for by the pulse, none of them answered."""
    looks = []
    story.reconciler.start(story.north, NOON)
    for at in range(0, seconds, int(POLL_EVERY)):
        for request in asked(story.reconciler.fired(story.north, NOON + at)):
            looks.append(at)
            assert story.reconciler.failed(request, NOON + at) == ()
    return looks


def test_a_silent_server_is_asked_more_and_more_rarely() -> None:
    """Never less than twice a minute, and the card says it; an answer ends that."""
    story = Story(*UNKNOWN)
    looks = silent_beats(story, 300)
    assert story.north.reach is Reach.DOWN
    assert story.north.trouble == Trouble.of("server_silent", server="north:8188")
    gaps = [after - before for before, after in pairwise(looks)]
    assert max(gaps[:2]) <= 4
    assert 10 <= max(gaps) <= 30 + POLL_EVERY
    assert len(looks) < 60

    story.listed("pending", 301)
    assert (story.north.reach, story.north.trouble, story.north.retry_at) == (Reach.UP, None, 0)
    assert story.north.silence.failures == 0


def test_a_list_that_failed_is_asked_for_again_where_there_was_a_new_reason() -> None:
    """The socket came back while the list hung: once, whatever the pauses are."""
    story = Story(*RUNNING)
    request = story.look(2)
    story.look_again(3)
    assert one(story.reconciler.failed(request, NOON + 12)).ask is Ask.QUEUE


def test_a_server_that_answers_with_an_error_says_its_status() -> None:
    """The card is the person's only sight of it."""
    story = Story(*RUNNING)
    story.answer(one(story.answer(story.look(2), "", 2, 503)), "", 2, 503)
    assert story.north.trouble == Trouble.of("server_status", server="north:8188", status=503)
    assert (story.north.reach, story.north.retry_at > NOON + 2) == (Reach.DOWN, True)


@pytest.mark.parametrize(
    ("status", "code"), [(404, "lost_restart"), (200, "lost_deleted"), (500, "lost")]
)
def test_a_missing_task_is_told_from_a_server_with_new_books(status: int, code: str) -> None:
    """By one that ended there: asked for once, when ours is missed for the first time."""
    story = Story(*QUEUED)
    witness = bound_task(story.window, story.north, *RUNNING, number=2)
    story.window.end(witness, State.COMPLETED, NOON, "socket", None)
    question = one(story.missed(2))
    assert question.task_id == witness.task_id
    if status == 500:
        question = one(story.answer(question, "", 2, status))  # in the older way
    answer = {404: NO_JOB, 200: {"status": "completed"}, 500: ""}[status]
    assert story.answer(question, answer, 2, status) == ()
    story.north.has_jobs = True
    assert story.missed(2 + APART) == ()
    assert story.task.state is State.LOST
    assert story.task.trouble is not None
    assert story.task.trouble.code == code


def test_a_late_record_of_a_task_that_has_ended_is_no_sign() -> None:
    """The history may lack it for a moment, while its last frames are heard."""
    story = Story(*RUNNING)
    bound_task(story.window, story.north, *RUNNING, number=2)
    detail = story.reconciler.query_task(story.north, story.task)
    story.window.end(story.task, State.COMPLETED, NOON + 1, "socket", None)
    assert story.answer(detail, "", 2, 404) == ()
    assert story.north.restarted_at == 0


def test_a_socket_that_is_deaf_again_is_followed_by_one_of_another_client() -> None:
    """New tasks are heard there; the old one is asked for with every beat."""
    story = Story(*QUEUED)
    connection, before = story.north.connection, story.north.connection.client_id
    for attempt in (1, 2):
        assert connection.client_id == before
        since = attempt * 60.0
        connection.received(NOON + since)
        connection.doubt(NOON + since + 1, NOON + since + 1)
        commands = story.reconciler.fired(story.north, NOON + since + 3)
        assert all_of(CloseSocket, commands) == [CloseSocket(NORTH, attempt)]
        jobs = [{"id": story.task.prompt_id, "status": "pending"}]
        story.answer(one(commands), {"jobs": jobs}, since + 3)
        connection.closed(attempt)
        connection.fired(attempt)
        connection.greeted(attempt + 1)
    assert connection.client_id != before
    assert story.task.client_id == before
    assert one(story.reconciler.fired(story.north, NOON + 125)).ask is Ask.JOBS


def test_each_server_has_a_memory_of_its_own() -> None:
    """Nothing is shared by two watches."""
    one, other = Polling(), Polling()
    one.missed[TaskId("t1")] = 5.0
    one.details[1] = 5.0
    assert (other.missed, other.details, other.list_id) == ({}, {}, 0)


def test_a_beat_leaves_the_socket_its_time() -> None:
    """The question about a task that a list lacks is asked before the next look."""
    assert OVERTAKEN_GRACE < SILENT_POLL_EVERY < POLL_EVERY < IDLE_POLL_EVERY
