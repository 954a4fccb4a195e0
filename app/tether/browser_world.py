"""The ports of a browser window whose servers are outside the page."""

from collections.abc import Callable
from functools import partial

import js

from tether.browser.files import BrowserFiles
from tether.browser.http import BrowserHttp
from tether.browser.locks import BrowserLock, BrowserTransfers
from tether.browser.media import BrowserMedia
from tether.browser.page import BrowserChannel, BrowserPage, page_time
from tether.browser.site import fetch_list
from tether.browser.socket import BrowserSockets
from tether.browser.storage import BrowserRecords, own_prefix
from tether.core.events import Emit
from tether.core.ids import Chance
from tether.core.protocol.hosted_list import Listed
from tether.runtime import ports
from tether.runtime.access_tokens import AccessTokens
from tether.runtime.clock import LoopClock, SecureChance
from tether.runtime.storage_locks import StorageHold, StorageTransfers


class BrowserWorld:
    """Implements `tether.runtime.ports.World` with the browser's network and storage."""

    def __init__(self, emit: Emit, on_answer: ports.OnAnswer) -> None:
        self._prefix = prefix = own_prefix(js.location.pathname)
        self.clock: ports.Clock = LoopClock(emit, page_time())
        self.chance: Chance = SecureChance()
        self.shared: ports.Records = BrowserRecords("localStorage", prefix, emit)
        self.records: ports.Records = BrowserRecords("sessionStorage", prefix, emit)
        self.channel: ports.Channel = BrowserChannel(f"{prefix}windows")
        files = BrowserFiles(f"{prefix}files", emit)
        self.files: ports.Files = files
        self.open = files.open
        self.page: ports.PageLife = BrowserPage()
        access_of = AccessTokens(self.records, self.shared).of
        self.sockets: ports.Sockets = BrowserSockets(emit, access_of)
        begin = self._transfers().begin
        self.http: ports.Http = BrowserHttp(
            on_answer, files.read, access_of, partial(begin, "upload")
        )
        media = BrowserMedia(access_of, partial(begin, "result"))
        self.address, self.is_direct, self.retain = media.address, media.is_direct, media.retain
        self.fetch, self.content, self.bring = media.fetch, media.content, media.bring
        self.take_from, self.kept = media.take_from, media.kept

    def make_hold(self) -> ports.Hold:
        """Return a hold on a Web Lock; plain http has none, and uses storage."""
        if BrowserLock.is_there():
            return BrowserLock(self._prefix)
        return StorageHold(self.shared, self.clock)

    def _transfers(self) -> BrowserTransfers | StorageTransfers:
        if BrowserLock.is_there():
            return BrowserTransfers(self._prefix)
        return StorageTransfers(self.shared, self.clock, self.chance)

    async def presets(self, _say: Callable[..., str]) -> Listed:
        """Return the `servers.json` beside the page."""
        return await fetch_list(js.tetherFile("./servers.json"))
