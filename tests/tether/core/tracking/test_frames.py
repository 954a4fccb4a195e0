"""From a server's frames to the tasks they are about."""

import json

import pytest

from tests.tether.core.farm import (
    INVERT,
    NOON,
    NORTH,
    ON_THE_WAY,
    QUEUED,
    RUNNING,
    SOUTH,
    UNKNOWN,
    asked,
    bound_task,
    frame,
    greeting,
    invert_workflow,
    new_task,
    new_window,
    one,
    queue_length,
    success_frames,
)
from tether.core.commands import CloseSocket, Commands, ShowPreview
from tether.core.errors import Trouble
from tether.core.events import BinaryReceived, FrameReceived
from tether.core.ids import NodeId, PromptId
from tether.core.model.connection import Phase
from tether.core.model.server import Reach
from tether.core.model.task import State, Task
from tether.core.protocol.outputs import MOST_OUTPUTS
from tether.core.protocol.requests import Ask
from tether.core.protocol.workflow import parse_workflow
from tether.core.submission.submission import Submission
from tether.core.submission.withdrawal import Cancellation
from tether.core.tracking.frames import Frames, task_of
from tether.core.tracking.reconciler import Reconciler
from tether.core.tracking.verdicts import Verdicts

PNG = b"\0\0\0\1\0\0\0\2\x89PNG"


class Story:
    """Two servers, and a socket to each."""

    def __init__(self, *states: State) -> None:
        self.window = new_window(places=3)
        self.north = self.window.server(NORTH, NOON)
        submission = Submission(self.window)
        cancellation = Cancellation(self.window, submission)
        reconciler = Reconciler(self.window, Verdicts(self.window, submission, cancellation))
        self.frames = Frames(self.window, submission, reconciler)
        for url in (NORTH, SOUTH):
            connection = self.window.server(url, NOON).connection
            connection.connect()
            connection.greeted(1)
        self.task = self.add(*states)

    def add(self, *states: State) -> Task:
        """One more task of the northern server."""
        return bound_task(self.window, self.north, *states, number=len(self.window.tasks) + 1)

    def hear(self, *texts: str, server: str = NORTH, attempt: int = 1) -> Commands:
        """Frames come."""
        commands: Commands = ()
        for text in texts:
            event = FrameReceived(server, attempt, text)
            commands += self.frames.take(event, NOON + 1)
        return commands

    def see(self, head: bytes) -> Commands:
        """A binary frame comes."""
        return self.frames.take(BinaryReceived(NORTH, 1, head, "frame"), NOON + 1)

    def notes(self) -> list[str]:
        """The journal."""
        return [what for _, _, _, what, _ in self.window.journal]


@pytest.mark.parametrize("states", [ON_THE_WAY, UNKNOWN, QUEUED, RUNNING])
def test_a_task_is_heard_to_its_end(states: tuple[State, ...]) -> None:
    """From the socket alone, also before the POST is answered; with its results."""
    story = Story(*states)
    story.task.note = Trouble.of("outcome_unknown")
    assert story.hear(*success_frames(story.task.prompt_id)) == ()
    assert (story.task.state, story.task.ended_by) == (State.COMPLETED, "socket")
    assert [output.filename for output in story.task.outputs] == ["inv_00001_.png"]
    assert story.task.acknowledged_at > 0
    assert story.task.note is None
    assert story.window.locks.report() is None
    assert story.notes()[0] == "ExecutionStart"


@pytest.mark.parametrize(("start", "end", "ran"), [(5000, 7500, 2.5), (5000, 4000, 0), (0, 9, 0)])
def test_how_long_a_task_ran_is_told_by_its_server(start: int, end: int, ran: float) -> None:
    """Not by when frames came; a clock that was put back says nothing."""
    story = Story(*QUEUED)
    prompt = story.task.prompt_id
    story.hear(frame("execution_start", prompt_id=prompt, timestamp=start))
    story.hear(frame("execution_success", prompt_id=prompt, timestamp=end))
    assert story.task.ran == ran


