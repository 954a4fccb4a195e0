"""Ending a task because a person wants it, and nobody else's with it."""

import json

from app.core.commands import Command, Commands
from app.core.requests import Ask, Request, job_path
from app.core.submission import Submission
from app.core.task import State, Task
from app.core.window import Window

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
