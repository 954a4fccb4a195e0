"""The ports of a Python process: what `browser_world` is for a page."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

from tether.core.events import Emit
from tether.core.ids import Chance, WindowId
from tether.core.protocol.hosted_list import Listed
from tether.process.http import ProcessHttp
from tether.process.outputs import ProcessOutputs
from tether.process.sockets import ProcessSockets
from tether.process.store import ProcessFiles, ProcessRecords, StateFile
from tether.runtime import ports
from tether.runtime.access_tokens import AccessTokens
from tether.runtime.clock import LoopClock, SecureChance


class ProcessWorld:
    """Implements `tether.runtime.ports.World`; to be made while an event loop runs.

    Args:
        emit: Gets events.
        on_answer: Gets how HTTP requests end.
        state: The file that keeps tasks for the next process; None keeps them in memory.

    Raises:
        TetherError: Another process has the file open, or it is no such file.
    """

    def __init__(self, emit: Emit, on_answer: ports.OnAnswer, state: Path | None = None) -> None:
        asyncio.get_running_loop()  # without one, nothing below is begun
        self._file = StateFile(state, emit)
        origin = time.time() - time.monotonic()
        self._timers = LoopClock(emit, lambda: origin + time.monotonic())
        self.clock: ports.Clock = self._timers
        self.chance: Chance = SecureChance()
        self.records: ports.Records = ProcessRecords(self._file, "window")
        self.shared: ports.Records = ProcessRecords(self._file, "shared")
        self.channel: ports.Channel = _NoChannel()
        self.page: ports.PageLife = _NoPage()
        files = ProcessFiles(self._file)
        self.files: ports.Files = files
        access_of = AccessTokens(self.records, self.shared).of
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
        )
        self._http = ProcessHttp(self._session, on_answer, files.read, access_of)
        self.http: ports.Http = self._http
        self._sockets = ProcessSockets(self._session, emit, access_of)
        self.sockets: ports.Sockets = self._sockets
        self.outputs = outputs = ProcessOutputs(self._session, access_of)
        self.address, self.is_direct, self.retain = (
            outputs.address,
            outputs.is_direct,
            outputs.retain,
        )
        self.fetch, self.content, self.bring = outputs.fetch, outputs.content, outputs.bring
        self.take_from, self.kept = outputs.take_from, outputs.kept

    def make_hold(self) -> ports.Hold:
        """Return a hold; the state file itself keeps other processes out."""
        return _OnlyHold()

    async def open(self) -> None:
        """Do nothing: the state file is open."""

    async def close(self) -> None:
        """Drop all connections, and let the state file go."""
        self._timers.stop_all()
        self._http.close()
        self._sockets.close_all()
        await self._session.close()
        self._file.close()

    async def presets(self, _say: Callable[..., str]) -> Listed:
        """Return no servers: nobody hosts a process."""
        return Listed("[]")


class _OnlyHold:
    """A claim that nobody else can make."""

    is_proof = True

    async def take(self, window_id: WindowId, token: str) -> bool:
        """Return True."""
        return True

    async def seize(self, window_id: WindowId, token: str) -> None:
        """Do nothing."""

    def release(self) -> None:
        """Do nothing."""


class _NoChannel:
    """There are no other pages."""

    def listen(self, on_text: Callable[[str], None]) -> None:
        """Ignore the listener."""

    def post(self, text: str) -> None:
        """Drop the message."""


class _NoPage:
    """A process neither sleeps nor is hidden, and starts once."""

    def restart(self) -> None:
        """Do nothing: only a page whose id another page took is loaded anew."""

    def listen(
        self, emit: Emit, on_sleep: Callable[[], None], on_wake: Callable[[], Awaitable[None]]
    ) -> None:
        """Ignore the listeners."""

    def ask_before_leaving(self, is_needed: Callable[[], bool]) -> None:
        """Ask nobody."""
