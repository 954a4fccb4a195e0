"""Windows of the page that move waiting tasks to idle servers, in the simulated fleet."""

from collections.abc import Iterable
from random import Random

from bench.fleet.page import PageWindow
from bench.fleet.world import POST, Fleet
from tether.core.commands import Command, Commands
from tether.core.model.server import Server
from tether.core.model.task import State, Task
from tether.core.protocol.requests import Ask, Owner, Request
from tether.core.session.rebalancing import Rebalancing
from tether.core.submission.withdrawal import resubmit
from tether.core.timers import RebalanceTimer, Timer
from tether.core.tracking.reconciler import Reconciler

GONE = 4.5
"""Seconds until a task that was taken out of a queue is known to be gone: two reads, apart."""


class Lists(Reconciler):
    """Reads the queues of the simulated servers, at once."""

    def __init__(self, page: "MovingWindow") -> None:
        self._page = page

    def query(self, server: Server, now: float) -> Commands:
        """Note how many are before each of our tasks there."""
        for task in self._page.window.bound_to(server.url):
            if task.state is State.QUEUED:
                task.ahead = self._page.ahead(task, server)
        return ()


class MovingWindow(PageWindow):
    """One window in which a person wants moves."""

    def __init__(self, fleet: Fleet, number: int, upload: float, random: Random) -> None:
        super().__init__(fleet, number, upload, random)
        self._rebalancing = Rebalancing(self.window, Lists(self))
        self._rebalancing.allow(True)

    def ahead(self, task: Task, server: Server) -> int | None:
        """Return how many tasks are before one in its server's queue."""
        return self._fleet.ahead(self._numbers[server.url], self._jobs[task.task_id])

    def _probed(self, request: Request, length: int | None) -> Commands:
        if request.owner is Owner.REBALANCING:
            return self._rebalancing.answered(request, length, self.env.now)
        return super()._probed(request, length)

    def _changed(self) -> Commands:
        return (*super()._changed(), *self._rebalancing.start())

    def _rang(self, key: Timer) -> Commands:
        return (
            self._rebalancing.fired(self.env.now)
            if isinstance(key, RebalanceTimer)
            else super()._rang(key)
        )

    def _obey(self, commands: Iterable[Command]) -> None:
        for command in commands:
            if isinstance(command, Request) and command.ask is Ask.DELETE:
                self._after(POST, self._taken_out, command)
            else:
                super()._obey((command,))

    def _taken_out(self, request: Request) -> None:
        assert request.task_id is not None
        job = self._jobs[request.task_id]
        if self._fleet.take_out(self._numbers[request.server], job):
            self._after(GONE, self._gone, request)

    def _gone(self, request: Request) -> None:
        assert request.task_id is not None
        task, server = self.window.tasks[request.task_id], self.window.servers[request.server]
        job = self._jobs.pop(task.task_id)
        resubmit(self.window, task, server, self.env.now)
        (new,) = (each for each in self.window.live.values() if each.again_of == task.task_id)
        self._jobs[new.task_id] = job
        self._settle()