def test_progress_is_heard_on_the_way() -> None:
    """Node by node, step by step."""
    story = Story(*QUEUED)
    heard, steps = [], []
    for text in success_frames(story.task.prompt_id)[:6]:
        story.window.pending.gauges.clear()
        story.hear(text)
        assert story.window.pending.gauges == {story.task.task_id}
        heard.append(round(story.task.progress.overall, 3))
        steps.append(story.task.progress.step)
    assert heard == [0, 0, 0, 0.333, 0.417, 0.667]
    assert steps == [(0, 1), (0, 1), (0, 1), (0, 1), (1, 4), (0, 1)]
    assert story.task.progress.current == "3"
    assert (story.task.state, story.task.last_frame_at) == (State.RUNNING, NOON + 1)
    assert story.task.advanced_at == NOON + 1
    story.task.advanced_at = 0.0
    story.hear(success_frames(story.task.prompt_id)[5])
    assert story.task.advanced_at == 0.0, "what was heard before moves nothing"


def test_results_told_twice_are_results_once() -> None:
    """Frames may be doubled on their way."""
    story = Story(*QUEUED)
    executed = success_frames(story.task.prompt_id)[6]
    story.hear(executed, executed)
    assert len(story.task.outputs) == 1

    # Two inner nodes of the node that the workflow shows.
    inner = {"images": [{"filename": "inner.png", "subfolder": "", "type": "temp"}]}
    prompt = story.task.prompt_id
    story.hear(frame("executed", prompt_id=prompt, node="3.0.2", display_node="3", output=inner))
    assert [output.filename for output in story.task.outputs] == ["inv_00001_.png", "inner.png"]


def test_without_all_its_results_a_task_is_not_complete() -> None:
    """A frame was swallowed: its record is asked for."""
    for missing in (6, 7):
        story = Story(*QUEUED)
        frames = list(success_frames(story.task.prompt_id))
        del frames[missing]
        assert one(story.hear(*frames)).ask is Ask.JOB
        assert story.task.state is State.RUNNING


def test_results_that_were_refused_are_not_waited_for() -> None:
    """The valid part has run."""
    story = Story(*QUEUED)
    workflow = invert_workflow(**{"9": {"class_type": "SaveImage", "inputs": {}}})
    story.window.workflows[INVERT] = workflow
    story.task.refused_outputs = frozenset({NodeId("9")})
    story.hear(*success_frames(story.task.prompt_id))
    assert story.task.state is State.COMPLETED


def test_what_a_workflow_gives_is_unknown_where_it_is_not_here() -> None:
    """After a reload, until it is read."""
    story = Story(*QUEUED)
    del story.window.workflows[INVERT]
    assert one(story.hear(*success_frames(story.task.prompt_id))).ask is Ask.JOB


def of_odd_class(*states: State, is_output: object = True) -> Story:
    """A task with a node of a class that only the server knows, and describes."""
    story = Story(*states)
    odd = invert_workflow(**{"4": {"class_type": "Odd", "inputs": {}}})
    story.window.workflows[INVERT] = odd
    path = story.north.inventory.query(99, "Odd")
    assert path == "/object_info/Odd"
    described = json.dumps({"Odd": {"output_node": is_output}})
    story.north.inventory.answered(99, 200, described, NOON)
    return story


def odd_frames(story: Story, output: object = None) -> list[str]:
    """All frames of such a task; that of the odd node is the eighth."""
    prompt = story.task.prompt_id
    frames = list(success_frames(prompt))
    frames.insert(7, frame("executed", prompt_id=prompt, node="4", output=output))
    return frames


@pytest.mark.parametrize("states", [ON_THE_WAY, QUEUED])
def test_a_task_of_any_workflow_is_heard_to_its_end(states: tuple[State, ...]) -> None:
    """The server says which classes are outputs; cached ones may have nothing to show."""
    story = of_odd_class(*states)
    assert story.hear(*odd_frames(story, {"text": ["said"]})) == ()
    assert (story.task.state, story.task.ended_by) == (State.COMPLETED, "socket")
    assert [output.kind for output in story.task.outputs] == ["image", "text"]
    inner = of_odd_class(*states, is_output=False)
    assert inner.hear(*success_frames(inner.task.prompt_id)) == ()
    assert inner.task.state is State.COMPLETED


