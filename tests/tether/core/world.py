"""A window's world: its servers, and a browser that carries out what a session asks for.

Nothing here is random: whoever drives a world says what happens next. After every event the
session's promises are checked.
"""

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.tether.core.farm import NOON, Chance, photo
from tests.tether.core.model_server import WORKFLOWS, ModelServer, Socket
from tests.tether.core.promises import Promises
from tether.core.commands import (
    AbortRequest,
    CloseSocket,
    Command,
    FetchResult,
    LoadWorkflow,
    OpenSocket,
    ReleaseFiles,
    SaveRecord,
    SendFrame,
    ShareFiles,
    ShowPreview,
    StartTimer,
    StopTimer,
)
from tether.core.events import (
    Answered,
    Event,
    Failure,
    FrameReceived,
    RequestFailed,
    SendAllRequested,
    ServerAdded,
    SocketClosed,
    SocketOpened,
    TaskAccepted,
    TimerFired,
    WorkflowLoaded,
)
from tether.core.ids import Digest, NodeId, ServerUrl, TaskId
from tether.core.model.identity import make_prompt_id, make_task_id
from tether.core.model.task import Task
from tether.core.model.window import Settings
from tether.core.protocol.handover import UploadPlace
from tether.core.protocol.requests import Request
from tether.core.session.session import Session
from tether.core.timers import Timer

TAKEN = UploadPlace(NodeId("1"), "image", "picture")
"""What a task that follows another takes its result for."""


@dataclass
class Call:
    """A request under way: first to its server, then the answer back."""

    request: Request
    sent_at: float
    answer: tuple[int, Any] | None = None


