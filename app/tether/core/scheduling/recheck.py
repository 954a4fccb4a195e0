"""Another probe of the queues for a task that is long on its way: their lengths are outdated."""

from collections.abc import Callable, Mapping

from tether.core.commands import Commands, StartTimer
from tether.core.errors import Trouble
from tether.core.ids import ServerUrl, TaskId
from tether.core.model.balancer import sample
from tether.core.model.server import Server
from tether.core.model.task import IN_TRANSIT, State, Task
from tether.core.model.window import Window
from tether.core.protocol.requests import Owner, Request
from tether.core.scheduling.capacity import Capacity
from tether.core.scheduling.estimates import Estimates
from tether.core.scheduling.fitness import suits_now
from tether.core.scheduling.survey import Survey
from tether.core.timers import RecheckTimer

LONG_UPLOAD = 1.0
"""Seconds after its binding from which on a task's choice is checked again.

Less gains little: the check takes a call itself. With uploads of 2 s tasks wait an eighth
less than without it (`bench/fleet/__main__.py`).
"""

SECONDS_SAVED = 5.0
"""Seconds by which a task must end sooner elsewhere, with a second upload, to go there."""

TASKS_SAVED = 2.0
"""The same in tasks, where durations are unknown: one may be shorter than an upload."""

RECHECK_WITHIN = 1.0
"""Seconds after which the answers that have come decide."""


class Recheck:
    """Checks the choice once for each task, before its POST: `advance` takes it on if it stays."""

    def __init__(self, window: Window, advance: Callable[[Task, float], Commands]) -> None:
        self._window = window
        self._advance = advance
        self._open: dict[TaskId, tuple[float, Survey]] = {}
        """Tasks that wait for answers -> when they were bound, and the probes."""

    def ask(self, task: Task, server: Server, now: float) -> Commands:
        """Probe the task's server and the others; () if the choice holds without."""
        window = self._window
        if (
            task.state is not State.UPLOADING
            or now - task.bound_at < LONG_UPLOAD
            or task.was_rechecked
            or window.is_sending_all
        ):
            return ()
        others = [other for other in window.servers.values() if self._may_have(other, task, now)]
        if not others:
            return ()
        task.was_rechecked = True
        survey = Survey(window, Owner.RECHECK, task.task_id)
        self._open[task.task_id] = task.bound_at, survey
        probes = survey.ask((server, *sample(others, window.chance.uniform)))
        return (*probes, StartTimer(RecheckTimer(task.task_id), RECHECK_WITHIN))

    def answered(self, request: Request, length: int | None, now: float) -> Commands:
        """A server answered with the length of its queue, or (None) did not."""
        task_id = request.task_id
        if task_id is None or task_id not in self._open:
            return ()
        _, survey = self._open[task_id]
        if not survey.answered(request, length) or survey.open:
            return ()
        return self.fired(task_id, now)

    def fired(self, task_id: TaskId, now: float) -> Commands:
        """All have answered, or it is time: the task is posted, or waits for a better server."""
        window, task = self._window, self._window.live.get(task_id)
        if task_id not in self._open:
            return ()
        bound_at, survey = self._open.pop(task_id)
        if task is None or task.bound_at != bound_at:
            return ()
        better = self._better(task, survey.lengths, now)
        if better is None:
            return self._advance(task, now)
        window.unbind(task, Trouble.of("sooner_elsewhere", server=better.name))
        return ()

    def _better(self, task: Task, lengths: Mapping[ServerUrl, int], now: float) -> Server | None:
        """Return a server that has a place, and where the task would end clearly sooner."""
        window, durations, url = self._window, self._window.statistics.durations, task.server
        if url is None or url not in lengths:
            return None
        estimates, size = Estimates(window, durations, now), task.picture_bytes
        capacity = Capacity(window, estimates)
        here = estimates.expected(window.servers[url], lengths[url], task.workload, 0).ends
        # It counts among those that are on their way there, as do those that let it go first.
        late = (
            durations.task(url, each.workload)
            for each in window.bound_to(url)
            if each.state in IN_TRANSIT and each.turn >= task.turn
        )
        least = here - sum(late) - (SECONDS_SAVED if durations else TASKS_SAVED)
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
        is_other = server.url != task.server and server.is_ready(now)
        return is_other and suits_now(self._window, server, task, now)