@pytest.mark.parametrize("lost", [0, 6, 7, 8])
def test_an_own_workflow_without_one_of_its_frames_is_not_complete(lost: int) -> None:
    """Its start, a result, the success: what came before the socket did may be missing too."""
    story = of_odd_class(*QUEUED)
    frames = odd_frames(story)
    del frames[lost]
    assert one(story.hear(*frames)).ask is Ask.JOB
    assert story.task.state is State.RUNNING


def test_an_own_workflow_with_a_frame_that_nobody_can_read_is_not_complete() -> None:
    """It may have been the result of a node that is no output."""
    story = of_odd_class(*QUEUED, is_output=False)
    frames = list(success_frames(story.task.prompt_id))
    frames.insert(4, '{"type": "executed", "data": 7}')
    assert one(story.hear(*frames)).ask is Ask.JOB


def test_an_own_workflow_heard_on_two_sockets_is_not_complete() -> None:
    """What came between them is missing."""
    story = of_odd_class(*QUEUED)
    frames = odd_frames(story)
    story.hear(*frames[:4])
    connection = story.north.connection
    connection.closed(1)
    connection.fired(1)
    connection.greeted(2)
    assert one(story.hear(*frames[4:], attempt=2)).ask is Ask.JOB


@pytest.mark.parametrize("is_output", [None, "yes", False])
def test_a_description_that_makes_no_sense_ends_no_task(is_output: object) -> None:
    """A server runs no workflow without outputs."""
    story = of_odd_class(*QUEUED, is_output=is_output)
    if is_output is False:
        nodes = {"4": {"class_type": "Odd", "inputs": {}}}
        story.window.workflows[INVERT] = parse_workflow(json.dumps(nodes))
    assert one(story.hear(*odd_frames(story))).ask is Ask.JOB


def test_classes_that_nobody_asked_for_are_asked_for_when_a_task_starts() -> None:
    """The page was loaded again, or the server has restarted; once is enough."""
    story = of_odd_class(*QUEUED)
    story.north.inventory.forget()
    start = frame("execution_start", prompt_id=story.task.prompt_id)
    assert one(story.hear(start, start)).path == "/object_info/Odd"


def test_a_node_error_ends_the_task() -> None:
    """At once, with its story."""
    story = Story(*RUNNING)
    prompt = story.task.prompt_id
    story.hear(frame("execution_error", prompt_id=prompt, exception_message="boom\n"))
    assert story.task.state is State.FAILED
    assert story.task.trouble is not None
    assert dict(story.task.trouble.facts)["message"] == "boom"


@pytest.mark.parametrize("is_ours", [True, False])
def test_an_interruption_cancels_the_task(is_ours: bool) -> None:
    """Trouble only if it was somebody else."""
    story = Story(*RUNNING)
    story.task.is_cancel_wanted = is_ours
    story.hear(frame("execution_interrupted", prompt_id=story.task.prompt_id))
    assert story.task.state is State.CANCELLED
    assert (story.task.trouble is None) == is_ours


def test_frames_change_no_other_task() -> None:
    """Of strangers, from another server, from a replaced socket, and after the end."""
    story = Story(*QUEUED)
    frames = success_frames(story.task.prompt_id)
    story.hear(*success_frames(PromptId("somebody-else")))
    story.hear(*frames, server=SOUTH)
    story.hear(*frames, server="http://nowhere")
    story.hear(*frames, attempt=0)
    assert (story.task.state, story.task.progress.overall) == (State.QUEUED, 0)
    assert story.notes()[0] == "ExecutionStart of nobody here"

    story.hear(*frames)
    ended_at = story.task.ended_at
    story.hear(*frames, frame("execution_error", prompt_id=story.task.prompt_id))
    assert (story.task.state, story.task.ended_at) == (State.COMPLETED, ended_at)


