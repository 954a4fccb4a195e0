"""Ending a task because a person wants it, and nobody else's with it.

One task that leaves its server's queue for another server, step by step.

It is taken out of the queue, then looked for: only when its server twice knew it neither in the
queue nor in the history does a new task, under a new prompt id, do its work. If it has begun
meanwhile, it stays. The wish is in the task's record before anything is sent, so that a reload,
or another window, brings it to its end.
"""

import json

from tether.core.commands import Command, Commands, LoadWorkflow, ShareFiles
from tether.core.errors import Trouble
from tether.core.model.identity import make_prompt_id, make_task_id
from tether.core.model.server import Server
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.requests import Ask, Request, job_path
from tether.core.submission.submission import Submission

AGAIN_AFTER = 2.0
"""Seconds before a server that still has the task is told again."""


class Cancellation:
    """Cancels by prompt id alone: an untargeted interrupt would stop whoever is running."""

    def __init__(self, window: Window, submission: Submission) -> None:
        self._window = window
        self._submission = submission

    def want(self, task: Task, now: float) -> Commands:
        """Cancel a task wherever it stands.

        While nobody knows whether its server has it, the wish is kept until that is known.
        """
        if task.is_ended:
            return ()
        task.is_cancel_wanted = True
        self._window.unsaved.add(task.task_id)
        match task.state:
            case State.WAITING:
                self._window.end(task, State.CANCELLED, now, "here", None)
                return ()
            case State.CONNECTING | State.UPLOADING:
                commands = self._submission.abort(task)
                self._window.end(task, State.CANCELLED, now, "here", None)
                return commands
            case State.QUEUED | State.RUNNING:
                task.cancel_sent_at = now
                return self.send(task)
        return ()

    def again(self, task: Task, now: float) -> Commands:
        """Tell the server once more: the task is still there, a while after it was told."""
        if now - task.cancel_sent_at < AGAIN_AFTER:
            return ()  # a node that is at work stops at its next step only
        task.cancel_sent_at = now
        return self.send(task)

    def send(self, task: Task) -> Commands:
        """Tell the server; saying it again does no harm.

        Source: ComfyUI 0.28.1 and 0.3.64, measured; protocol sections 1.7, 7.3 and 7.4.
        """
        assert task.server is not None
        if self._window.servers[task.server].has_jobs:
            return (self._request(task, Ask.CANCEL, job_path(task.prompt_id, "/cancel"), {}),)
        calls: tuple[Command, ...] = (
            self._request(task, Ask.DELETE, "/queue", {"delete": [task.prompt_id]}),
            self._request(task, Ask.INTERRUPT, "/interrupt", {"prompt_id": task.prompt_id}),
        )
        return calls

    def refused(self, request: Request) -> Commands:
        """The server is from before the jobs API: cancel in the older way."""
        server = self._window.servers[request.server]
        task = self._window.tasks.get(request.task_id) if request.task_id else None
        server.has_jobs = False
        return self.send(task) if task is not None and not task.is_ended else ()

    def _request(self, task: Task, ask: Ask, path: str, body: dict[str, object]) -> Request:
        assert task.server is not None
        request_id = self._window.next_request()
        text = json.dumps(body)
        return Request(request_id, task.server, ask, path, task.task_id, body=text)


def take_out(window: Window, task: Task, now: float) -> Commands:
    """Take a task that waits at a server out of its queue.

    That never touches one that runs, and its answer says nothing.
    Source: ComfyUI 0.28.1, `POST /queue`, measured; protocol section 7.4.
    """
    assert task.server is not None
    task.is_moving = True
    task.cancel_sent_at = now
    task.note = Trouble.of("moving", server=window.servers[task.server].name)
    window.unsaved.add(task.task_id)
    text = json.dumps({"delete": [task.prompt_id]})
    number = window.next_request()
    return (Request(number, task.server, Ask.DELETE, "/queue", task.task_id, body=text),)


def again(window: Window, task: Task, now: float) -> Commands:
    """Take it out once more: a while after that it is still there, or a double of it."""
    return () if now - task.cancel_sent_at < AGAIN_AFTER else take_out(window, task, now)


def resubmit(window: Window, task: Task, server: Server, now: float) -> Commands:
    """Its server has it no more, and never ran it: a new task does the work, where it ends first.

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
        was_moved=True,
    )
    window.add(new)
    files = ShareFiles(new.task_id, task.task_id)
    if task.digest not in window.workflows:
        return (files, LoadWorkflow(task.digest))
    new.progress.count(window.workflows[task.digest].running_nodes())
    return (files,)


def successor(window: Window, task: Task) -> Task | None:
    """Return the task that does the work of one that was moved."""
    if task.trouble is None or task.trouble.code != "moved":
        return None
    return next((each for each in window.tasks.values() if each.again_of == task.task_id), None)
