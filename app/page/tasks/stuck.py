"""Tasks that stand still for much longer than their like."""

from typing import NamedTuple

from tether.core.model.connection import Phase
from tether.core.model.server import Server
from tether.core.model.task import State, Task

LEAST = 60.0
"""Seconds without progress that are never too long: a model may be loading."""

UNKNOWN = 180.0
"""Seconds without progress that are too long where nobody knows how long its like take."""

TIMES = 3.0
"""How many times as long as its like take as a whole."""


class Stillness(NamedTuple):
    """A task that stands still: since when, and what was checked; times as in `Task`.

    `usual` is the seconds that its like take, None where that is not known; `asked_at` is when
    its server was asked last and said that it still has it; 0 for never.
    """

    since: float
    usual: float | None
    phase: Phase
    heard_at: float
    asked_at: float
    is_silent: bool


def stillness(task: Task, server: Server, usual: float | None, now: float) -> Stillness | None:
    """Say of a running task that it stands still; None while it is within the usual.

    Args:
        task: The task.
        server: Its server.
        usual: Seconds that its like take as a whole, if that is known.
        now: The time.
    """
    if task.state is not State.RUNNING:
        return None
    since = max(task.moved_at, task.started_at)
    limit = UNKNOWN if usual is None else max(LEAST, TIMES * usual)
    if now - since <= limit:
        return None
    return Stillness(
        since,
        usual,
        server.connection.phase,
        task.heard_at,
        task.seen_at,
        server.silent_since > 0,
    )
