"""Why a server no longer knows a task that it had, as far as anything tells.

A restart forgets all; a deletion leaves no trace of the one task.
Source: ComfyUI 0.28.1, measured; protocol sections 7.4 and 10.
"""

from collections.abc import Iterable

from app.core.connection import Phase
from app.core.errors import Trouble
from app.core.ids import ServerUrl
from app.core.server import Server
from app.core.task import State, Task


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
