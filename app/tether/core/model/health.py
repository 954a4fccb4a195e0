"""How well the work of a window goes: its figures, and which tasks stand still."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tether.core.ids import Digest, ServerUrl
from tether.core.model.task import State, Task
from tether.core.model.window import Window

LEAST_STALL = 60.0
"""Seconds without progress that are never too long: a model may be loading."""

UNKNOWN_STALL = 180.0
"""Seconds without progress that are too long where the usual duration is unknown."""

STALL_TIMES = 3.0
"""How many usual durations without progress are too long."""


class Health(NamedTuple):
    """Counts of a window's tasks and connections since the page was opened or records remain.

    `completed` is of `ended`, without cancelled and adopted tasks. `reconnects` counts open sockets
    that were lost; `mended` what disagreed with a task's server before a request; `picture_delay`
    is the median of seconds from a task's end to its picture, None before the first.
    """

    ended: int
    completed: int
    lost: int
    stuck: int
    reconnects: int
    mended: int
    picture_delay: float | None


def health(
    window: Window,
    usual: Mapping[tuple[ServerUrl, Digest], float],
    picture_delays: Sequence[float],
    now: float,
) -> Health:
    """Return the figures of now.

    `usual` are the seconds that tasks of one workflow usually take on one server,
    `picture_delays` the seconds measured from the ends of tasks to their pictures.
    """
    states = [task.state for task in window.tasks.values()]
    completed, lost = states.count(State.COMPLETED), states.count(State.LOST)
    stuck = sum(
        stalled_since(task, usual.get((task.server, task.digest)), now) is not None
        for task in window.live.values()
        if task.server in window.servers
    )
    delays = sorted(picture_delays)
    return Health(
        completed + lost + states.count(State.FAILED),
        completed,
        lost,
        stuck,
        sum(server.connection.losses for server in window.servers.values()),
        window.mended,
        delays[len(delays) // 2] if delays else None,
    )


def stalled_since(task: Task, usual: float | None, now: float) -> float | None:
    """Return since when a running task makes no progress; None while that is not unusual.

    `usual` are the seconds that such tasks take as a whole, None if unknown.
    """
    if task.state is not State.RUNNING:
        return None
    since = max(task.advanced_at, task.started_at)
    limit = UNKNOWN_STALL if usual is None else max(LEAST_STALL, STALL_TIMES * usual)
    return since if now - since > limit else None


def only_here(window: Window) -> int:
    """Count the tasks that no server has for certain: without this browser they are gone."""
    at_server = (State.QUEUED, State.RUNNING)
    return sum(each.is_moving or each.state not in at_server for each in window.live.values())
