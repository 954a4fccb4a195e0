"""A model of servers, of a browser, and of all that can go wrong between them.

It holds the truth, and checks with every command that a session keeps its promises. Nothing
here is random: whoever drives a world says what happens next.
"""

import json
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from app.core.absence import APART, DELIVERY_WITHIN
from app.core.commands import (
    AbortRequest,
    CloseSocket,
    Command,
    LoadWorkflow,
    OpenSocket,
    ReleaseFiles,
    SaveRecord,
    SendFrame,
    ShowPreview,
    StartTimer,
    StopTimer,
)
from app.core.connection import CLOSING_WITHIN
from app.core.dispatcher import FILL_TIMER, ROUND_TIMER
from app.core.events import (
    Answered,
    Event,
    Failure,
    FrameReceived,
    RequestFailed,
    ServerAdded,
    SocketClosed,
    SocketOpened,
    TaskAccepted,
    TimerFired,
    WorkflowLoaded,
)
from app.core.ids import Digest, PromptId, ServerUrl, TaskId
from app.core.prompt_id import make_prompt_id, make_task_id
from app.core.requests import Ask, Request
from app.core.session import Session
from app.core.snapshot import write_task
from app.core.task import ON_SERVER, State, Task
from app.core.window import Settings
from app.core.workflow import Workflow
from tests.core.farm import NOON, Chance, frame, greeting, invert_workflow, photo, queue_length

ODD = {"class_type": "NobodyKnowsThis", "inputs": {}}
WORKFLOWS: dict[Digest, Workflow] = {
    Digest("known"): invert_workflow(),
    Digest("odd"): invert_workflow(**{"4": ODD}),
}
IMAGE = {"filename": "inv_00001_.png", "subfolder": "", "type": "output"}


@dataclass
class Socket:
    """One WebSocket; `frames` are on their way from the server."""

    server: ServerUrl
    attempt: int
    client_id: str
    frames: deque[str] = field(default_factory=deque)
    is_accepted: bool = False
    closing_since: float | None = None


@dataclass
class Prompt:
    """One entry of a server's queue."""

    prompt_id: PromptId
    client_id: str
    is_bad: bool
    step: int = 0
    is_interrupted: bool = False


