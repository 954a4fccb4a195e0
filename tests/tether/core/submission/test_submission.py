"""The way of one bound task to its server."""

import json
from dataclasses import replace

import pytest

from tests.tether.core.farm import (
    INVERT,
    NOON,
    NORTH,
    SOUTH,
    all_of,
    asked,
    invert_workflow,
    new_window,
    one,
    photo,
    queue_length,
    reply,
    stopped,
    timers,
    waiting_task,
)
from tether.core.commands import AbortRequest, OpenSocket, StopTimer
from tether.core.errors import Trouble
from tether.core.events import Failure
from tether.core.ids import PromptId
from tether.core.model.connection import GREETING_WITHIN, Phase
from tether.core.model.inventory import Lack
from tether.core.model.server import Reach, Server, Use
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.requests import Ask, Request
from tether.core.scheduling.fitness import suits, why_nowhere
from tether.core.submission.submission import (
    POST_WITHIN,
    TURN_WITHIN,
    Submission,
    upload_within,
)
from tether.core.timers import SocketTimer, TurnTimer
from tether.core.tracking.frames import task_of

SILENT = Trouble.of("silent")
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

    def broken_off(self, at: float, failure: Failure) -> str:
        """Begin at a time; the upload has no answer, and the server answers when it is asked."""
        upload = one(self.submission.begin(self.task, self.north, at), Ask.UPLOAD)
        probe = one(self.submission.failed(self.task, upload, failure, at + 1), Ask.PROBE)
        assert self.task.state is State.UPLOADING
        told = reply(probe, queue_length(0))
        assert self.submission.answered(self.task, told, at + 1) == ()
        return self.task.note.code if self.task.note else ""

    def trouble(self) -> Trouble:
        """Why the task has failed."""
        assert self.task.state is State.FAILED and self.task.trouble is not None
        return self.task.trouble

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


def test_tasks_are_posted_in_their_turn_however_long_their_uploads_take() -> None:
    """A server takes them as they come; a task without pictures waits, too."""
    story = Story()
    window, begin = story.window, story.submission.begin
    first = story.upload()
    second, third = waiting_task(window, 2), waiting_task(window, 3, pictures=0)
    late = one(begin(second, story.north, NOON), Ask.UPLOAD)
    assert not asked(begin(third, story.north, NOON))
    assert third.state is State.UPLOADING
    name = {"name": "photo.png"}
    assert not asked(story.submission.answered(second, reply(late, name), NOON))
    assert story.submission.go_on(NOON) == ()
    post = one(story.answer(first, name), Ask.POST)
    assert story.submission.go_on(NOON) == ()
    story.answer(post, ACCEPTED)
    turned = story.submission.go_on(NOON)
    assert one(turned, Ask.POST).task_id == second.task_id
    assert stopped(turned) == {TurnTimer(second.task_id)}
    window.end(second, State.FAILED, NOON, "answer", None)
    assert one(story.submission.go_on(NOON), Ask.POST).task_id == third.task_id
    assert story.submission.go_on(NOON) == ()


def test_what_waited_for_its_turn_and_was_taken_back_begins_anew() -> None:
    """Cancelled, it is forgotten; bound again, it connects first."""
    story = Story()
    story.upload()
    others = [waiting_task(story.window, number, pictures=0) for number in (2, 3, 4)]
    for other in others:
        story.submission.begin(other, story.north, NOON)
    ended, waits, again = others
    story.window.end(ended, State.CANCELLED, NOON, "here", None)
    story.window.unbind(waits, SILENT)
    story.window.unbind(again, SILENT)
    south = story.window.server(SOUTH, NOON)
    assert all_of(OpenSocket, story.submission.begin(again, south, NOON))
    story.window.end(story.task, State.CANCELLED, NOON, "here", None)
    assert stopped(story.submission.go_on(NOON)) == {TurnTimer(t.task_id) for t in (ended, waits)}
    assert [other.state for other in others] == [
        State.CANCELLED,
        State.WAITING,
        State.CONNECTING,
    ]


