"""The way of one bound task to its server."""

import json

import pytest

from tests.tether.core.farm import (
    NOON,
    NORTH,
    SOUTH,
    all_of,
    asked,
    new_window,
    one,
    photo,
    reply,
    stopped,
    timers,
    waiting_task,
)
from tether.core.commands import AbortRequest, OpenSocket, StopTimer
from tether.core.events import Failure
from tether.core.ids import PromptId
from tether.core.model.connection import GREETING_WITHIN, Phase
from tether.core.model.server import Reach, Server, Use
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.requests import Ask, Request
from tether.core.submission.submission import POST_WITHIN, Submission, upload_within
from tether.core.timers import SocketTimer
from tether.core.tracking.frames import task_of

ACCEPTED = {"prompt_id": "p", "number": 0, "node_errors": {}}


class Story:
    """One task on its way to one server."""

    def __init__(self, is_open: bool = True, pictures: int = 1) -> None:
        self.window: Window = new_window()
        self.north: Server = self.window.server(NORTH, NOON)
        self.submission = Submission(self.window)
        self.task: Task = waiting_task(self.window, pictures=pictures)
        if is_open:
            self.north.connection.connect()
            self.north.connection.greeted(1)

    def begin(self) -> tuple[object, ...]:
        """Bind the task."""
        return self.submission.begin(self.task, self.north, NOON)

    def upload(self) -> Request:
        """Bind the task, and return the first upload."""
        return one(self.begin(), Ask.UPLOAD)

    def post(self) -> Request:
        """Go on to the POST."""
        return one(self.answer(self.upload(), {"name": "photo (1).png"}), Ask.POST)

    def answer(self, request: Request, body: object = "", status: int = 200) -> tuple[object, ...]:
        """The server answers."""
        return self.submission.answered(self.task, reply(request, body, status), NOON + 1)

    def fail(self, request: Request, failure: Failure) -> tuple[object, ...]:
        """No answer comes."""
        return self.submission.failed(self.task, request, failure, NOON + 1)

    def note(self) -> str:
        """Why the task stands where it stands."""
        assert self.task.note is not None
        return self.task.note.code


def test_a_slow_line_has_time_for_a_large_picture() -> None:
    """40 MB at 1 Mbit/s."""
    assert upload_within(40 * 10**6) > 40 * 8


def test_with_a_socket_open_a_task_goes_straight_to_its_server() -> None:
    """Upload, POST, acknowledged; with the server's own name for the picture."""
    story = Story()
    upload = story.upload()
    assert (upload.server, upload.path) == (NORTH, "/upload/image")
    assert upload.timeout == upload_within(story.task.pictures[0].size)
    assert upload.upload is not None
    assert story.task.state is State.UPLOADING

    post = one(story.answer(upload, {"name": "photo (1).png"}), Ask.POST)
    assert (post.path, post.timeout) == ("/prompt", POST_WITHIN)
    body = json.loads(post.body or "")
    assert body["prompt"]["1"]["inputs"]["image"] == "photo (1).png"
    assert body["prompt_id"] == story.task.prompt_id
    assert body["client_id"] == story.north.connection.client_id
    assert (story.task.state, story.task.posted_at) == (State.POSTING, NOON + 1)

    story.north.errors.next()
    assert story.answer(post, ACCEPTED) == ()
    assert (story.task.state, story.task.acknowledged_at) == (State.QUEUED, NOON + 1)
    assert story.north.errors.failures == 0


def test_each_picture_is_uploaded_for_its_own_input() -> None:
    """One after the other; a workflow without pictures is posted at once."""
    story = Story(pictures=0)
    story.task.pictures = (photo("1"), photo("2"))
    second = one(story.answer(story.upload(), {"name": "a.png"}), Ask.UPLOAD)
    post = one(story.answer(second, {"name": "b.png", "subfolder": "x"}), Ask.POST)
    nodes = json.loads(post.body or "")["prompt"]
    assert [nodes[node]["inputs"]["image"] for node in "12"] == ["a.png", "x/b.png"]

    plain = Story(pictures=0)
    assert one(plain.begin()).ask is Ask.POST


