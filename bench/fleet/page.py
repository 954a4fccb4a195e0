"""Windows of the page in the simulated fleet: the core's own dispatcher, with all that it knows.

Only what carries is simulated: a probe, an upload and a POST take their time, servers tell the
length of their queue to whoever has a socket, and windows of one browser hear each other.
"""

from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import simpy

from bench.fleet.world import POST, PROBE, Fleet, Job
from tether.core.commands import Broadcast, Command, Commands, StartTimer
from tether.core.events import Picture
from tether.core.ids import Digest, NodeId, PromptId, ServerUrl, TaskId, WindowId
from tether.core.model.server import Server
from tether.core.model.task import State, Task
from tether.core.model.window import Settings, Window
from tether.core.protocol.requests import Ask, Owner, Request
from tether.core.protocol.workflow import parse_workflow
from tether.core.scheduling.exchange import Exchange
from tether.core.session.acceptance import KEPT_ENDS
from tether.core.submission.dispatcher import Dispatcher
from tether.core.submission.submission import Submission
from tether.core.timers import RecheckTimer, ReportTimer, RoundTimer, Timer

HEARD = 0.005
"""Seconds until what one window says is heard by the others."""

BANDWIDTH = 1e6
WORKFLOW = parse_workflow('{"1": {"class_type": "SaveImage", "inputs": {}}}')
DIGEST = Digest("fleet")


class Chance:
    """Randomness of one window."""

    def __init__(self, random: Random) -> None:
        self.uniform = random.random
        self._bits = random.getrandbits

    def hex(self, digits: int) -> str:
        """Return that many hex digits."""
        return f"{self._bits(4 * digits):0{digits}x}"


class Carrier(Submission):
    """Brings bound tasks to the simulated servers."""

    def __init__(self, page: "PageWindow") -> None:
        super().__init__(page.window)
        self._page = page

    def begin(self, task: Task, server: Server, now: float) -> Commands:
        """Bind a task, and send it on its way."""
        self._window.bind(task, server, now)
        self._window.move(task, State.UPLOADING)
        self._page.carry(task, server)
        return ()

    def uploaded(self, task: Task, server: Server, now: float) -> Commands:
        """Look at the queues again, if that took long; then post."""
        return self.recheck.ask(task, server, now) or self._go_on(task, now)

    def _go_on(self, task: Task, now: float) -> Commands:
        self._window.move(task, State.POSTING)
        self._page.post(task)
        return ()