def test_a_task_waits_for_its_turn_ten_seconds_at_most() -> None:
    """A film may be uploaded for hours; its server does something else meanwhile."""
    story = Story()
    story.upload()
    second = waiting_task(story.window, 2, pictures=0)
    commands = story.submission.begin(second, story.north, NOON)
    assert timers(commands)[TurnTimer(second.task_id)] == TURN_WITHIN
    story.window.locks.release(second.prompt_id)
    post = one(story.submission.turn_fired(second.task_id, NOON + TURN_WITHIN), Ask.POST)
    assert post.task_id == second.task_id
    assert story.window.locks.server_of(second.prompt_id) == NORTH
    assert story.submission.turn_fired(second.task_id, NOON + TURN_WITHIN) == ()


def test_what_is_sent_all_at_once_waits_for_no_turn() -> None:
    """Nine hundred one after another would take a minute."""
    story = Story()
    story.upload()
    second = waiting_task(story.window, 2, pictures=0)
    assert not asked(story.submission.begin(second, story.north, NOON))
    waiting_task(story.window, 3)
    story.window.send_all()
    assert one(story.submission.go_on(NOON), Ask.POST).task_id == second.task_id


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


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, ""), (404, ""), (405, "no"), (200, "<html>"), (403, {"detail": "no uploads"})],
)
def test_a_server_that_cannot_take_the_picture_gives_the_task_back(
    status: int, body: object
) -> None:
    """Nothing was posted, so it may go elsewhere; this server rests a little."""
    for length in (queue_length(3), "<html>"):
        story = Story()
        story.answer(one(story.answer(story.upload(), body, status), Ask.PROBE), length)
        assert (story.task.state, story.task.server) == (State.WAITING, None)
        assert story.note() in ("server_status", "server_refused", "message_unknown")
        assert story.north.reach is Reach.DOWN
        assert story.north.opens_at > NOON
        assert story.window.locks.report() is None


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "picture_refused"),
        (415, "picture_refused"),
        (422, "picture_refused"),
        (413, "picture_too_large_there"),
    ],
)
def test_a_picture_that_is_refused_has_failed(status: int, code: str) -> None:
    """With its name and the reason, so that the person can choose another."""
    story = Story()
    story.answer(story.upload(), {"message": "Only PNG"}, status)
    why = story.trouble()
    assert (why.code, dict(why.facts)["picture"]) == (code, "photo.png")
    assert code != "picture_refused" or dict(why.facts)["message"] == "Only PNG"
    silent = Story()
    silent.answer(silent.upload(), "", 422)
    assert dict(silent.trouble().facts)["message"] == "HTTP 422"


@pytest.mark.parametrize("failure", [Failure.NETWORK, Failure.TIMEOUT])
@pytest.mark.parametrize("is_elsewhere", [True, False])
def test_what_breaks_off_twice_while_the_server_answers_is_too_large(
    failure: Failure, is_elsewhere: bool
) -> None:
    """As a 413 that the page may not read: the task goes elsewhere, or ends with the cure."""
    story = Story()
    if is_elsewhere:
        story.window.server(SOUTH, NOON)
    assert story.broken_off(NOON, failure) == "upload_unanswered"
    assert story.north.accepts(8_000_000)
    story.broken_off(NOON + 10, failure)
    assert not story.north.accepts(8_000_000) and story.north.accepts(7_000_000)
    if is_elsewhere:
        assert (story.task.state, story.note()) == (State.WAITING, "upload_broken_off")
        return
    why = story.trouble()
    assert (why.code, story.task.ended_by) == ("upload_broken_off", "answer")
    facts = {"picture": "photo.png", "size": "7.6", "limit": "100", "server": story.north.name}
    assert dict(why.facts) == facts