def test_nothing_is_sent_before_the_socket_is_greeted() -> None:
    """The first frames of a task would be lost."""
    story = Story(is_open=False)
    commands = story.begin()
    assert len(all_of(OpenSocket, commands)) == 1
    assert all_of(Request, commands) == []
    assert timers(commands)[SocketTimer(story.task.task_id)] == GREETING_WITHIN

    story.north.connection.greeted(1)
    commands = story.submission.greeted(story.north, NOON + 1)
    assert stopped(commands) == {SocketTimer(story.task.task_id)}
    assert one(commands).ask is Ask.UPLOAD

    # A second greeting finds nothing that waits for it, nor does the timer.
    assert story.submission.greeted(story.north, NOON + 2) == ()
    assert story.submission.connect_fired(story.task, NOON + 10) == ()


def test_a_blocked_socket_does_not_keep_a_task_from_running() -> None:
    """After ten seconds it goes on by polling, and says so."""
    story = Story(is_open=False)
    story.begin()
    assert one(story.submission.connect_fired(story.task, NOON + 10)).ask is Ask.UPLOAD
    assert story.note() == "by_polling"


def test_only_the_first_task_waits_for_a_blocked_socket() -> None:
    """The next ones go on at once, until the server greets after all."""
    story = Story(is_open=False)
    story.begin()
    story.submission.connect_fired(story.task, NOON + 10)
    later = waiting_task(story.window, 2)
    assert one(story.submission.begin(later, story.north, NOON + 20)).ask is Ask.UPLOAD
    assert later.note is not None and later.note.code == "by_polling"


def test_before_every_call_lock_and_socket_are_mended() -> None:
    """Task server = locked server = socket's server, or it is made so."""
    story = Story()
    upload = story.upload()
    story.window.locks.hold(story.task.prompt_id, SOUTH, NOON)
    connection = story.north.connection
    connection.release()
    connection.closed(1)
    assert connection.phase is Phase.IDLE

    commands = story.answer(upload, {"name": "a.png"})
    assert story.window.locks.server_of(story.task.prompt_id) == NORTH
    assert len(all_of(OpenSocket, commands)) == 1
    assert isinstance(commands[-1], Request)
    assert story.window.mended == 1, "a socket that isn't open yet is none"


@pytest.mark.parametrize(("status", "body"), [(500, ""), (404, ""), (200, "<html>")])
def test_a_server_that_cannot_take_the_picture_gives_the_task_back(status: int, body: str) -> None:
    """Nothing was posted, so it may go elsewhere; this server rests a little."""
    story = Story()
    assert story.answer(story.upload(), body, status) == ()
    assert (story.task.state, story.task.server) == (State.WAITING, None)
    assert story.note() in ("server_status", "message_unknown")
    assert story.north.reach is Reach.DOWN
    assert story.north.opens_at > NOON
    assert story.window.locks.report() is None


@pytest.mark.parametrize(
    ("status", "code"), [(400, "picture_refused"), (413, "picture_too_large_there")]
)
def test_a_picture_that_is_refused_has_failed(status: int, code: str) -> None:
    """With its name, so that the person can choose another."""
    story = Story()
    story.answer(story.upload(), "", status)
    assert story.task.state is State.FAILED
    assert story.task.trouble is not None
    assert story.task.trouble.code == code
    assert dict(story.task.trouble.facts)["picture"] == "photo.png"


def test_a_picture_too_large_for_one_server_goes_to_another() -> None:
    """Where the choice is ours, and another may take it; the first gets no such picture again."""
    story = Story()
    south = story.window.server(SOUTH, NOON)
    assert story.answer(story.upload(), "", 413) == ()
    assert (story.task.state, story.note()) == (State.WAITING, "picture_too_large_there")
    assert not story.north.accepts(story.task.pictures[0].size)
    assert story.north.reach is not Reach.DOWN

    for is_pinned in (True, False):
        other = Story()
        other.window.server(SOUTH, NOON).use = Use.LISTED if is_pinned else Use.REMOVED
        other.task.pinned = NORTH if is_pinned else None
        other.answer(other.upload(), "", 413)
        assert other.task.state is State.FAILED

    south.refused_picture(story.task.pictures[0].size)
    again = one(story.submission.begin(story.task, story.north, NOON + 2), Ask.UPLOAD)
    story.answer(again, "", 413)
    assert story.task.state is State.FAILED


