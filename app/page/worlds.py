"""Which world this page lives in.

The world of an ordinary window: the browser, and servers outside the page.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import js
from pyscript import config

from page.servers.server_list import find_list
from tether.browser.channel import BrowserChannel
from tether.browser.clock import BrowserChance, BrowserClock
from tether.browser.files import BrowserFiles
from tether.browser.http import BrowserHttp
from tether.browser.locks import BrowserLock, BrowserTransfers
from tether.browser.media import BrowserMedia
from tether.browser.site import fetch_list, is_demo
from tether.browser.socket import BrowserSockets
from tether.browser.storage import BrowserRecords, own_prefix
from tether.core.errors import BadInput
from tether.core.events import Emit
from tether.core.ids import Chance, TaskId
from tether.core.model.task import Task
from tether.core.protocol.hosted_list import Listed
from tether.core.protocol.outputs import Fetched, Output, view_url
from tether.runtime.access_tokens import Keys
from tether.runtime.ports import Channel, Clock, Files, Hold, Http, Records, Sockets, World
from tether.runtime.storage_locks import StorageHold, StorageTransfers


class Outside:
    """Everything of the browser that carries a window; see `World` in `tether/runtime/ports.py`."""

    def __init__(self, emit: Emit) -> None:
        self._prefix = prefix = own_prefix(js.location.pathname)
        self.clock: Clock = BrowserClock(emit)
        self.chance: Chance = BrowserChance()
        self.shared: Records = BrowserRecords("localStorage", prefix, emit)
        self.records: Records = BrowserRecords("sessionStorage", prefix, emit)
        self.channel: Channel = BrowserChannel(f"{prefix}windows")
        self._files = BrowserFiles(f"{prefix}files", emit)
        self.files: Files = self._files
        keys = Keys(self.records, self.shared)
        self.sockets: Sockets = BrowserSockets(emit, keys.of)
        begin = self._transfers().begin
        self.http: Http = BrowserHttp(emit, self.files.read, keys.of, begin)
        self._media = BrowserMedia(keys.of, begin)

    def make_hold(self) -> Hold:
        """Plain http has no Web Locks."""
        if BrowserLock.is_there():
            return BrowserLock(self._prefix)
        return StorageHold(self.shared, self.clock)

    def _transfers(self) -> BrowserTransfers | StorageTransfers:
        """Plain http has no Web Locks."""
        if BrowserLock.is_there():
            return BrowserTransfers(self._prefix)
        return StorageTransfers(self.shared, self.clock, self.chance)

    async def open(self) -> None:
        """Open the store of files."""
        await self._files.open()

    async def presets(self, _say: Callable[..., str]) -> Listed:
        """Return what whoever hosts the page presets, wherever the list is."""
        own = await fetch_list(js.tetherFile("./servers.json"))
        try:
            where = find_list(own.text or "", str(js.location.href))
        except BadInput as error:
            return Listed(None, trouble=error.trouble)
        return await fetch_list(where, where) if where else own

    def address(self, task: Task, output: Output) -> str:
        """Return the address of a result on its server."""
        assert task.server is not None
        url = view_url(task.server, output, task.prompt_id)
        return url if self._media.is_direct(task.server) else self._media.address(task.task_id, url)

    def is_direct(self, task: Task) -> bool:
        """Say whether a server gives its results to everybody."""
        return task.server is None or self._media.is_direct(task.server)

    async def fetch(self, task: Task, output: Output, *, is_asked: bool) -> Fetched:
        """Fetch a result from its server."""
        assert task.server is not None
        url = view_url(task.server, output, task.prompt_id)
        return await self._media.fetch(task.task_id, task.server, url, is_asked=is_asked)

    async def content(self, task: Task, output: Output, limit: int) -> Any | None:
        """Fetch a result of at most so many bytes from its server."""
        assert task.server is not None
        url = view_url(task.server, output, task.prompt_id)
        return await self._media.content(task.task_id, task.server, url, limit)

    def forget(self, task_id: TaskId) -> None:
        """Free what was fetched; servers keep their results."""
        self._media.forget(task_id)


MakeWorld: TypeAlias = Callable[[Emit], World]
"""Makes a world that tells its events to what it is given."""


async def find_world() -> MakeWorld:
    """Return what makes the world; the demo's is fetched when somebody asks for it."""
    if not is_demo():
        return Outside
    await js.tetherLoadPython(*config["lazy"]["servers"], *config["lazy"]["demo"])
    from demo.world import DemoWorld

    return DemoWorld