class PageWindow:
    """One window: the page's own, in the time of the simulation.

    Args:
        fleet: The servers.
        number: Its own.
        upload: Seconds of its uploads.
        random: Its chance.
    """

    def __init__(self, fleet: Fleet, number: int, upload: float, random: Random) -> None:
        self.env = fleet.env
        self.window = Window(WindowId(f"w{number:04}"), Settings("fleet"), Chance(random))
        self.fellows: list[PageWindow] = []
        """The other windows of its browser."""
        self._fleet = fleet
        self._upload = upload
        self._random = random
        self._timers: dict[Timer, object] = {}
        self._jobs: dict[TaskId, Job] = {}
        self._submission = Carrier(self)
        self._dispatcher = Dispatcher(self.window, self._submission)
        self._exchange = Exchange(self.window)
        for each in range(len(fleet.speeds)):
            server = self.window.server(ServerUrl(f"http://gpu-{each}:8188"), 0.0)
            server.answered()
            server.latency = PROBE
        self._numbers = {url: each for each, url in enumerate(self.window.servers)}
        fleet.watchers.append(self._length_changed)

    def want(self, job: Job) -> None:
        """A person wants a task done."""
        task_id = TaskId(f"{self._random.getrandbits(64):016x}")
        pictures = (Picture(NodeId("1"), "image", DIGEST, "", int(self._upload * BANDWIDTH)),)
        task = Task(task_id, PromptId(task_id), "", DIGEST, pictures, None, self.env.now)
        self.window.workflows[DIGEST] = WORKFLOW
        self._jobs[task_id] = job
        self.window.add(task)
        self._settle()

    def carry(self, task: Task, server: Server) -> None:
        """Upload the pictures of a bound task."""

        def uploaded() -> None:
            server.bandwidth = BANDWIDTH
            self._obey(self._submission.uploaded(task, server, self.env.now))
            self._settle()

        self._after(self._upload, uploaded)

    def post(self, task: Task) -> None:
        """Post a task whose pictures are there."""

        def posted() -> None:
            assert task.server is not None
            self.window.move(task, State.QUEUED)
            job = self._jobs[task.task_id]
            self._fleet.post(self._numbers[task.server], job, began, ended)
            self._settle()

        def began() -> None:
            self.window.move(task, State.RUNNING)
            task.started_at = self.env.now
            self._settle()

        def ended(seconds: float) -> None:
            del self._jobs[task.task_id]
            task.ran = seconds
            self.window.end(task, State.COMPLETED, self.env.now, "socket", None)
            for old in list(self.window.ended())[:-KEPT_ENDS]:
                self.window.dismiss(old)
            self._settle()

        self._after(POST, posted)

    def _length_changed(self, number: int) -> None:
        """A server tells all sockets: this window has one while it has tasks there."""
        server = self.window.servers[ServerUrl(f"http://gpu-{number}:8188")]
        if self.window.bound_to(server.url):
            server.note_queue(self._fleet.lengths[number], self.env.now)

    def _settle(self) -> None:
        """What `Session` does after each event."""
        is_changed = bool(self.window.pending.unsaved)
        while self.window.pending.is_fill_due:
            self._obey(self._dispatcher.fill(self.env.now))
        is_changed |= bool(self.window.pending.unsaved)
        self.window.pending.unsaved.clear()
        if is_changed:
            self._obey(self._changed())

    def _changed(self) -> Commands:
        return self._exchange.update(self.env.now)

    def _obey(self, commands: Iterable[Command]) -> None:
        for command in commands:
            match command:
                case Request(ask=Ask.PROBE):
                    self._probe(command)
                case Broadcast(text):
                    for fellow in self.fellows:
                        fellow._after(HEARD, fellow._heard, text)
                case StartTimer(key, delay):
                    self._timers[key] = token = object()
                    self._after(delay, self._fired, key, token)

    def _probe(self, request: Request) -> None:
        number = self._numbers[request.server]
        server = self.window.servers[request.server]

        def answered() -> None:
            length = self._fleet.lengths[number]
            server.note_queue(length, self.env.now)
            self._obey(self._probed(request, length))
            self._settle()

        def failed() -> None:
            self._obey(self._probed(request, None))
            self._settle()

        if self._fleet.is_down[number]:
            self._after(request.timeout, failed)
        else:
            self._after(PROBE, answered)

    def _probed(self, request: Request, length: int | None) -> Commands:
        now = self.env.now
        if request.owner is Owner.RECHECK:
            return self._submission.recheck.answered(request, length, now)
        return self._dispatcher.answered(request, length, now)

    def _heard(self, text: str) -> None:
        self._obey(self._exchange.received(text, self.env.now))
        self._settle()

    def _fired(self, key: Timer, token: object) -> None:
        if self._timers.get(key) is not token:
            return
        self._obey(self._rang(key))
        self._settle()

    def _rang(self, key: Timer) -> Commands:
        if isinstance(key, RoundTimer):
            return self._dispatcher.round_fired(self.env.now)
        if isinstance(key, ReportTimer):
            return self._exchange.send(self.env.now)
        if isinstance(key, RecheckTimer):
            return self._submission.recheck.fired(key.task_id, self.env.now)
        self.window.pending.is_fill_due = True
        return ()

    def _after(self, delay: float, act: Callable[..., None], *given: Any) -> None:
        event: simpy.Event = self.env.timeout(delay)
        assert event.callbacks is not None
        event.callbacks.append(lambda _event: act(*given))