class World:
    """One window, its servers, and the browser that carries out what it asks for."""

    def __init__(self, *servers: ModelServer, places: int = 2, seed: int = 0) -> None:
        self.now = NOON
        self.servers = {server.url: server for server in servers}
        self.settings = Settings("base", places)
        self.chance = Chance(seed)
        self.records: dict[str, str] = {}
        self.timers: dict[Timer, float] = {}
        self.calls: dict[int, Call] = {}
        self.ghosts: list[Call] = []
        self.sockets: dict[tuple[ServerUrl, int], Socket] = {}
        self.loads: deque[Digest] = deque()
        self.fetches: deque[FetchResult] = deque()
        """Results that tasks take, under way; a test says how that ends."""
        self.accepted: set[TaskId] = set()
        self.is_sending_all = False
        self.log: list[Command] = []
        self.promises = Promises(self)
        self.session = self._new_session()

    def _new_session(self) -> Session:
        self.session = Session(self.records, self.settings, self.chance, self.now)
        self._carry_out(self.session.start(self.now))
        for url in self.servers:
            self.happen(ServerAdded(url, url))
        return self.session

    # What can happen.

    def happen(self, event: Event) -> tuple[Command, ...]:
        """Tell the session, carry out what it asks for, and check its promises."""
        self.is_sending_all |= isinstance(event, SendAllRequested)
        commands = self.session.handle(event, self.now)
        self._carry_out(commands)
        self.promises.check()
        return commands

    def accept(
        self,
        digest: str = "known",
        pinned: ServerUrl | None = None,
        again_of: TaskId | None = None,
        after: Task | None = None,
    ) -> Task:
        """A person wants a task done."""
        event = TaskAccepted(
            make_task_id(self.chance),
            make_prompt_id(self.chance),
            "photo",
            WORKFLOWS[Digest(digest)],
            Digest(digest),
            (photo(),),
            pinned,
            again_of,
            after=after.task_id if after else None,
            takes=(TAKEN,) if after else (),
        )
        self.accepted.add(event.task_id)
        self.happen(event)
        return self.session.window.tasks[event.task_id]

    def reload(self) -> None:
        """The page is loaded anew: calls and sockets die, records stay."""
        self.ghosts += self.calls.values()
        self.calls.clear()
        self.timers.clear()
        self.loads.clear()
        self.fetches.clear()
        for socket in self.sockets.values():
            self.servers[socket.server].unregister(socket.client_id)
        self.sockets.clear()
        self._new_session()
        self.promises.check()

    def deliver(self, call: Call) -> None:
        """A request arrives at its server."""
        if call.answer is None:
            call.answer = self.servers[call.request.server].answer(call.request)

    def repeat(self, call: Call) -> None:
        """The browser sends a POST twice, as it may when a kept-alive connection is reset."""
        if call.answer is None:
            self.promises.repeated.add(self.promises.prompt_of(call.request))
            self.servers[call.request.server].answer(call.request)
            self.deliver(call)

    def reply(self, call: Call, status: int | None = None) -> tuple[Command, ...]:
        """The answer arrives here; `status` is somebody's in between, without a body."""
        request = call.request
        self.calls.pop(request.id, None)
        if status is None:
            self.deliver(call)
        told, body = call.answer if status is None and call.answer else (status or 0, "")
        self.promises.answered(request, told, body)
        text = body if isinstance(body, str) else json.dumps(body)
        return self.happen(Answered(request, told, text))

    def fail(self, call: Call, failure: Failure = Failure.NETWORK) -> None:
        """The call ends here; what it asked for may arrive all the same."""
        self.calls.pop(call.request.id, None)
        self.ghosts.append(call)
        self.happen(RequestFailed(call.request, failure))

    def haunt(self, call: Call) -> None:
        """A request that was given up arrives, but never later than assumed."""
        self.ghosts.remove(call)
        if self.now < call.sent_at + 30.0:
            self.deliver(call)

    def open(self, socket: Socket) -> None:
        """A socket that is being dialled is accepted."""
        if not socket.is_accepted and socket.closing_since is None:
            self.servers[socket.server].greet(socket)
            self.happen(SocketOpened(socket.server, socket.attempt))

    def hear(self, socket: Socket) -> None:
        """The next frame of a socket arrives."""
        if socket.frames:
            text = socket.frames.popleft()
            self.happen(FrameReceived(socket.server, socket.attempt, text))

    def close(self, socket: Socket, code: int = 1006) -> None:
        """A socket is gone, and both ends know it."""
        self.servers[socket.server].unregister(socket.client_id)
        if self.sockets.pop((socket.server, socket.attempt), None) is not None:
            self.happen(SocketClosed(socket.server, socket.attempt, code))

    def load(self, is_there: bool = True) -> None:
        """A stored workflow is read."""
        if self.loads:
            digest = self.loads.popleft()
            if not is_there:
                tasks = self.session.window.tasks.values()
                self.promises.forgiven |= {t.task_id for t in tasks if t.digest == digest}
            self.happen(WorkflowLoaded(digest, WORKFLOWS[digest] if is_there else None))

    def pass_time(self, seconds: float) -> None:
        """Timers fire and calls time out, each at its time."""
        until = self.now + seconds
        while True:
            due = [(at, 0, key) for key, at in self.timers.items()]
            dues: list[tuple[float, int, Any]] = [
                *due,
                *((c.sent_at + c.request.timeout, 1, c) for c in self.calls.values()),
            ]
            at, kind, what = min(dues, key=lambda d: (d[0], d[1]), default=(until + 1, 0, ()))
            if at > until:
                break
            self.now = max(self.now, at)
            if kind:
                self.fail(what, Failure.TIMEOUT)
            else:
                del self.timers[what]
                self.happen(TimerFired(what))
        self.now = until

    def live(self, seconds: float, tick: float = 0.25) -> None:
        """Everything works: all arrives at once, servers work, time goes by."""
        until = self.now + seconds
        while self.now < until:
            for _ in range(200):
                if not self._move_on():
                    break
            for server in self.servers.values():
                server.work()
            self.pass_time(tick)

    def settle(self, within: float) -> None:
        """After the last fault: all tasks end truly, and then nothing is left running."""
        until = self.now + within
        while self.timers or self.calls or self.sockets or self.session.window.waiting:
            assert self.now < until, (self.timers, self.calls, self.sockets)
            self.live(1.0, tick=0.5)
        self.promises.check_truth()

    def _move_on(self) -> bool:
        """Let all that is under way arrive; say whether there was anything."""
        calls, sockets, loads = list(self.calls.values()), list(self.sockets.values()), self.loads
        for call in calls:
            if call.request.id not in self.calls:
                continue
            is_kept_out = not self.servers[call.request.server].takes_uploads
            if is_kept_out and call.request.upload is not None:
                self.fail(call)
            else:
                self.reply(call)
        is_moving = bool(calls or loads)
        for socket in sockets:
            if socket.closing_since is not None:
                self.close(socket, 1000)
            elif not socket.is_accepted:
                self.open(socket)
            while socket.frames and (socket.server, socket.attempt) in self.sockets:
                self.hear(socket)
                is_moving = True
        while self.loads:
            self.load()
        return is_moving

    # What a session may ask for.

    def _carry_out(self, commands: Iterable[Command]) -> None:
        for command in commands:
            self.log.append(command)
            match command:
                case SaveRecord(key, None):
                    self.records.pop(key, None)
                case SaveRecord(key, str(text)):
                    self.records[key] = text
                case StartTimer(key, delay):
                    assert delay >= 0
                    self.timers[key] = self.now + delay
                case StopTimer(key):
                    self.timers.pop(key, None)
                case Request():
                    self._send(command)
                case AbortRequest(request_id):
                    if request_id in self.calls:
                        self.ghosts.append(self.calls.pop(request_id))
                case OpenSocket(server, attempt, url):
                    self._dial(server, attempt, url.partition("clientId=")[2])
                case CloseSocket(server, attempt):
                    self.sockets[server, attempt].closing_since = self.now
                case LoadWorkflow(digest):
                    self.loads.append(digest)
                case FetchResult():
                    self.fetches.append(command)
                case SendFrame() | ReleaseFiles() | ShareFiles() | ShowPreview():
                    pass

    def _dial(self, server: ServerUrl, attempt: int, client_id: str) -> None:
        for socket in self.sockets.values():
            if socket.client_id == client_id:
                assert socket.closing_since is not None, "two sockets of one client id"
                assert self.now - socket.closing_since >= 3.0
        assert (server, attempt) not in self.sockets, "an attempt's number came twice"
        self.sockets[server, attempt] = Socket(server, attempt, client_id)

    def _send(self, request: Request) -> None:
        assert request.id not in self.calls
        assert request.timeout > 0
        self.promises.asked(request)
        self.calls[request.id] = Call(request, self.now)