def test_after_a_long_upload_a_task_is_posted_once_the_queues_were_looked_at_again() -> None:
    """And once its lock and its socket were looked at, as before every call."""
    story = Story()
    story.window.server(SOUTH, NOON).answered()
    late = reply(story.upload(), {"name": "photo.png"})
    probes = asked(story.submission.answered(story.task, late, NOON + 10), Ask.PROBE)
    assert [each.server for each in probes] == [NORTH, SOUTH]
    story.window.locks.release(story.task.prompt_id)
    told = [story.submission.recheck.answered(each, 0, NOON + 10) for each in probes]
    assert one(told[1], Ask.POST).server == NORTH
    assert story.window.locks.server_of(story.task.prompt_id) == NORTH


def test_an_upload_without_an_answer_gives_the_task_back() -> None:
    """A picture that lies there unused harms nobody."""
    story = Story()
    story.fail(story.upload(), Failure.TIMEOUT)
    assert story.task.state is State.WAITING
    assert story.note() == "server_silent"


def test_what_was_to_go_elsewhere_gives_the_task_back() -> None:
    """The server has neither picture nor task; unless frames that were faster say otherwise."""
    story = Story()
    story.fail(story.upload(), Failure.REDIRECTED)
    assert (story.task.state, story.note()) == (State.WAITING, "server_redirects")
    story = Story()
    story.fail(story.post(), Failure.REDIRECTED)
    assert (story.task.state, story.note()) == (State.WAITING, "server_redirects")
    story = Story()
    post = story.post()
    story.submission.acknowledged(story.task, NOON + 1)
    assert story.fail(post, Failure.REDIRECTED) == ()
    assert story.task.state is State.QUEUED


def test_a_picture_that_is_gone_here_has_failed() -> None:
    """No server can help."""
    story = Story()
    story.fail(story.upload(), Failure.FILE_GONE)
    assert story.task.state is State.FAILED
    assert story.task.trouble is not None
    assert story.task.trouble.code == "picture_gone"


def test_a_refused_prompt_has_failed_with_the_servers_words() -> None:
    """A 400 has queued nothing, and would be a 400 everywhere."""
    story = Story()
    error = {"error": {"type": "prompt_no_outputs"}, "node_errors": {}}
    story.answer(story.post(), error, 400)
    assert story.task.state is State.FAILED
    assert story.task.trouble is not None
    assert story.task.trouble.code == "refused_no_output"


@pytest.mark.parametrize("status", [401, 403, 404, 405, 413, 429])
def test_a_gate_in_between_gives_the_task_back(status: int) -> None:
    """Nothing has reached the queue; the server rests, longer each time that it happens."""
    story = Story()
    pauses = []
    for _ in range(8):
        story.answer(story.post(), "", status)
        assert (story.task.state, story.note()) == (State.WAITING, "server_status")
        # It answers all other calls, which opens it no sooner.
        story.north.answered()
        pauses.append(story.north.errors.failures)
        assert NOON + 1.5 <= story.north.opens_at <= NOON + 31
    assert pauses == list(range(1, 9))


def test_a_wish_to_cancel_ends_what_a_gate_gave_back() -> None:
    """Nobody has it."""
    story = Story()
    post = story.post()
    story.task.is_cancel_wanted = True
    story.answer(post, "", 429)
    assert (story.task.state, story.task.ended_by) == (State.CANCELLED, "answer")


@pytest.mark.parametrize(("status", "body"), [(500, ""), (200, "<html>")])
def test_an_answer_that_says_nothing_leaves_the_outcome_open(status: int, body: str) -> None:
    """The task may be queued all the same; sent again blindly it would run twice."""
    story = Story()
    assert story.answer(story.post(), body, status) == ()
    assert story.task.state is State.UNKNOWN
    assert story.note() == "outcome_unknown"
    assert story.window.locks.server_of(story.task.prompt_id) == NORTH

    story.submission.acknowledged(story.task, NOON + 5)
    assert (story.task.state, story.task.note) == (State.QUEUED, None)


