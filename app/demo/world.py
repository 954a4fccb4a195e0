"""The ports of the demo: two servers inside the page; nothing is stored or sent anywhere."""

import json
from collections.abc import Callable
from random import SystemRandom
from typing import Any

import js
from pyodide.ffi import to_js

from demo.agenda import RealAgenda
from demo.canvas import CanvasWork
from demo.memory import DemoRecords, MemoryRecords
from demo.network import Network, NetworkHttp, NetworkSockets
from demo.server import InPageServer
from simulator.settings import Settings
from tether.browser.files import BrowserFiles
from tether.browser.page import BrowserChannel, BrowserPage, page_time
from tether.browser.storage import BrowserRecords, own_prefix
from tether.core.events import BinaryReceived, Emit, Event
from tether.core.ids import Chance, Digest, ServerUrl, TaskId
from tether.core.model.task import Task
from tether.core.protocol.handover import ResultSource
from tether.core.protocol.hosted_list import Listed
from tether.core.protocol.outputs import Fetched, Output, view_url
from tether.runtime.clock import LoopClock, SecureChance
from tether.runtime.ports import (
    Channel,
    Clock,
    Files,
    Hold,
    Http,
    Kept,
    OnAnswer,
    PageLife,
    Records,
    Sockets,
)
from tether.runtime.storage_locks import StorageHold

PACES = (0.5, 1.0)
"""Seconds that a node takes on each server, for people to watch it work."""


class DemoFiles(BrowserFiles):
    """A file store that is never opened, and so keeps files in memory."""

    def content(self, digest: Digest) -> tuple[int, Any] | None:
        """Return size in bytes and content of a file."""
        blob = self._memory.get(digest)
        return None if blob is None else (int(blob.size), blob)


class DemoWorld:
    """The `World` of a demo window; see `tether.runtime.ports`."""

    def __init__(self, emit: Emit, on_answer: OnAnswer) -> None:
        prefix = own_prefix(js.location.pathname)
        self.clock: Clock = LoopClock(emit, page_time())
        self.chance: Chance = SecureChance()
        self.shared: Records = DemoRecords(BrowserRecords("localStorage", prefix, emit))
        self.records: Records = MemoryRecords()
        self.channel: Channel = BrowserChannel(f"{prefix}demo:windows")
        self.page: PageLife = BrowserPage()
        self._network = network = Network(RealAgenda())
        for number, pace in enumerate(PACES, 1):
            # A name that no real server can have.
            url = ServerUrl(f"http://demo-{number}.invalid")
            settings = Settings(name=f"demo-{number}", pace=pace)
            network.add(InPageServer(url, settings, SystemRandom(), network.agenda, CanvasWork()))
        files = DemoFiles(f"{prefix}demo:files", emit)
        self.files: Files = files
        self.http: Http = NetworkHttp(network, on_answer, files.content)
        self.sockets: Sockets = NetworkSockets(network, lambda event: emit(_with_buffer(event)))
        self._urls: dict[TaskId, dict[str, str]] = {}

    def make_hold(self) -> Hold:
        """Return a hold on a claim; no other window competes for it."""
        return StorageHold(self.shared, self.clock)

    async def open(self) -> None:
        """Do nothing: files stay in memory."""

    async def presets(self, say: Callable[..., str]) -> Listed:
        """Return the servers inside the page."""
        servers = [
            {"url": url, "name": say("demo.server", number=number)}
            for number, url in enumerate(self._network.servers, 1)
        ]
        return Listed(json.dumps(servers))

    def address(self, task: Task, output: Output) -> str:
        """Return an object URL of the output, "" without one; each has one until `retain`."""
        server, target = self._where(task, output)
        urls = self._urls.setdefault(task.task_id, {})
        if target not in urls and (blob := server.view(target)) is not None:
            urls[target] = str(js.URL.createObjectURL(blob))
        return urls.get(target, "")

    def is_direct(self, task: Task) -> bool:
        """Return True: outputs are in the page from the start."""
        return True

    async def fetch(self, task: Task, output: Output, *, is_asked: bool) -> Fetched:
        """Return the object URL of the output."""
        server, target = self._where(task, output)
        return Fetched(self.address(task, output), content=server.view(target))

    async def content(self, task: Task, output: Output, limit: int) -> Any | None:
        """Return the content, unless it has more bytes than the limit."""
        server, target = self._where(task, output)
        blob = server.view(target)
        return blob if blob is not None and blob.size <= limit else None

    def take_from(self, _kept: Kept) -> None:
        """Do nothing: outputs are in the page from the start, and nothing of them is kept."""

    async def kept(self, _task: Task, _output: Output) -> None:
        """Return None: nothing is kept."""

    async def bring(self, source: ResultSource) -> Any | None:
        """Return a result for another task; None where its server has it no more."""
        target = view_url(source.server, source.output, source.prompt_id)
        return self._network.servers[source.server].view(target.removeprefix(source.server))

    def retain(self, is_shown: Callable[[TaskId], bool]) -> None:
        """Revoke the URLs of all tasks but those that are shown."""
        for task_id in [each for each in self._urls if not is_shown(each)]:
            for url in self._urls.pop(task_id).values():
                js.URL.revokeObjectURL(url)

    def _where(self, task: Task, output: Output) -> tuple[InPageServer, str]:
        """Return the server of an output, and its path there."""
        assert task.server is not None
        target = view_url(task.server, output, task.prompt_id).removeprefix(task.server)
        return self._network.servers[task.server], target


def _with_buffer(event: Event) -> Event:
    """Turn a binary frame into an ArrayBuffer, as from the browser's sockets."""
    if isinstance(event, BinaryReceived):
        return BinaryReceived(event.server, event.attempt, event.head, to_js(event.frame).buffer)
    return event
