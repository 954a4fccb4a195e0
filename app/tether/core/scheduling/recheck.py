"""One more look at the queues after a long upload: what was told before it is old by then."""

from collections.abc import Callable
from typing import NamedTuple

from tether.core.commands import Commands, StartTimer
from tether.core.errors import Trouble
from tether.core.ids import ServerUrl, TaskId
from tether.core.model.balancer import sample
from tether.core.model.server import Server
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.requests import Request, probe
from tether.core.scheduling.allotment import size_of
from tether.core.scheduling.capacity import Capacity
from tether.core.scheduling.estimates import Estimates
from tether.core.scheduling.fitness import suits

OLD = 1.0
"""Seconds after its binding from which on a task's choice is looked at again.

Less gains little: the look takes a call itself. With uploads of 2 s tasks wait an eighth
less than without it (`bench/fleet/__main__.py`).
"""

WORTH = 5.0
"""Seconds by which a task must end sooner elsewhere, with a second upload, to go there."""

WORTH_TASKS = 2.0
"""The same in tasks, where nobody knows how long they take: one may be shorter than an upload."""

LOOK_WITHIN = 1.0
"""Seconds after which we decide by the answers that have come."""

LOOK_TIMER = "look"


class _Look(NamedTuple):
    bound_at: float
    asked: dict[ServerUrl, int]
    lengths: dict[ServerUrl, int]


class Recheck:
    """Asks once for each task, before its POST; what was uploaded doesn't hold a task back.

    Args:
        window: Its servers and tasks.
        go_on: Posts a task that stays where it is.
    """

    def __init__(self, window: Window, go_on: Callable[[Task, float], Commands]) -> None:
        self._window = window
        self._go_on = go_on
        self._looks: dict[TaskId, _Look] = {}

    def ask(self, task: Task, server: Server, now: float) -> Commands:
        """Ask the task's server and the others for their queues; () if the choice holds."""
        window = self._window
        if (
            task.state is not State.UPLOADING
            or now - task.bound_at < OLD
            or task.was_rechecked
            or window.is_sending_all
        ):
            return ()
        others = [other for other in window.servers.values() if self._may_have(other, task, now)]
        if not others:
            return ()
        task.was_rechecked = True
        asked = (server, *sample(others, window.chance.uniform))
        requests = [probe(window.next_request(), each.url) for each in asked]
        ids = {each.server: each.id for each in requests}
        self._looks[task.task_id] = _Look(task.bound_at, ids, {})
        return (*requests, StartTimer((LOOK_TIMER, task.task_id), LOOK_WITHIN))

    def told(self, request: Request, length: int | None, now: float) -> Commands:
        """A server told the length of its queue, or (None) did not."""
        for task_id, look in self._looks.items():
            if look.asked.get(request.server) == request.id:
                del look.asked[request.server]
                if length is not None:
                    look.lengths[request.server] = length
                return () if look.asked else self.fired(task_id, now)
        return ()

    def fired(self, task_id: TaskId, now: float) -> Commands:
        """All have answered, or it is time: the task is posted, or waits for a better server."""
        window, look = self._window, self._looks.pop(task_id, None)
        task = window.live.get(task_id)
        if look is None or task is None or task.bound_at != look.bound_at:
            return ()
        better = self._better(task, look.lengths, now)
        if better is None:
            return self._go_on(task, now)
        window.unbind(task, Trouble.of("sooner_elsewhere", server=better.name))
        return ()

    def _better(self, task: Task, lengths: dict[ServerUrl, int], now: float) -> Server | None:
        """Return a server that has a place, and where the task would end clearly sooner."""
        window, durations, url = self._window, self._window.statistics.durations, task.server
        if url not in lengths:
            return None
        estimates, size = Estimates(window, durations, now), size_of(task)
        capacity = Capacity(window, estimates)
        here = estimates.expected(window.servers[url], lengths[url], task.workload, 0).ends
        # It counts among those that are on their way there.
        least = here - durations.task(url, task.workload) - (WORTH if durations else WORTH_TASKS)
        better = None
        for other in window.servers.values():
            if other.url not in lengths or not self._may_have(other, task, now):
                continue
            length = lengths[other.url]
            ends = estimates.expected(other, length, task.workload, size).ends
            if ends <= least and capacity.wait(other, length, size) == 0:
                least, better = ends, other
        return better

    def _may_have(self, server: Server, task: Task, now: float) -> bool:
        window = self._window
        return (
            server.url != task.server
            and server.is_ready(now)
            and suits(window, server, task, now)
            and server.inventory.knows(window.workflows[task.digest])
            and not window.statistics.outliers.shut_until(task.digest, server.url)
        )