def test_what_is_no_frame_is_noted_and_changes_nothing() -> None:
    """Junk, and types of custom nodes."""
    story = Story(*QUEUED)
    assert story.hear("junk", '{"type": "crystools.monitor", "data": {}}') == ()
    assert story.see(b"\0\0\0\1\0\0\0\7") == ()
    assert story.notes()[0].startswith("unreadable: message_unknown")
    assert len(story.notes()) == 2


def test_status_and_flags_are_of_the_server() -> None:
    """Its queue and its limit; a limit once told stays."""
    story = Story(*QUEUED)
    flags = [frame("feature_flags", max_upload_size=7), frame("feature_flags")]
    story.hear(frame("status", status=queue_length(4)), *flags)
    assert (story.north.queue_remaining, story.north.max_upload) == (4, 7)


def test_a_greeting_lets_what_waited_go_and_asks_for_the_truth() -> None:
    """Whatever happened while the socket was away."""
    story = Story(*QUEUED)
    waits = story.add()
    connection = story.north.connection
    connection.closed(1)
    connection.fired(1)
    story.north.failed(Reach.DOWN, Trouble.of("server_silent"), NOON)
    requests = asked(story.hear(greeting(2), attempt=2))
    assert [request.ask for request in requests] == [Ask.UPLOAD, Ask.JOBS]
    assert requests[0].task_id == waits.task_id
    assert (connection.phase, story.north.reach) == (Phase.OPEN, Reach.UP)


def test_a_greeting_on_a_socket_that_was_given_up_opens_nothing() -> None:
    """It came too late: the socket is closing."""
    story = Story(*QUEUED)
    waits = story.add()
    connection = story.north.connection
    connection.closed(1)
    connection.fired(1)
    connection.fired(2)
    assert connection.phase is Phase.CLOSING
    assert story.hear(greeting(), attempt=2) == ()
    assert waits.state is State.CONNECTING


def test_the_frame_after_a_reconnect_is_of_our_only_task_there() -> None:
    """It names the node alone."""
    story = Story(*RUNNING)
    story.hear(frame("executing", node="2"))
    assert (story.task.state, story.task.progress.current) == (State.RUNNING, "2")
    assert story.hear(frame("executing", node=None)) == ()
    assert story.task.state is State.RUNNING


@pytest.mark.parametrize("states", [ON_THE_WAY, UNKNOWN, QUEUED])
def test_with_two_tasks_there_nobody_knows_whose_it_is(states: tuple[State, ...]) -> None:
    """So it is nobody's."""
    story = Story(*RUNNING)
    story.add(*states)
    story.hear(frame("executing", node="2"))
    assert story.task.progress.current is None


@pytest.mark.parametrize("states", [ON_THE_WAY, UNKNOWN, QUEUED])
def test_a_frame_that_names_no_task_starts_none(states: tuple[State, ...]) -> None:
    """It may be of a task that has ended here.

    Found by the simulated worlds: a task that still waited was taken for running, then its
    entry in the queue for a double, and was deleted.
    """
    story = Story(*states)
    story.hear(frame("executing", node="2"))
    assert story.task.state is states[-1]


def described(prompt: str) -> bytes:
    """A preview that names its task."""
    text = json.dumps({"prompt_id": prompt, "image_type": "image/jpeg"}).encode()
    return b"\0\0\0\4" + len(text).to_bytes(4, "big") + text


def test_a_preview_is_shown_with_its_task() -> None:
    """The bytes stay where they are: the frame is handed on as it came."""
    story = Story(*RUNNING)
    head = described(story.task.prompt_id)
    shown = ShowPreview(story.task.task_id, "frame", len(head), "image/jpeg")
    assert story.see(head) == (shown,)
    assert story.task.last_frame_at == NOON + 1
    assert story.see(described("somebody-else")) == ()