def test_what_breaks_off_because_the_server_is_away_says_nothing_of_its_size() -> None:
    """However often: it is asked at once, and doesn't answer."""
    story = Story()
    for at in (0, 10, 20):
        upload = one(story.submission.begin(story.task, story.north, NOON + at), Ask.UPLOAD)
        probe = one(story.fail(upload, Failure.NETWORK), Ask.PROBE)
        assert story.fail(probe, Failure.NETWORK) == ()
        assert (story.task.state, story.note()) == (State.WAITING, "server_silent")
    assert story.north.accepts(8_000_000)


def test_uploads_that_are_refused_in_words_have_an_end_too() -> None:
    """The person reads the words meanwhile; a server that forbids it rests for a minute."""
    story = Story()
    for at in (0, 100):
        upload = one(story.submission.begin(story.task, story.north, NOON + at), Ask.UPLOAD)
        probe = one(story.answer(upload, {"error": "no credit"}, 402), Ask.PROBE)
        assert ("message", "no credit") in (story.task.note or SILENT).facts
        story.answer(probe, queue_length(0))
        assert story.north.rests_until == NOON + 61
    assert story.trouble().code == "upload_broken_off"


@pytest.mark.parametrize(
    ("status", "after", "pause"), [(429, 0.0, 10), (429, 99.0, 99), (503, 1e300, 600), (503, 7, 7)]
)
def test_a_server_that_is_busy_is_left_alone_for_as_long_as_it_says(
    status: int, after: float, pause: float
) -> None:
    """Within bounds; its word says nothing of what was sent."""
    for story in (Story(), Story()):
        upload = story.upload()
        busy = replace(reply(upload, "", status), retry_after=after)
        assert story.submission.answered(story.task, busy, NOON) == ()
        assert story.task.state is State.WAITING
        assert story.north.opens_at == NOON + pause
        assert story.north.broken_size is None
    story = Story()
    busy = replace(reply(story.post(), "", status), retry_after=after)
    story.submission.answered(story.task, busy, NOON)
    assert story.north.opens_at == NOON + pause


def test_what_a_busy_server_may_have_is_sent_again_there_when_its_pause_is_over() -> None:
    """And nowhere else before: it might run twice."""
    story = Story()
    busy = replace(reply(story.post(), {"message": "full"}, 503), retry_after=120)
    story.submission.answered(story.task, busy, NOON)
    assert (story.task.state, story.note()) == (State.UNKNOWN, "outcome_unclear")
    assert story.submission.resend(story.task, NOON + 119) == ()
    assert (story.task.state, story.task.server, story.task.sends) == (State.UNKNOWN, NORTH, 1)
    assert one(story.submission.resend(story.task, NOON + 120), Ask.POST).server == NORTH


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
    assert story.broken_off(NOON, Failure.TIMEOUT) == "upload_unanswered"
    assert story.task.state is State.WAITING


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


@pytest.mark.parametrize(
    "body", [{"error": "no"}, {"detail": [{"msg": "no"}]}, "no", "<html><title>no</title>"]
)
@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_server_that_forbids_it_says_why_and_is_asked_once_a_minute(
    status: int, body: object
) -> None:
    """Only a person can mend that, who reads the reason."""
    story = Story()
    story.answer(story.post(), body, status)
    assert (story.task.state, story.note()) == (State.WAITING, "server_refused")
    facts = {"server": story.north.name, "status": str(status), "message": "no"}
    assert dict((story.task.note or SILENT).facts) == facts
    story.north.answered()
    assert story.north.opens_at == NOON + 61


@pytest.mark.parametrize("status", [415, 422])
def test_a_gateway_that_cannot_take_the_workflow_fails_it_with_its_words(status: int) -> None:
    """It would not take it the next time."""
    story = Story()
    story.answer(story.post(), {"detail": [{"loc": ["body"], "msg": "field required"}]}, status)
    assert story.trouble() == Trouble.of(
        "refused", server=story.north.name, message="field required"
    )


