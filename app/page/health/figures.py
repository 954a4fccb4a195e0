"""How well things go in a window, in a few figures."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from page.tasks.stuck import stillness
from tether.core.ids import Digest, ServerUrl
from tether.core.model.task import State
from tether.core.model.window import Window


class Health(NamedTuple):
    """Counts of this window's tasks and connections since the page was opened or records remain.

    `completed` is of `ended`, without cancelled and adopted ones. `reconnects` are of sockets that
    stood and were lost; `mended` what disagreed with a task's server before a call; `to_picture`
    the usual seconds from the end of a task to its picture on the page, None before the first.
    """

    ended: int
    completed: int
    lost: int
    stuck: int
    reconnects: int
    mended: int
    to_picture: float | None


def health(
    window: Window,
    usual: Mapping[tuple[ServerUrl, Digest], float],
    to_picture: Sequence[float],
    now: float,
) -> Health:
    """Return the figures of now.

    Args:
        window: Its tasks and servers.
        usual: Seconds that tasks of one workflow usually take on one server.
        to_picture: Seconds from the ends of tasks to their pictures, as measured.
        now: The time.
    """
    states = [task.state for task in window.tasks.values()]
    completed, lost = states.count(State.COMPLETED), states.count(State.LOST)
    stuck = sum(
        stillness(task, window.servers[task.server], usual.get((task.server, task.digest)), now)
        is not None
        for task in window.tasks.values()
        if task.server in window.servers
    )
    ordered = sorted(to_picture)
    return Health(
        completed + lost + states.count(State.FAILED),
        completed,
        lost,
        stuck,
        sum(server.connection.losses for server in window.servers.values()),
        window.mended,
        ordered[len(ordered) // 2] if ordered else None,
    )


def only_here(window: Window) -> int:
    """Count the tasks that no server has for certain: without this browser they are gone."""
    at_server = (State.QUEUED, State.RUNNING)
    return sum(each.is_moving or each.state not in at_server for each in window.live.values())
