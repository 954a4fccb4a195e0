"""What a server's lists and records mean for a task, and what follows.

A restart forgets all; a deletion leaves no trace of the one task.
Source: ComfyUI 0.28.1, measured; docs/protocol.md 7.4 and 10.
"""

from collections.abc import Iterable

from tether.core.commands import Commands, LoadWorkflow
from tether.core.errors import Trouble
from tether.core.ids import PromptId, ServerUrl
from tether.core.model.connection import Phase
from tether.core.model.server import Server
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.answers import Found, Record
from tether.core.protocol.requests import deletion
from tether.core.submission.submission import Submission
from tether.core.submission.withdrawal import Cancellation, resubmit, take_out

DELIVERY_WITHIN = 30.0
"""Seconds after which a POST without an answer can't arrive any more: the one assumption here."""

READS = 2
"""Negative reads that make a task missing for good."""

APART = 1.0
"""Seconds at least between the answer of one negative read and the request of the next."""

ENDS = {"completed": State.COMPLETED, "failed": State.FAILED, "cancelled": State.CANCELLED}


class Verdicts:
    """Applies what lists and records say; the lack of an answer says nothing."""

    def __init__(self, window: Window, submission: Submission, cancellation: Cancellation) -> None:
        self._window = window
        self._submission = submission
        self._cancellation = cancellation

    def listed(
        self, server: Server, task: Task, found: Found, asked_at: float, now: float
    ) -> Commands:
        """A list has the task, once or more often."""
        # Running before the list was requested, and not running in it: that run is over.
        has_run = task.state is State.RUNNING and task.started_at < asked_at
        self._submission.acknowledged(task, now)
        if found.is_running and task.state is State.QUEUED:
            server.connection.doubt(max(task.posted_at, task.last_listed_at), now)
            self._window.move(task, State.RUNNING)
            task.started_at = now
        task.last_listed_at = asked_at
        task.ahead = found.ahead
        if task.is_cancel_wanted:
            return self._cancellation.repeat(task, now)
        if task.is_moving:
            return take_out(self._window, task, now)
        return self._delete_duplicates(task, found, has_run or found.is_running, now)

    def named(self, task: Task, given: list[PromptId]) -> Commands:
        """A server that makes ids itself has the task, once or more often.

        A browser may repeat a POST by itself: the task is the one that runs, or is next, and the
        others are deleted while they wait.
        """
        is_waiting = task.state is State.QUEUED and task.prompt_id in given
        if given[0] != task.prompt_id and (task.state is State.UNKNOWN or is_waiting):
            self._window.rename_prompt(task, given[0])
        others = [each for each in given if each != task.prompt_id]
        if not others:
            return ()
        assert task.server is not None
        return (deletion(self._window.next_request(), task.server, task.task_id, others),)

    def recorded(self, server: Server, task: Task, record: Record, now: float) -> None:
        """The server has a record of the task, which outranks the socket."""
        if record.state in ("pending", "in_progress"):
            self._submission.acknowledged(task, now)
            return
        server.connection.doubt(max(task.posted_at, task.last_listed_at), now)
        trouble = record.trouble
        if record.state == "cancelled" and task.is_cancel_wanted:
            trouble = None
        task.outputs = record.outputs or task.outputs
        task.ran = record.ran or task.ran
        task.acknowledged_at = task.acknowledged_at or now
        self._window.end(task, ENDS[record.state], now, "record", trouble)

    def absent(self, server: Server, task: Task, listed_at: float, now: float) -> Commands:
        """The server answers, and does not know the task."""
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

    def _delete_duplicates(self, task: Task, found: Found, has_begun: bool, now: float) -> Commands:
        """Delete the entries that would make the task run once more.

        A browser may repeat a POST by itself, and a server queues each.
        Source: ComfyUI 0.28.1, measured; docs/protocol.md 1.2 and 7.4.
        """
        duplicates = found.pending - (0 if has_begun else 1)
        # Where all of them wait, a deletion that is late would take the last one.
        if duplicates < 1 or (not has_begun and now - task.deduplicated_at < DELIVERY_WITHIN):
            return ()
        assert task.server is not None
        task.deduplicated_at = now
        self._window.pending.unsaved.add(task.task_id)  # another page must not do the same
        ids = [task.prompt_id] * duplicates
        return (deletion(self._window.next_request(), task.server, task.task_id, ids),)


def last_contact(task: Task) -> float:
    """Return when the server last learned of the task, or confirmed it.

    What was requested before that proves nothing.
    """
    return max(task.posted_at, task.acknowledged_at)


def is_missing(task: Task, listed_at: float, now: float) -> bool:
    """Count a negative read, and say whether the task is missing for good.

    The list that lacked it was requested at `listed_at`, its record after that.
    """
    if listed_at <= last_contact(task):
        return False  # requested before the task was there, or before it was sent again
    if may_come(task, listed_at):
        task.absent_at = now
        return False
    if task.absences and listed_at - task.absent_at < APART:
        return False
    task.absences += 1
    task.absent_at = now
    # A cancelled task leaves no trace, and need not be missed twice.
    return task.absences >= READS or (task.is_cancel_wanted and task.acknowledged_at > 0)


def may_come(task: Task, listed_at: float) -> bool:
    """Say whether a task was still on its way, perhaps, when a list lacked it."""
    return task.state is State.UNKNOWN and listed_at - task.posted_at < DELIVERY_WITHIN


def is_still_lost(task: Task) -> bool:
    """Say whether a lost task could be run again, and wasn't yet."""
    return task.state is State.LOST and bool(task.digest) and not task.is_run_again


def is_witness(task: Task) -> bool:
    """Say whether the task has a record on its server, unless that has restarted."""
    return task.state in (State.COMPLETED, State.FAILED) and task.ended_by in ("socket", "record")


def find_witness(tasks: Iterable[Task], server: ServerUrl) -> Task | None:
    """Return the latest ended task that a server has a record of, if there is one."""
    ended = [task for task in tasks if task.server == server and is_witness(task)]
    return max(ended, key=lambda task: task.ended_at, default=None)


def why_lost(server: Server, task: Task) -> Trouble:
    """Return the likely reason; all times compared are of the page's own clock."""
    code, connection = "lost", server.connection
    has_stayed = (
        connection.phase is Phase.OPEN
        and connection.open_since < task.acknowledged_at
        and connection.received_at > max(task.last_listed_at, task.acknowledged_at)
    )
    if server.restarted_at > task.acknowledged_at:
        code = "lost_restart"
    elif server.remembered_at > task.acknowledged_at or has_stayed:
        code = "lost_deleted"
    return Trouble.of(code, server=server.name)
