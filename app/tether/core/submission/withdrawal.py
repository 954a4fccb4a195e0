"""Takes tasks back from servers: cancelled by a person, or moved to another server."""

import json

from tether.core.commands import Commands, LoadWorkflow, ShareFiles
from tether.core.errors import Trouble
from tether.core.model.identity import make_prompt_id, make_task_id
from tether.core.model.server import Server
from tether.core.model.task import ASKED_APART, ON_SERVER, State, Task
from tether.core.model.window import Window
from tether.core.protocol.requests import Ask, Owner, Request, deletion, job_path
from tether.core.submission.submission import Submission

REPEATED_AFTER = 2.0
"""Seconds before a server that still has the task gets the call again."""


class Cancellation:
    """Cancels by prompt id alone: an untargeted interrupt would stop whichever task runs."""

    def __init__(self, window: Window, submission: Submission) -> None:
        self._window = window
        self._submission = submission

    def cancel(self, task: Task, now: float) -> Commands:
        """Cancel a task in whatever state.

        While it is unknown whether the server has it, the request is kept until that is known. Once
        the server has long been silent, a second request lets go of the task.
        """
        if task.is_ended:
            return ()
        if can_be_given_up(self._window, task):
            why = Trouble.of("cancel_untold", server=self._window.server_name(task))
            self._window.end(task, State.CANCELLED, now, "here", why)
            return ()
        task.is_cancel_wanted = True
        self._window.pending.unsaved.add(task.task_id)
        match task.state:
            case State.WAITING | State.CONNECTING | State.UPLOADING:
                commands = self._submission.abort(task) if task.server is not None else ()
                self._window.end(task, State.CANCELLED, now, "here", None)
                return commands
            case State.QUEUED | State.RUNNING:
                task.cancel_sent_at = now
                return self.send(task)
        return ()

    def repeat(self, task: Task, now: float) -> Commands:
        """Send the call again: the task is still there a while after the last one."""
        if now - task.cancel_sent_at < REPEATED_AFTER:
            return ()  # a node that runs stops at its next step only
        task.cancel_sent_at = now
        return self.send(task)

    def send(self, task: Task) -> Commands:
        """Send the calls that cancel a task; repeating them does no harm.

        Source: ComfyUI 0.28.1 and 0.3.64, measured; docs/protocol.md 1.7, 7.3 and 7.4.
        """
        assert task.server is not None
        if self._window.servers[task.server].has_jobs:
            return (self._call(task, Ask.CANCEL, job_path(task.prompt_id, "/cancel"), {}),)
        number = self._window.next_request()
        delete = deletion(number, task.server, task.task_id, [task.prompt_id])
        if task.sent_as is not None:
            # A server that makes ids itself would stop whatever runs, whoever's it is.
            # Source: ComfyUI before July 2025, `post_interrupt`, read.
            return (delete,)
        return (
            delete,
            self._call(task, Ask.INTERRUPT, "/interrupt", {"prompt_id": task.prompt_id}),
        )

    def refused(self, request: Request, status: int, now: float) -> Commands:
        """No jobs API has answered: cancel in the older way."""
        server = self._window.servers[request.server]
        task = self._window.tasks.get(request.task_id) if request.task_id else None
        server.lacks_jobs(now, is_sure=status == 404)
        return self.send(task) if task is not None and not task.is_ended else ()

    def _call(self, task: Task, ask: Ask, path: str, body: dict[str, object]) -> Request:
        assert task.server is not None
        number, text = self._window.next_request(), json.dumps(body)
        return Request(number, task.server, ask, path, task.task_id, text, owner=Owner.CANCELLATION)


def can_be_given_up(window: Window, task: Task) -> bool:
    """Tell whether a task is to be cancelled at a server that has not answered for long.

    The person may let it go then: whether it runs there once more, nobody can say.
    """
    server = window.servers.get(task.server) if task.server else None
    is_silent = server is not None and server.is_long_silent
    return is_silent and task.is_cancel_wanted and task.state in ON_SERVER


def take_out(window: Window, task: Task, now: float) -> Commands:
    """Take a task that waits at a server out of its queue, to run it on another.

    Repeated a while after the last call where it, or a duplicate, is still there. Only once two
    reads have found it neither in the queue nor in the history, `resubmit` has a new task do its
    work; if it has begun meanwhile, it stays. Its record says so before anything is sent, so that
    a reload, or another window, completes the move.
    """
    assert task.server is not None
    if now - task.cancel_sent_at < REPEATED_AFTER:
        return ()
    task.is_moving = True
    task.cancel_sent_at = now
    task.note = Trouble.of("moving", server=window.servers[task.server].name)
    window.pending.unsaved.add(task.task_id)
    return (deletion(window.next_request(), task.server, task.task_id, [task.prompt_id]),)


def resubmit(window: Window, task: Task, server: Server, now: float) -> Commands:
    """Replace a task that left the queue and never ran by a new one, under a new prompt id.

    Both in one step: whatever happens next, exactly one of the two is unfinished.
    """
    chance = window.chance
    window.end(task, State.CANCELLED, now, "record", Trouble.of("moved", server=server.name))
    task.is_run_again = True
    new = Task(
        make_task_id(chance),
        make_prompt_id(chance),
        task.title,
        task.digest,
        task.pictures,
        None,
        now,
        again_of=task.task_id,
        workload=task.workload,
        asked_at=task.asked_at + ASKED_APART / 2,
        turn=task.turn,
        was_moved=True,
        cell=task.cell,
    )
    window.add(new)
    files = ShareFiles(new.task_id, task.task_id)
    if task.digest not in window.workflows:
        return (files, LoadWorkflow(task.digest))
    new.progress.count(window.workflows[task.digest].running_nodes())
    return (files,)


def successor(window: Window, task: Task) -> Task | None:
    """Return the task that replaces one that was moved."""
    if task.trouble is None or task.trouble.code != "moved":
        return None
    return next((each for each in window.tasks.values() if each.again_of == task.task_id), None)
