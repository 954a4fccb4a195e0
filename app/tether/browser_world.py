"""The ports of a browser window whose servers are outside the page."""

from collections.abc import Callable
from typing import Any

import js

from tether.browser.channel import BrowserChannel
from tether.browser.clock import BrowserChance, BrowserClock
from tether.browser.files import BrowserFiles
from tether.browser.http import BrowserHttp
from tether.browser.locks import BrowserLock, BrowserTransfers
from tether.browser.media import BrowserMedia
from tether.browser.page import BrowserPage
from tether.browser.site import fetch_list
from tether.browser.socket import BrowserSockets
from tether.browser.storage import BrowserRecords, own_prefix
from tether.core.events import Emit
from tether.core.ids import Chance, TaskId
from tether.core.model.task import Task
from tether.core.protocol.hosted_list import Listed
from tether.core.protocol.outputs import Fetched, Output, view_url
from tether.runtime.access_tokens import AccessTokens
from tether.runtime.ports import (
    Channel,
    Clock,
    Files,
    Hold,
    Http,
    OnAnswer,
    PageLife,
    Records,
    Sockets,
)
from tether.runtime.storage_locks import StorageHold, StorageTransfers


class BrowserWorld:
    """Implements `tether.runtime.ports.World` with the browser's network and storage."""

    def __init__(self, emit: Emit, on_answer: OnAnswer) -> None:
        self._prefix = prefix = own_prefix(js.location.pathname)
        self.clock: Clock = BrowserClock(emit)
        self.chance: Chance = BrowserChance()
        self.shared: Records = BrowserRecords("localStorage", prefix, emit)
        self.records: Records = BrowserRecords("sessionStorage", prefix, emit)
        self.channel: Channel = BrowserChannel(f"{prefix}windows")
        self._files = BrowserFiles(f"{prefix}files", emit)
        self.files: Files = self._files
        self.page: PageLife = BrowserPage()
        access_of = AccessTokens(self.records, self.shared).of
        self.sockets: Sockets = BrowserSockets(emit, access_of)
        begin = self._transfers().begin
        self.http: Http = BrowserHttp(on_answer, self.files.read, access_of, begin)
        self._media = BrowserMedia(access_of, begin)

    def make_hold(self) -> Hold:
        """Return a hold on a Web Lock; plain http has none, and uses storage."""
        if BrowserLock.is_there():
            return BrowserLock(self._prefix)
        return StorageHold(self.shared, self.clock)

    def _transfers(self) -> BrowserTransfers | StorageTransfers:
        if BrowserLock.is_there():
            return BrowserTransfers(self._prefix)
        return StorageTransfers(self.shared, self.clock, self.chance)

    async def open(self) -> None:
        """Open the store of files."""
        await self._files.open()

    async def presets(self, _say: Callable[..., str]) -> Listed:
        """Return the `servers.json` beside the page."""
        return await fetch_list(js.tetherFile("./servers.json"))

    def address(self, task: Task, output: Output) -> str:
        """Return the address of a result on its server."""
        assert task.server is not None
        url = view_url(task.server, output, task.prompt_id)
        return url if self._media.is_direct(task.server) else self._media.address(task.task_id, url)

    def is_direct(self, task: Task) -> bool:
        """Whether the server gives its results without a token."""
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
