"""What a server's books say of our tasks, and what follows from it."""

import json

from app.core.absence import DELIVERY_WITHIN, is_missing
from app.core.answers import Record
from app.core.cancellation import Cancellation
from app.core.commands import Command, Commands, LoadWorkflow
from app.core.lists import Found
from app.core.loss import why_lost
from app.core.moving import again, resubmit
from app.core.requests import Ask, Request
from app.core.server import Server
from app.core.submission import Submission
from app.core.task import State, Task
from app.core.window import Window

ENDS = {"completed": State.COMPLETED, "failed": State.FAILED, "cancelled": State.CANCELLED}


class Books:
    """Takes over what lists and records say; silence is not among it."""

    def __init__(self, window: Window, submission: Submission, cancellation: Cancellation) -> None:
        self._window = window
        self._submission = submission
        self._cancellation = cancellation

    def listed(
        self, server: Server, task: Task, found: Found, asked_at: float, now: float
    ) -> Commands:
        """A list has the task, once or more often."""
        # Running before the list was asked for, and not running in it: that run is over.
        has_run = task.state is State.RUNNING and task.started_at < asked_at
        self._submission.acknowledged(task, now)
        if found.is_running and task.state is State.QUEUED:
            server.connection.doubt(max(task.posted_at, task.seen_at), now)
            self._window.move(task, State.RUNNING)
            task.started_at = now
        task.seen_at = asked_at
        task.ahead = found.ahead
        if task.is_cancel_wanted:
            return self._cancellation.again(task, now)
        if task.is_moving:
            return again(self._window, task, now)
        return self._delete_doubles(server, task, found, has_run or found.is_running, now)

    def recorded(self, server: Server, task: Task, record: Record, now: float) -> None:
        """The server has a record of the task; what the socket said of its end is less."""
        if record.state in ("pending", "in_progress"):
            self._submission.acknowledged(task, now)
            return
        server.connection.doubt(max(task.posted_at, task.seen_at), now)
        trouble = record.trouble
        if record.state == "cancelled" and task.is_cancel_wanted:
            trouble = None
        task.outputs = record.outputs or task.outputs
        task.ran = record.ran or task.ran
        task.acknowledged_at = task.acknowledged_at or now
        self._window.end(task, ENDS[record.state], now, "record", trouble)

    def absent(self, server: Server, task: Task, listed_at: float, now: float) -> Commands:
        """The server answers, and knows nothing of the task."""
        if not is_missing(task, listed_at, now):
            return ()
        if task.is_cancel_wanted:
            self._window.end(task, State.CANCELLED, now, "record", None)
        elif task.is_moving:
            return resubmit(self._window, task, server, now)
        elif task.state is not State.UNKNOWN:
            self._window.end(task, State.LOST, now, "record", why_lost(server, task))
        elif task.digest in self._window.workflows:
            return self._submission.resend(task, now)
        else:
            return (LoadWorkflow(task.digest),)
        return ()

    def _delete_doubles(
        self, server: Server, task: Task, found: Found, has_begun: bool, now: float
    ) -> Commands:
        """Take the entries out that would make the task run once more.

        A browser may repeat a POST by itself, and a server queues each. One deletion takes
        one entry out, and never the one that runs.
        Source: ComfyUI 0.28.1, measured; protocol sections 1.2 and 7.4.
        """
        doubles = found.pending - (0 if has_begun else 1)
        # Where all of them wait, a deletion that is late would take the last one.
        if doubles < 1 or (not has_begun and now - task.halved_at < DELIVERY_WITHIN):
            return ()
        task.halved_at = now
        self._window.unsaved.add(task.task_id)  # Another page must not ask for the same.
        text = json.dumps({"delete": [task.prompt_id] * doubles})
        request_id = self._window.next_request()
        commands: tuple[Command, ...] = (
            Request(request_id, server.url, Ask.DELETE, "/queue", task.task_id, body=text),
        )
        return commands
