"""What a server's books say of our tasks, and what follows from it.

When a server that knows nothing of a task means that the task is not there.

Why a server no longer knows a task that it had, as far as anything tells.

A restart forgets all; a deletion leaves no trace of the one task.
Source: ComfyUI 0.28.1, measured; protocol sections 7.4 and 10.
"""

import json
from collections.abc import Iterable

from tether.core.commands import Command, Commands, LoadWorkflow
from tether.core.errors import Trouble
from tether.core.ids import ServerUrl
from tether.core.model.connection import Phase
from tether.core.model.server import Server
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.answers import Found, Record
from tether.core.protocol.requests import Ask, Request
from tether.core.submission.submission import Submission
from tether.core.submission.withdrawal import Cancellation, again, resubmit

DELIVERY_WITHIN = 30.0
"""Seconds after which a POST that had no answer can't arrive any more: our one assumption."""

READS = 2
"""Negative reads that make a task missing for good."""

APART = 1.0
"""Seconds at least between the answer of one negative read and the asking of the next."""


def last_contact(task: Task) -> float:
    """Return when the server was last told of the task, or told us of it.

    What was asked before that proves nothing.
    """
    return max(task.posted_at, task.acknowledged_at)


def is_missing(task: Task, listed_at: float, now: float) -> bool:
    """Count a negative read, and say whether the task is missing for good.

    Args:
        task: One that its server may have.
        listed_at: When the list was asked for that lacked the task; its record was asked
            for after that, and lacked it too.
        now: The time.
    """
    if listed_at <= last_contact(task):
        return False  # asked before the task was there, or before it was sent again
    if task.state is State.UNKNOWN and listed_at - task.posted_at < DELIVERY_WITHIN:
        return False  # it may still be on its way
    if task.absences and listed_at - task.absent_at < APART:
        return False
    task.absences += 1
    task.absent_at = now
    # What we cancelled ourselves leaves no trace, and need not be missed twice.
    return task.absences >= READS or (task.is_cancel_wanted and task.acknowledged_at > 0)


def is_still_lost(task: Task) -> bool:
    """Say whether a task was lost whose work could be done again, and wasn't yet."""
    return task.state is State.LOST and bool(task.digest) and not task.is_run_again


def is_witness(task: Task) -> bool:
    """Say whether a server that still has its books has a record of this task."""
    return task.state in (State.COMPLETED, State.FAILED) and task.ended_by in ("socket", "record")


def find_witness(tasks: Iterable[Task], server: ServerUrl) -> Task | None:
    """Return the task that ended last on a server and is in its books, if there is one."""
    ended = [task for task in tasks if task.server == server and is_witness(task)]
    return max(ended, key=lambda task: task.ended_at, default=None)


def why_lost(server: Server, task: Task) -> Trouble:
    """Say the likely reason; all times compared are of the page's own clock."""
    code, connection = "lost", server.connection
    has_stayed = (
        connection.phase is Phase.OPEN
        and connection.open_since < task.acknowledged_at
        and connection.heard_at > max(task.seen_at, task.acknowledged_at)
    )
    if server.restarted_at > task.acknowledged_at:
        code = "lost_restart"
    elif server.remembered_at > task.acknowledged_at or has_stayed:
        code = "lost_deleted"
    return Trouble.of(code, server=server.name)


ENDS = {"completed": State.COMPLETED, "failed": State.FAILED, "cancelled": State.CANCELLED}


class Verdicts:
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
