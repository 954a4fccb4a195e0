"""Takes in a server's frames, each for the task that it is about."""

from tether.core.commands import Commands, ShowPreview
from tether.core.errors import MessageError
from tether.core.events import BinaryReceived, FrameReceived
from tether.core.ids import NodeId, PromptId, ServerUrl
from tether.core.model.connection import Phase
from tether.core.model.server import Server
from tether.core.model.task import ON_SERVER, State, Task
from tether.core.model.window import JournalEntry, Window
from tether.core.protocol.messages import (
    Executed,
    Executing,
    ExecutionEnded,
    ExecutionStart,
    FeatureFlags,
    Message,
    NodesReached,
    Preview,
    Status,
    UnknownMessage,
    parse_message,
    parse_preview,
)
from tether.core.protocol.outputs import MOST_OUTPUTS
from tether.core.scheduling.fitness import query_nodes
from tether.core.submission.submission import Submission
from tether.core.tracking.reconciler import Reconciler


class Frames:
    """Gives each frame to the task it names, if that task is bound to where it came from."""

    def __init__(self, window: Window, submission: Submission, reconciler: Reconciler) -> None:
        self._window = window
        self._submission = submission
        self._reconciler = reconciler

    def take(self, event: FrameReceived | BinaryReceived, now: float) -> Commands:
        """Take in a frame; an unreadable one changes nothing."""
        server = self._current(event.server, event.attempt)
        if server is None:
            return ()
        server.connection.received(now)
        length = len(event.text) if isinstance(event, FrameReceived) else 0
        if not server.connection.flood.takes(length, now):
            self._note(server, "a flood of frames", None, now)
            return server.connection.flooded()
        try:
            if isinstance(event, FrameReceived):
                return self._message(server, parse_message(event.text), now)
            return self._preview(server, parse_preview(event.head), event.frame, now)
        except MessageError as error:
            self._note(server, f"unreadable: {error}", None, now)
            for task in self._window.bound_to(server.url):
                task.whole_on = 0  # it may have been about any of them
            return ()

    def _preview(
        self, server: Server, preview: Preview | None, frame: object, now: float
    ) -> Commands:
        if preview is None:
            return ()
        if preview.prompt_id is None:
            task = self._only(server, State.RUNNING)
        else:
            task = task_of(self._window, server.url, preview.prompt_id)
        if task is None:
            return ()
        task.last_frame_at = now
        return (ShowPreview(task.task_id, frame, preview.offset, preview.mime),)

    def _message(self, server: Server, message: Message, now: float) -> Commands:
        match message:
            case Status(remaining, is_greeting):
                server.note_queue(remaining, now)
                if is_greeting:
                    return self._greeted(server, now)
                server.connection.registered()
                return self._reconciler.check_duplicates(server, now)
            case FeatureFlags(size):
                server.max_upload = size or server.max_upload
                return ()
            case UnknownMessage():
                return ()
            case Executing(node_id, None):
                # Sent right after a reconnect: the node that the running task is in. It proves
                # nothing of a task that isn't known to run: the one that it is about may have
                # ended here already. The list, queried at once, shows what runs.
                alone = self._only(server, State.POSTING, *ON_SERVER)
                if node_id is not None and alone is not None and alone.state is State.RUNNING:
                    alone.progress.begin(node_id)
                return ()
        prompt_id = message.prompt_id
        assert prompt_id is not None
        server.connection.registered()
        task = task_of(self._window, server.url, prompt_id)
        kind = type(message).__name__
        if task is None:
            self._note(server, f"{kind} of nobody here", prompt_id, now)
            return ()
        self._note(server, kind, prompt_id, now)
        self._window.pending.gauges.add(task.task_id)
        task.last_frame_at = now
        if isinstance(message, ExecutionStart):
            task.server_started_at = message.at
        advances = task.progress.advances
        commands = self._apply(server, task, message, now)
        if task.progress.advances != advances:
            task.advanced_at = now
        return commands

    def _apply(self, server: Server, task: Task, message: Message, now: float) -> Commands:
        match message:
            case ExecutionEnded(_, None):
                self._began(task, now)
                task.is_success_received = True
                if task.server_started_at and message.at > task.server_started_at:
                    task.ran = message.at - task.server_started_at
            case ExecutionEnded(_, trouble, is_interrupted):
                state = State.CANCELLED if is_interrupted else State.FAILED
                why = None if is_interrupted and task.is_cancel_wanted else trouble
                self._window.end(task, state, now, "socket", why)
            case Executing(None, _):
                return self._prompt_ended(server, task, now)
            case Executing(node_id, _) if node_id is not None:
                self._began(task, now)
                task.progress.begin(node_id)
            case NodesReached(_, shares, step):
                self._began(task, now)
                task.progress.step = step or task.progress.step
                for node_id, share in shares:
                    task.progress.reach(node_id, share)
            case Executed(_, node_id, outputs):
                self._began(task, now)
                task.progress.reach(node_id, 1.0)
                task.executed.add(node_id)
                # Frames may come twice, and inner nodes of one shown node each have their own.
                fresh = tuple(output for output in outputs if output not in task.outputs)
                task.outputs = (task.outputs + fresh)[:MOST_OUTPUTS]
            case _:  # `ExecutionStart`
                self._began(task, now)
                task.whole_on = server.connection.attempt
                if task.digest in self._window.workflows:
                    # After a reload, or a restart of the server, it may not be known.
                    return query_nodes(self._window, server, (task,), now)
        return ()

    def _prompt_ended(self, server: Server, task: Task, now: float) -> Commands:
        """The last frame of a task: it is complete if every output node has reported."""
        expected = self._outputs(server, task)
        if task.is_success_received and expected:
            missing = expected - task.refused_outputs - task.executed
            if not missing:
                self._window.end(task, State.COMPLETED, now, "socket", None)
                return ()
        return (self._reconciler.query_task(server, task),)

    def _outputs(self, server: Server, task: Task) -> frozenset[NodeId] | None:
        """Return the nodes whose `executed` must have come; None where nobody can tell.

        Classes that only the server knows may have results beside: of nodes that are no outputs,
        and of several inner nodes of one. So all frames must have come too, on one socket.
        Source: ComfyUI 0.28.1, `executed` in execution.py, read; docs/protocol.md 1.4.
        """
        workflow = self._window.workflows.get(task.digest)
        if workflow is None:
            return None
        expected = workflow.outputs()
        if expected is None and task.whole_on == server.connection.attempt:
            expected = workflow.outputs(server.inventory.infos)
        return expected

    def _began(self, task: Task, now: float) -> None:
        """A frame about a task proves that its server has it and works on it."""
        task.note = None
        self._submission.acknowledged(task, now)
        if task.state is State.QUEUED:
            self._window.move(task, State.RUNNING)
            task.started_at = now

    def _greeted(self, server: Server, now: float) -> Commands:
        connection = server.connection
        commands = connection.greeted(connection.attempt)
        server.answered()
        if connection.phase is not Phase.OPEN:
            return commands  # given up already
        return (
            *commands,
            *self._submission.greeted(server, now),
            *self._reconciler.query(server, now),
        )

    def _current(self, url: ServerUrl, attempt: int) -> Server | None:
        """Return the frame's server; None for a socket that was replaced, or closed for a flood."""
        server = self._window.servers.get(url)
        if server is None or server.connection.attempt != attempt:
            return None
        is_drained = server.connection.is_flooding and server.connection.phase is Phase.CLOSING
        return None if is_drained else server

    def _only(self, server: Server, *states: State) -> Task | None:
        """Return the task in one of these states there, if there is exactly one."""
        tasks = [task for task in self._window.bound_to(server.url) if task.state in states]
        return tasks[0] if len(tasks) == 1 else None

    def _note(self, server: Server, what: str, prompt_id: PromptId | None, now: float) -> None:
        entry = JournalEntry(now, server.url, server.connection.attempt, what, prompt_id)
        self._window.journal.append(entry)


def task_of(window: Window, server: ServerUrl, prompt_id: PromptId) -> Task | None:
    """Return the unfinished task that a frame of a server is about.

    None for a prompt of another client or server, before its POST and after its end.
    """
    task = window.by_prompt(prompt_id)
    if task is None or task.server != server:
        return None
    return task if task.state is State.POSTING or task.state in ON_SERVER else None