@pytest.mark.parametrize("failure", [Failure.TIMEOUT, Failure.NETWORK])
def test_a_post_without_an_answer_leaves_the_outcome_open(failure: Failure) -> None:
    """The request may have arrived."""
    story = Story()
    story.fail(story.post(), failure)
    assert story.task.state is State.UNKNOWN


@pytest.mark.parametrize("status", [400, 500])
def test_frames_that_overtake_the_answer_know_better(status: int) -> None:
    """It runs already: whatever the POST is answered, it is not sent again."""
    story = Story()
    post = story.post()
    story.submission.acknowledged(story.task, NOON + 1)
    story.window.move(story.task, State.RUNNING)
    story.answer(post, "", status)
    assert story.task.state is State.RUNNING
    story.answer(post, "<html>")
    assert story.task.state is State.RUNNING
    story.fail(post, Failure.NETWORK)
    assert story.task.state is State.RUNNING


def test_an_acknowledgement_is_counted_once() -> None:
    """The frames came first, then the answer to the POST."""
    story = Story()
    post = story.post()
    story.submission.acknowledged(story.task, NOON + 0.5)
    story.window.move(story.task, State.RUNNING)
    story.answer(post, ACCEPTED)
    assert (story.task.state, story.task.acknowledged_at) == (State.RUNNING, NOON + 0.5)


def test_the_answer_tells_which_outputs_will_not_come() -> None:
    """The task is complete without them."""
    story = Story()
    answer = {**ACCEPTED, "node_errors": {"9": {"dependent_outputs": ["9"]}}}
    story.answer(story.post(), answer)
    assert story.task.refused_outputs == {"9"}
    assert story.task.state is State.QUEUED


def test_after_three_posts_in_vain_the_task_may_go_elsewhere() -> None:
    """Each was missed for good before the next; the server rests, and the note says why."""
    story = Story()
    story.answer(story.post(), "", 500)
    for sends in (1, 2):
        assert story.task.sends == sends
        post = one(story.submission.resend(story.task, NOON + 40 * sends), Ask.POST)
        assert story.task.prompt_id in (post.body or "")
        story.fail(post, Failure.NETWORK)
    assert story.submission.resend(story.task, NOON + 120) == ()
    assert (story.task.state, story.note()) == (State.WAITING, "post_in_vain")
    assert story.north.opens_at > NOON + 120

    # Where it comes next, one more is enough to know.
    story.answer(story.post(), "", 500)
    assert story.submission.resend(story.task, NOON + 160) == ()
    assert story.north.errors.failures == 2


def test_a_server_that_names_tasks_itself_is_followed() -> None:
    """Under our id it would be missed, and sent again."""
    story = Story()
    own = story.task.prompt_id
    story.answer(story.post(), {"prompt_id": "its-own"})
    assert (story.task.state, story.task.prompt_id) == (State.QUEUED, "its-own")
    assert task_of(story.window, NORTH, PromptId("its-own")) is story.task
    assert task_of(story.window, NORTH, own) is None
    assert story.window.locks.server_of(PromptId("its-own")) == NORTH
    assert story.window.locks.server_of(own) is None


def test_an_answer_with_the_name_of_another_task_is_looked_into() -> None:
    """Two tasks of one name could not be told apart."""
    story = Story()
    other = waiting_task(story.window, 2)
    story.answer(story.post(), {**ACCEPTED, "prompt_id": other.prompt_id})
    assert (story.task.state, story.note()) == (State.UNKNOWN, "outcome_unknown")


def test_what_is_heard_under_our_name_keeps_it() -> None:
    """The frames came before the answer."""
    story = Story()
    post = story.post()
    story.submission.acknowledged(story.task, NOON + 1)
    story.answer(post, {**ACCEPTED, "prompt_id": "another"})
    assert story.task.prompt_id != "another"


def test_what_no_server_has_can_be_stopped() -> None:
    """Its timer and its call."""
    story = Story()
    upload = story.upload()
    assert story.submission.abort(story.task) == (
        StopTimer(SocketTimer(story.task.task_id)),
        AbortRequest(upload.id),
    )