class ModelServer:
    """A ComfyUI server: one worker, books in memory, one socket per client id."""

    def __init__(self, url: ServerUrl, has_jobs: bool = True) -> None:
        self.url = url
        self.has_jobs = has_jobs
        self.pending: list[Prompt] = []
        self.running: Prompt | None = None
        self.history: dict[PromptId, str] = {}
        self.sockets: dict[str, Socket] = {}
        self.runs: Counter[PromptId] = Counter()
        self.forgotten: set[PromptId] = set()
        self.posts = 0

    def tell(self, prompt: Prompt, *texts: str) -> None:
        """Send frames to whoever is registered under the prompt's client id."""
        socket = self.sockets.get(prompt.client_id)
        if socket is not None:
            socket.frames.extend(texts)

    def work(self) -> None:
        """The worker takes its next step."""
        if self.running is None:
            if self.pending:
                self.running = self.pending.pop(0)
                self.runs[self.running.prompt_id] += 1
                prompt_id = self.running.prompt_id
                self.tell(
                    self.running,
                    frame("execution_start", prompt_id=prompt_id),
                    frame("execution_cached", prompt_id=prompt_id, nodes=[]),
                )
            return
        prompt, self.running.step = self.running, self.running.step + 1
        name = prompt.prompt_id
        if prompt.is_interrupted:
            self._finish("cancelled", frame("execution_interrupted", prompt_id=name))
        elif prompt.step <= 2:
            self.tell(prompt, frame("executing", prompt_id=name, node=str(prompt.step)))
            self.tell(prompt, frame("progress", prompt_id=name, node="2", value=1, max=2))
        elif prompt.is_bad:
            self._finish("failed", frame("execution_error", prompt_id=name, node_id="2"))
        else:
            output = {"images": [IMAGE]}
            self._finish(
                "completed",
                frame("executing", prompt_id=name, node="3"),
                frame("executed", prompt_id=name, node="3", output=output),
                frame("execution_success", prompt_id=name),
            )

    def _finish(self, end: str, *texts: str) -> None:
        assert self.running is not None
        prompt, self.running = self.running, None
        self.history[prompt.prompt_id] = end
        self.tell(prompt, *texts, frame("executing", prompt_id=prompt.prompt_id, node=None))

    def books(self) -> dict[PromptId, str]:
        """All that the server knows of, with its state."""
        books = {**self.history, **{prompt.prompt_id: "pending" for prompt in self.pending}}
        if self.running is not None:
            books[self.running.prompt_id] = "in_progress"
        return books

    def forget(self, prompt_id: PromptId) -> None:
        """Somebody deletes a prompt that waits."""
        if any(prompt.prompt_id == prompt_id for prompt in self.pending):
            self.pending = [p for p in self.pending if p.prompt_id != prompt_id]
            self.forgotten.add(prompt_id)

    def interrupt(self, prompt_id: PromptId) -> None:
        """Somebody stops a prompt, if it runs."""
        if self.running is not None and self.running.prompt_id == prompt_id:
            self.running.is_interrupted = True

    def restart(self) -> None:
        """All books are lost."""
        self.forgotten |= self.books().keys()
        self.pending, self.running, self.history = [], None, {}
        self.posts = 0

    def greet(self, socket: Socket) -> None:
        """Take a socket in; one before it under the same id hears nothing any more."""
        socket.is_accepted = True
        self.sockets[socket.client_id] = socket
        socket.frames.append(greeting(len(self.pending)))
        running = self.running
        if running is not None and running.client_id == socket.client_id and running.step:
            socket.frames.append(frame("executing", node="2"))

    def unregister(self, client_id: str) -> None:
        """A socket of this id died: whichever it was, the id is forgotten."""
        self.sockets.pop(client_id, None)

    def answer(self, request: Request) -> tuple[int, Any]:
        """Do what is asked, and answer truthfully."""
        body = json.loads(request.body) if request.body else {}
        books = self.books()
        prompt_id = PromptId(request.path.removesuffix("/cancel").rpartition("/")[2])
        match request.ask:
            case Ask.PROBE | Ask.REACH:
                return 200, queue_length(len(self.pending) + (self.running is not None))
            case Ask.UPLOAD:
                return 200, {"name": "photo.png", "subfolder": "", "type": "input"}
            case Ask.POST:
                self.posts += 1
                name = PromptId(body["prompt_id"])
                is_bad = name[0] in "01"
                self.pending.append(Prompt(name, body["client_id"], is_bad))
                return 200, {"prompt_id": name, "number": self.posts, "node_errors": {}}
            case Ask.JOBS | Ask.JOB | Ask.CANCEL if not self.has_jobs:
                return 404, ""
            case Ask.JOBS:
                found = {p: s for p, s in books.items() if s in ("pending", "in_progress")}
                return 200, {"jobs": [{"id": p, "status": s} for p, s in found.items()]}
            case Ask.JOB if prompt_id not in books:
                return 404, {"error": "Job not found"}
            case Ask.JOB:
                return 200, {"status": books[prompt_id], "outputs": {"3": {"images": [IMAGE]}}}
            case Ask.QUEUE:
                running = [[0, self.running.prompt_id, {}]] if self.running else []
                pending = [[1, prompt.prompt_id, {}] for prompt in self.pending]
                return 200, {"queue_running": running, "queue_pending": pending}
            case Ask.HISTORY if prompt_id not in self.history:
                return 200, {}
            case Ask.HISTORY:
                return 200, {prompt_id: self._entry(self.history[prompt_id])}
            case Ask.CANCEL | Ask.DELETE | Ask.INTERRUPT:
                name = PromptId(body.get("prompt_id") or (body.get("delete") or [prompt_id])[0])
                if request.ask is not Ask.INTERRUPT:
                    self.pending = [p for p in self.pending if p.prompt_id != name]
                if request.ask is not Ask.DELETE:
                    self.interrupt(name)
                return 200, {"cancelled": True} if request.ask is Ask.CANCEL else ""
        return 404, ""

    @staticmethod
    def _entry(end: str) -> dict[str, Any]:
        last = {"failed": "execution_error", "cancelled": "execution_interrupted"}.get(end)
        status = {
            "status_str": "error" if last else "success",
            "messages": [[last, {}]] if last else [],
        }
        return {"status": status, "outputs": {"3": {"images": [IMAGE]}}}


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
        self.timers: dict[tuple[str, ...], float] = {}
        self.calls: dict[int, Call] = {}
        self.ghosts: list[Call] = []
        self.sockets: dict[tuple[ServerUrl, int], Socket] = {}
        self.loads: deque[Digest] = deque()
        self.accepted: set[TaskId] = set()
        self.forgiven: set[TaskId] = set()
        self.wishes: set[TaskId] = set()
        self.ended: dict[TaskId, str] = {}
        self.posts: dict[PromptId, tuple[float, ServerUrl]] = {}
        self.refused: set[PromptId] = set()
        self.negative: dict[PromptId, list[float]] = {}
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
        commands = self.session.handle(event, self.now)
        self._carry_out(commands)
        self.check()
        return commands

    def accept(self, digest: str = "known", pinned: ServerUrl | None = None) -> Task:
        """A person wants a task done."""
        event = TaskAccepted(
            make_task_id(self.chance),
            make_prompt_id(self.chance),
            "photo",
            WORKFLOWS[Digest(digest)],
            Digest(digest),
            (photo(),),
            pinned,
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
        for socket in self.sockets.values():
            self.servers[socket.server].unregister(socket.client_id)
        self.sockets.clear()
        self._new_session()
        self.check()

    def deliver(self, call: Call) -> None:
        """A request arrives at its server."""
        if call.answer is None:
            call.answer = self.servers[call.request.server].answer(call.request)

    def reply(self, call: Call, status: int | None = None) -> None:
        """The answer arrives here; `status` is somebody's in between, without a body."""
        request = call.request
        self.calls.pop(request.id, None)
        if status is None:
            self.deliver(call)
        told, body = call.answer if status is None and call.answer else (status or 0, "")
        if request.ask is Ask.POST and 400 <= told < 500:
            self.refused.add(self._prompt_of(request))
        if request.ask in (Ask.JOB, Ask.HISTORY) and body in ({}, {"error": "Job not found"}):
            self.negative.setdefault(self._prompt_of(request), []).append(self.now)
        text = body if isinstance(body, str) else json.dumps(body)
        self.happen(Answered(request, told, text))

    def fail(self, call: Call, failure: Failure = Failure.NETWORK) -> None:
        """The call ends here; what it asked for may arrive all the same."""
        self.calls.pop(call.request.id, None)
        self.ghosts.append(call)
        self.happen(RequestFailed(call.request, failure))

    def haunt(self, call: Call) -> None:
        """A request that was given up arrives, but never later than assumed."""
        self.ghosts.remove(call)
        if self.now < call.sent_at + DELIVERY_WITHIN:
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
                self._forgive(lambda task: task.digest == digest)
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
        self.check_truth()

    def _move_on(self) -> bool:
        """Let all that is under way arrive; say whether there was anything."""
        calls, sockets, loads = list(self.calls.values()), list(self.sockets.values()), self.loads
        for call in calls:
            if call.request.id in self.calls:
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
                case SendFrame() | ReleaseFiles() | ShowPreview():
                    pass

    def _dial(self, server: ServerUrl, attempt: int, client_id: str) -> None:
        for socket in self.sockets.values():
            if socket.client_id == client_id:
                assert socket.closing_since is not None, "two sockets of one client id"
                assert self.now - socket.closing_since >= CLOSING_WITHIN
        assert (server, attempt) not in self.sockets, "an attempt's number came twice"
        self.sockets[server, attempt] = Socket(server, attempt, client_id)

    def _send(self, request: Request) -> None:
        assert request.id not in self.calls
        assert request.timeout > 0
        if request.ask is Ask.INTERRUPT:
            assert json.loads(request.body or "{}").get("prompt_id"), "an untargeted interrupt"
        if request.ask in (Ask.CANCEL, Ask.DELETE, Ask.INTERRUPT):
            assert request.task_id in self.wishes, "nobody wanted this task cancelled"
        if request.ask is Ask.POST:
            self._check_post(request)
        self.calls[request.id] = Call(request, self.now)

    def _check_post(self, request: Request) -> None:
        """Saved first, sent once; again only to the same server, late, and missed twice."""
        saved = json.loads(self.records[f"task:{request.task_id}"])
        assert (saved["state"], saved["server"]) == ("posting", request.server)
        prompt_id = self._prompt_of(request)
        if prompt_id in self.posts and prompt_id not in self.refused:
            posted_at, server = self.posts[prompt_id]
            assert request.server == server, "one prompt on two servers"
            assert self.now - posted_at >= DELIVERY_WITHIN, "sent again too early"
            reads = [at for at in self.negative.get(prompt_id, []) if at >= posted_at]
            assert len(reads) >= 2, "sent again without looking twice"
            assert reads[-1] - reads[0] >= APART
        self.posts[prompt_id] = (self.now, request.server)
        self.refused.discard(prompt_id)
        self.negative.pop(prompt_id, None)

    def _prompt_of(self, request: Request) -> PromptId:
        assert request.task_id is not None
        task = self.session.window.tasks.get(request.task_id)
        return task.prompt_id if task else PromptId("")

    def _forgive(self, whom: Callable[[Task], bool]) -> None:
        """What is lost here can't be blamed on the session."""
        self.forgiven |= {task.task_id for task in self.session.window.tasks.values() if whom(task)}

    # What a session promises.

    def check(self) -> None:
        """Check all that must hold after every single event."""
        window = self.session.window
        bound = [task for task in window.tasks.values() if task.task_id not in self._loose()]
        report = window.locks.report()
        locked = {
            (entry["server"], prompt_id)
            for entry in (report["locks"] if report else ())
            for prompt_id in entry["promptIds"]
        }
        assert locked == {(task.server, task.prompt_id) for task in bound}
        assert (report is None) == (not bound)
        if report is not None:
            latest = max(task.bound_at for task in bound)
            assert report["promptId"] in {t.prompt_id for t in bound if t.bound_at == latest}
        for url, count in Counter(task.server for task in bound).items():
            assert count <= self.settings.places
            assert url in window.servers
        for task in window.tasks.values():
            self._check_task(task)
        self._check_waiting()
        assert len(self.timers) <= 8 * len(window.servers) + len(window.tasks) + 4

    def _loose(self) -> set[TaskId]:
        tasks = self.session.window.tasks.values()
        return {t.task_id for t in tasks if t.is_ended or t.state is State.WAITING}

    def _check_task(self, task: Task) -> None:
        """Each task has ended for good, or something will happen to it."""
        record = write_task(task)
        assert self.records[f"task:{task.task_id}"] == record or not task.is_ended
        if task.task_id in self.ended:
            assert record == self.ended[task.task_id], "something changed after the end"
        if task.is_ended:
            self.ended[task.task_id] = record
        elif task.state is State.WAITING:
            assert task.task_id in self.session.window.waiting
        elif task.state is State.CONNECTING:
            assert ("connect", task.task_id) in self.timers
        elif task.state in (State.UPLOADING, State.POSTING):
            assert task.request_id in self.calls
        else:
            assert task.state in ON_SERVER
            assert ("beat", task.server) in self.timers

    def _check_waiting(self) -> None:
        """A task that could go somewhere is on its way there."""
        window = self.session.window
        is_asking = ROUND_TIMER in self.timers or FILL_TIMER in self.timers
        is_asking |= any(call.request.ask is Ask.PROBE for call in self.calls.values())
        for task in window.waiting.values():
            could = any(
                window.has_place(server) and not server.is_leaving
                for server in window.servers.values()
                if task.pinned in (None, server.url)
            )
            assert not could or is_asking or task.digest not in window.workflows

    def check_truth(self) -> None:
        """Check that every task ended as its server knows, and that nothing ran twice."""
        window = self.session.window
        assert window.locks.report() is None
        forgotten: set[PromptId] = set().union(*(s.forgotten for s in self.servers.values()))
        for task_id in self.accepted & window.tasks.keys():
            task = window.tasks[task_id]
            assert task.is_ended, f"{task.state} for ever"
            ends = {
                s.history[task.prompt_id]
                for s in self.servers.values()
                if task.prompt_id in s.history
            }
            runs = sum(server.runs[task.prompt_id] for server in self.servers.values())
            if task.prompt_id not in forgotten:
                assert runs <= 1, "run twice"
                assert task.state is not State.LOST
                assert task_id in self.forgiven or ends or task_id in self.wishes
            for end in ends if task.prompt_id not in forgotten else ():
                assert task.state.value == end, "another end than the server's"
            if task.state is State.COMPLETED:
                assert runs, "completed without a run"
                assert task.outputs
            if task.state is State.LOST:
                assert task.acknowledged_at