def test_a_preview_without_a_name_is_shown_when_one_task_alone_can_be_meant() -> None:
    """One that runs; never one that waits."""
    story = Story(*RUNNING)
    assert story.see(PNG) == (ShowPreview(story.task.task_id, "frame", 8, "image/png"),)
    story.add(*QUEUED)
    assert story.see(PNG) != ()
    story.add(*RUNNING)
    assert story.see(PNG) == ()


@pytest.mark.parametrize("is_text", [True, False])
def test_any_frame_proves_that_the_socket_hears(is_text: bool) -> None:
    """Even one that nobody understands."""
    story = Story(*QUEUED)
    connection = story.north.connection
    connection.doubt(NOON, NOON)
    assert (story.hear("junk") if is_text else story.see(b"junk")) == ()
    assert connection.redial_if_deaf(NOON + 60) == ()


def test_other_binary_frames_and_other_sockets_show_nothing() -> None:
    """Progress texts, and a socket that was replaced."""
    story = Story(*RUNNING)
    assert story.see(b"\0\0\0\3\0\0\0\1text") == ()
    assert story.frames.take(BinaryReceived(NORTH, 0, PNG, "frame"), NOON) == ()


def test_a_queue_longer_than_our_tasks_is_looked_into() -> None:
    """One of ours may be in it twice."""
    story = Story(*QUEUED)
    assert story.hear(frame("status", status=queue_length(1))) == ()
    assert one(story.hear(frame("status", status=queue_length(2)))).ask is Ask.JOBS


def test_only_what_registered_clients_are_told_proves_that_a_socket_hears() -> None:
    """Everybody is greeted, and has an answer to the flags; a deaf one hears no more."""
    story = Story(*QUEUED)
    connection = story.north.connection
    connection.deafness = 1
    story.hear(frame("feature_flags"), frame("executing", node="2"), greeting())
    assert connection.deafness == 1
    for text in (
        frame("status", status=queue_length(1)),
        frame("execution_start", prompt_id="somebody else's"),
    ):
        connection.deafness = 1
        story.hear(text)
        assert connection.deafness == 0


@pytest.mark.parametrize("is_text", [True, False])
def test_a_flood_is_cut_off_and_what_is_left_of_it_is_not_read(is_text: bool) -> None:
    """The task goes on without its socket; the other server's socket stands."""
    story = Story(*RUNNING)

    def one_more() -> Commands:
        return story.hear("{}") if is_text else story.see(b"")

    while not (commands := one_more()):
        pass
    assert commands[0] == CloseSocket(NORTH, 1)
    assert story.notes()[-1] == "a flood of frames"
    story.window.journal.clear()
    assert one_more() == ()
    assert story.notes() == []
    assert story.window.server(SOUTH, NOON).connection.phase is Phase.OPEN


def test_results_are_bounded() -> None:
    """A server that tells of a million gives a card of a thousand."""
    story = Story(*RUNNING)
    for number in range(3):
        files = [{"filename": f"{number}-{each}.png"} for each in range(600)]
        output = {"images": files}
        story.hear(frame("executed", prompt_id=story.task.prompt_id, node="3", output=output))
    assert len(story.task.outputs) == MOST_OUTPUTS


def test_frames_are_heard_only_for_tasks_that_the_server_may_have() -> None:
    """Not of strangers, not from another server, not before the POST, not after the end."""
    window = new_window(places=9)
    north = window.server(NORTH, NOON)
    for number, states in enumerate([(*ON_THE_WAY,), UNKNOWN, QUEUED, RUNNING], 1):
        task = bound_task(window, north, *states, number=number)
        assert task_of(window, NORTH, task.prompt_id) is task
        assert task_of(window, SOUTH, task.prompt_id) is None
    window.end(task, State.COMPLETED, NOON, "socket", None)
    assert task_of(window, NORTH, task.prompt_id) is None

    uploading = bound_task(window, north, State.UPLOADING, number=8)
    assert task_of(window, NORTH, uploading.prompt_id) is None
    assert task_of(window, NORTH, new_task(99).prompt_id) is None
