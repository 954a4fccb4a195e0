"""A window in a scene: the page's own session and runner, on servers inside the page."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from demo.agenda import Timers
from demo.memory import MemoryRecords
from demo.network import NetworkHttp, NetworkSockets
from demo.quick_work import workflow
from demo.server import InPageServer
from page.routing_test.stage import PlayedStage
from tether.core.commands import CloseSocket, Commands, StartTimer
from tether.core.events import (
    Emit,
    Event,
    FrameReceived,
    Picture,
    ServerAdded,
    SocketClosed,
    TaskAccepted,
)
from tether.core.ids import Digest, NodeId, ServerUrl, TaskId
from tether.core.model.identity import DEFAULT_BASE, make_prompt_id, make_task_id
from tether.core.model.locks import LOCK_RECORD
from tether.core.model.task import State, Task
from tether.core.model.window import Settings
from tether.core.protocol.requests import Ask, Request
from tether.core.protocol.workflow import parse_workflow
from tether.core.session.session import Session
from tether.runtime.ports import Ports
from tether.runtime.runner import Runner

_RECORDS = (Ask.JOBS, Ask.JOB, Ask.QUEUE, Ask.HISTORY, Ask.RECENT)
_ENDS = ('{"type": "executed"', '{"type": "execution_success"')
_PICTURE = Digest("p1c7")
_PICTURE_BYTES = 1000


class PlayedWindow:
    """A browser tab; `opened` lists the servers of all sockets that it ever opened, in order."""

    def __init__(self, stage: PlayedStage, name: str = "window", places: int = 2) -> None:
        self.name = name
        self.opened: list[ServerUrl] = []
        self._stage = stage
        self._settings = Settings(DEFAULT_BASE, places, binding=stage.binding)
        self._records = MemoryRecords()
        self._files = PlayedFiles()
        self._load()
        stage.agenda.run(0.1)

    def submit(
        self,
        title: str,
        server: InPageServer | None = None,
        nodes: Mapping[str, Any] | None = None,
        *,
        steps: int = 20,
        with_picture: bool = False,
    ) -> Task:
        """Accept a task for a server, or for whichever is chosen."""
        number = len(self._stage.evidence.titles) + 1
        picture = "photo.png" if with_picture else ""
        text = json.dumps(nodes or workflow(steps, 250, number, picture))
        digest = self._files.keep_text(text)
        given = Picture(NodeId("1"), "image", _PICTURE, picture, _PICTURE_BYTES)
        pictures, url = (given,) if with_picture else (), server.url if server else None
        task_id, prompt_id = make_task_id(self._stage), make_prompt_id(self._stage)
        self._stage.evidence.titles[prompt_id] = title
        content = parse_workflow(text)
        self.emit(TaskAccepted(task_id, prompt_id, title, content, digest, pictures, url))
        return self.window.tasks[task_id]

    def lock(self) -> dict[str, Any] | None:
        """Return the locks as they are kept over a reload."""
        text = self._records.read(LOCK_RECORD)
        return json.loads(text)["report"] if text else None

    def task(self, task: Task) -> Task:
        """Return this page's object of a task; each reload makes another one."""
        return self.window.tasks[task.task_id]

    def unlink(self, task: Task) -> None:
        """Take lock and socket off a task, as a bug would."""
        assert task.server is not None
        self.window.locks.release(task.prompt_id)
        self._carry(self.window.servers[task.server].connection.release())

    async def reload(self) -> None:
        """Reload the page: only its records stay."""
        self.runner.pause()
        self._sockets.leave()
        self._load()
        # The new page reads workflows from storage while the played time stands still.
        for _ in range(5):
            await asyncio.sleep(0)

    def emit(self, event: Event) -> None:
        """Hand an event to the window; frames and closes become evidence."""
        if isinstance(event, FrameReceived):
            if self._stage.is_end_swallowed and _is_end(event.text):
                return
            self._stage.evidence.received(self.name, event.server, event.text)
        elif isinstance(event, SocketClosed):
            self._stage.evidence.note(self.name, event.server, "socket closed")
        self.runner.emit(event)

    def _load(self) -> None:
        stage = self._stage
        self.runner = runner = Runner()

        def emit(event: Event) -> None:
            if runner is self.runner:  # events of the page before a reload are dropped
                self.emit(event)

        self._clock = Timers(stage.agenda, emit)
        session = Session(self._records.read_all(), self._settings, self._stage, stage.agenda.now())
        self.window = session.window
        self._sockets = _Sockets(stage, self, emit)
        http = _Http(stage, self.name, emit, self._files)
        shared, files = stage.shared, self._files
        runner.start(session, Ports(self._clock, self._sockets, http, self._records, shared, files))
        for server in stage.network.servers.values():
            emit(ServerAdded(server.url, stage.evidence.names[server.url]))

    def _carry(self, commands: Commands) -> None:
        for command in commands:
            match command:
                case CloseSocket(server, attempt):
                    self._sockets.close(server, attempt)
                case StartTimer(key, delay):
                    self._clock.start(key, delay)


def _is_end(text: str) -> bool:
    return text.startswith(_ENDS) or ('"executing"' in text and '"node": null' in text)


class _Http(NetworkHttp):
    """Collects requests as evidence; where HTTP could stand in for a deaf socket, none is sent."""

    def __init__(self, stage: PlayedStage, window: str, emit: Emit, files: "PlayedFiles") -> None:
        super().__init__(stage.network, emit, files.stored)
        self._stage = stage
        self._window = window

    def send(self, request: Request) -> None:
        if request.ask in _RECORDS and not self._stage.reads_records:
            return
        title = ""
        if request.ask is Ask.POST and request.body is not None:
            title = self._stage.evidence.titles.get(json.loads(request.body)["prompt_id"], "")
        self._stage.evidence.sent(self._window, request, title)
        super().send(request)


class _Sockets(NetworkSockets):
    """Collects the sockets that are opened as evidence."""

    def __init__(self, stage: PlayedStage, window: PlayedWindow, emit: Emit) -> None:
        super().__init__(stage.network, emit)
        self._evidence = stage.evidence
        self._window = window

    def open(self, server: ServerUrl, attempt: int, url: str) -> None:
        self._window.opened.append(server)
        self._evidence.note(self._window.name, server, "socket opened")
        super().open(server, attempt, url)

    def leave(self) -> None:
        """Close all, as the browser does when a page goes."""
        for server, attempt in self._open:
            self.close(server, attempt)


class PlayedFiles:
    """Workflows as texts, and one picture; all is kept: a scene is short."""

    def __init__(self) -> None:
        self._texts: dict[Digest, str] = {}

    def keep_text(self, text: str) -> Digest:
        digest = Digest(f"{len(self._texts) + 1:064x}")
        self._texts[digest] = text
        return digest

    def stored(self, digest: Digest) -> tuple[int, Any] | None:
        return (_PICTURE_BYTES, "picture") if digest == _PICTURE else None

    async def read_text(self, digest: Digest, is_needed: bool = False) -> str | None:
        return self._texts.get(digest)

    def release(self, task_id: TaskId) -> None:
        """Keep everything."""

    def share(self, task_id: TaskId, of: TaskId) -> None:
        """Keep everything."""

    def keep_entry(self, task_id: TaskId, text: str | None) -> None:
        """Keep nothing: nobody kills a scene."""

    def when_settled(self, act: Callable[[], None]) -> None:
        """Call it at once."""
        act()


def ended_by_socket(task: Task) -> bool:
    """Say whether a task has completed and its socket reported it."""
    return task.state is State.COMPLETED and task.ended_by == "socket"
