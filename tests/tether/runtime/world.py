"""A world in memory behind the runtime's ports: what was asked for is written down."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping
from types import SimpleNamespace
from typing import Any, TypeVar

from demo.agenda import PlayedAgenda, Timers
from demo.memory import MemoryRecords
from demo.network import Network, NetworkHttp, NetworkSockets
from demo.quick_work import quick_server
from tests.tether.core.farm import NOON, Chance
from tether.core.errors import TetherError
from tether.core.events import Emit
from tether.core.ids import Digest, ServerUrl, TaskId
from tether.core.protocol.handover import ResultSource
from tether.core.protocol.outputs import view_url
from tether.core.protocol.requests import Request
from tether.core.timers import Timer
from tether.runtime.ports import HandOver, MakeWorld, OnAnswer, Ports, no_results
from tether.runtime.storage_locks import StorageHold

T = TypeVar("T")
PNG = "picture of "


class Blob:
    """What stands for a JavaScript Blob."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size = len(content)


class MemoryFiles:
    """Keeps blobs in a dict."""

    def __init__(self) -> None:
        self.kept: dict[Digest, Any] = {}
        self.users: dict[TaskId, set[Digest]] = {}
        self.released: list[TaskId] = []
        self.is_lasting = True
        self.room = 1_000
        """For so many users."""
        self.since: dict[TaskId, float] = {}
        self.texts: dict[TaskId, str] = {}
        self.is_slow = False
        self.waiting: list[Callable[[], None]] = []
        """Called by the test when a slow disk is done."""

    async def head(self, blob: Blob, length: int) -> bytes:
        return blob.content[:length]

    async def digest(self, blob: Blob) -> Digest:
        return Digest(blob.content.hex())

    async def keep(self, task_id: TaskId, files: Mapping[Digest, Any], entry: str = "") -> None:
        if len(self.users) == self.room:
            raise TetherError("task_unkept")
        if entry:
            self.texts[task_id] = entry
        self.kept.update(files)
        self.users[task_id] = set(files)
        self.since[task_id] = NOON

    async def kept_for(self, start: str) -> dict[TaskId, float]:
        return {use: self.since[use] for use in self.users if use.startswith(start)}

    async def read(self, digest: Digest, is_needed: bool = False) -> Any | None:
        return self.kept.get(digest)

    async def read_text(self, digest: Digest, is_needed: bool = False) -> str | None:
        return self.kept.get(digest)

    def release(self, task_id: TaskId) -> None:
        self.released.append(task_id)

    def keep_entry(self, task_id: TaskId, text: str | None) -> None:
        if text is None:
            self.texts.pop(task_id, None)
        else:
            self.texts[task_id] = text

    def when_settled(self, act: Callable[[], None]) -> None:
        if self.is_slow:
            self.waiting.append(act)
        else:
            act()

    async def entries(self) -> dict[TaskId, str]:
        return dict(self.texts)

    def share(self, task_id: TaskId, of: TaskId) -> None:
        self.users[task_id] = self.users[of]


class Shared:
    """What all windows share."""

    def __init__(self, kept: dict[str, str]) -> None:
        self.kept = kept

    def read_all(self) -> dict[str, str]:
        return dict(self.kept)

    def read(self, key: str) -> str | None:
        return self.kept.get(key)

    def write(self, key: str, text: str | None) -> None:
        if text is None:
            self.kept.pop(key, None)
        else:
            self.kept[key] = text


class World:
    """All ports in one; `done` lists what was asked, in order."""

    def __init__(self, emit: Emit) -> None:
        self.emit = emit
        self.done: list[tuple[Any, ...]] = []
        self.records: dict[str, str] = {}
        self.files = MemoryFiles()
        self.answers: dict[str, Any] = {}
        self.shared: Any = Shared({})

    def ports(self, hand_over: HandOver = no_results) -> Ports:
        """The world as the runtime sees it."""
        here: Any = self
        shared, files, say = self.shared, self.files, self._said
        sockets, http = _Sockets(self), _Http(self)
        return Ports(here, sockets, http, here, shared, files, here, say, hand_over)

    def _said(self, text: str) -> None:
        """Nobody hears it."""

    def now(self) -> float:
        return NOON

    def start(self, key: Timer, delay: float) -> None:
        self.done.append(("start", key, delay))

    def stop(self, key: Timer) -> None:
        self.done.append(("stop", key))

    def read_all(self) -> dict[str, str]:
        return self.records

    def write(self, key: str, text: str | None) -> None:
        self.done.append(("write", key))
        if text is None:
            self.records.pop(key, None)
        else:
            self.records[key] = text

    def show(self, task_id: TaskId, frame: object, offset: int, mime: str) -> None:
        self.done.append(("show", task_id, frame, offset, mime))


