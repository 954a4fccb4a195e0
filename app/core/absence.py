"""When a server that knows nothing of a task means that the task is not there."""

from app.core.task import State, Task

DELIVERY_WITHIN = 30.0
"""Seconds after which a POST that had no answer can't arrive any more: our one assumption."""

READS = 2
"""Negative reads that make a task missing for good."""

APART = 1.0
"""Seconds at least between the answer of one negative read and the asking of the next."""


def told_at(task: Task) -> float:
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
    if listed_at <= told_at(task):
        return False  # asked before the task was there, or before it was sent again
    if task.state is State.UNKNOWN and listed_at - task.posted_at < DELIVERY_WITHIN:
        return False  # it may still be on its way
    if task.absences and listed_at - task.absent_at < APART:
        return False
    task.absences += 1
    task.absent_at = now
    # What we cancelled ourselves leaves no trace, and need not be missed twice.
    return task.absences >= READS or (task.is_cancel_wanted and task.acknowledged_at > 0)