def test_a_workflow_too_large_for_one_server_goes_to_another() -> None:
    """A limit is for every body; where nobody else may take it, the task has failed."""
    story = Story()
    story.window.server(SOUTH, NOON)
    story.answer(story.post(), "", 413)
    assert (story.task.state, story.note()) == (State.WAITING, "picture_too_large_there")
    assert not suits(story.window, story.north, story.task, NOON)
    assert suits(story.window, story.window.servers[SOUTH], story.task, NOON)

    south = story.window.servers[SOUTH]
    south.refused_body = story.task.body_size
    why = why_nowhere(story.window, [story.north, south], story.task, NOON)
    assert why is not None and why.code == "picture_too_large_there"

    alone = Story()
    alone.answer(alone.post(), "", 413)
    assert dict(alone.trouble().facts)["picture"] == "photo 1"
    assert alone.north.accepts(8_000_000), "a limit may be of one path alone"


def lacking_file(node: str = "4", name: str = "image") -> dict[str, object]:
    """What ComfyUI says of a file that it doesn't have."""
    error = {
        "type": "custom_validation_failed",
        "message": "Custom validation failed for node",
        "details": f"{name} - Invalid image file: own.png",
        "extra_info": {"input_name": name},
    }
    return {"error": {"message": "no"}, "node_errors": {node: {"errors": [error]}}}


def lacking_class() -> dict[str, object]:
    """What ComfyUI says of a node class that it doesn't have."""
    error = {"type": "missing_node_type", "extra_info": {"class_type": "ImageInvert"}}
    return {"error": error, "node_errors": {}}


def test_a_file_that_one_server_lacks_sends_the_task_to_another() -> None:
    """Which may have it; where none has, the reason names the file."""
    story = Story()
    south = story.window.server(SOUTH, NOON)
    second = {"class_type": "LoadImage", "inputs": {"image": "own.png"}}
    story.window.workflows[INVERT] = invert_workflow(**{"4": second})
    story.answer(story.post(), lacking_file(), 400)
    assert (story.task.state, story.note()) == (State.WAITING, "lacks_there")
    assert ("missing", "own.png") in (story.task.note or SILENT).facts
    assert not suits(story.window, story.north, story.task, NOON)
    assert suits(story.window, south, story.task, NOON)

    servers = [story.north, south]
    south.inventory.refused((Lack("LoadImage", "image", "own.png"),), NOON)
    why = why_nowhere(story.window, servers, story.task, NOON)
    assert why is not None and why.code == "nobody_can"
    assert dict(why.facts)["missing"] == "north:8188: own.png; south:8188: own.png"


@pytest.mark.parametrize("is_pinned", [True, False])
def test_what_only_one_server_could_have_had_fails_with_its_own_words(is_pinned: bool) -> None:
    """The person chose it, or there is no other."""
    story = Story()
    story.window.server(SOUTH, NOON).use = Use.LISTED if is_pinned else Use.REMOVED
    story.task.pinned = NORTH if is_pinned else None
    story.answer(story.post(), lacking_class(), 400)
    assert story.trouble().code == "refused_node_class"


def test_a_picture_that_is_gone_again_is_uploaded_again_before_it_fails() -> None:
    """Several machines behind one address, or a folder that was emptied."""
    story = Story()
    for at in (0, 10, 20):
        upload = one(story.submission.begin(story.task, story.north, NOON + at), Ask.UPLOAD)
        post = one(story.answer(upload, {"name": "photo.png"}), Ask.POST)
        assert story.task.state is State.POSTING
        story.answer(post, lacking_file("1"), 400)
        missing = ("missing", "photo.png")
        assert story.task.is_ended or missing in (story.task.note or SILENT).facts
    assert story.trouble().code == "refused"
    assert story.north.inventory.lacks(INVERT, story.window.workflows[INVERT], NOON) == ()


@pytest.mark.parametrize("status", [404, 405])
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