class _Http:
    """Answers at once, from within `send`, where the world has an answer."""

    def __init__(self, world: World) -> None:
        self._world = world

    def send(self, request: Request) -> None:
        self._world.done.append(("send", request.ask.value, request))
        answer = self._world.answers.get(request.ask.value)
        if answer is not None:
            self._world.emit(answer(request))

    def abort(self, request_id: int) -> None:
        self._world.done.append(("abort", request_id))


class _Sockets:
    def __init__(self, world: World) -> None:
        self._world = world

    def open(self, server: ServerUrl, attempt: int, url: str) -> None:
        self._world.done.append(("open", server, attempt))

    def send(self, server: ServerUrl, attempt: int, text: str) -> None:
        self._world.done.append(("frame", server, attempt))

    def close(self, server: ServerUrl, attempt: int) -> None:
        self._world.done.append(("close", server, attempt))


class FakePage:
    """The page that a client runs in; a test lets it sleep and wake."""

    def __init__(self) -> None:
        self.restarts = 0

    def restart(self) -> None:
        self.restarts += 1

    def listen(self, emit: Emit, on_sleep: Any, on_wake: Any) -> None:
        self.emit, self.sleep, self.wake = emit, on_sleep, on_wake


class FakeChannel:
    """A channel between the clients of one test."""

    def __init__(self, ears: list[tuple[object, Any]]) -> None:
        self._ears = ears

    def listen(self, on_text: Any) -> None:
        self._ears.append((self, on_text))

    def post(self, text: str) -> None:
        for channel, ear in list(self._ears):
            if channel is not self:
                ear(text)


class Simulated:
    """What clients of one browser share: simulated servers, storage, a channel, played time."""

    def __init__(self, *urls: ServerUrl) -> None:
        self.agenda = PlayedAgenda(NOON)
        self.network = Network(self.agenda)
        self.shared = MemoryRecords()
        self.files = MemoryFiles()
        self.ears: list[tuple[object, Any]] = []
        self.is_silent = self.is_lost = False
        """No server gives a result, or has one any more."""
        for number, url in enumerate(urls):
            self.network.add(quick_server(url, url, random.Random(number), self.agenda))

    def world(self, records: MemoryRecords, seed: int = 0) -> MakeWorld:
        """Return what makes the world of a tab with these records."""

        def make(emit: Emit, on_answer: OnAnswer) -> Any:
            clock = Timers(self.agenda, emit)
            return SimpleNamespace(
                clock=clock,
                chance=Chance(seed),
                sockets=NetworkSockets(self.network, emit),
                http=NetworkHttp(self.network, on_answer, self._file),
                records=records,
                shared=self.shared,
                channel=FakeChannel(self.ears),
                files=self.files,
                page=FakePage(),
                make_hold=lambda: StorageHold(self.shared, clock),
                open=_opened,
                bring=self.bring,
                address=lambda task, output: view_url(task.server, output, task.prompt_id),
            )

        return make

    async def play(self, work: Coroutine[Any, Any, T]) -> T:
        """Let time pass until some work is done."""
        done = asyncio.ensure_future(work)
        while not done.done():
            self.agenda.run(0.05)
            for _ in range(5):
                await asyncio.sleep(0)
        return done.result()

    async def bring(self, source: ResultSource) -> Any | None:
        """Return a result; what it shows tells who made it."""
        if self.is_silent:
            raise OSError("nothing answers")
        if self.is_lost:
            return None
        return Blob(f"{PNG}{source.server} {source.output.filename}".encode())

    def _file(self, digest: Digest) -> tuple[int, Any] | None:
        blob = self.files.kept.get(digest)
        return None if blob is None else (blob.size, blob)


async def _opened() -> None:
    """Nothing is to be opened: the files are in memory."""
