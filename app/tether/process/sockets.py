"""WebSockets by aiohttp."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import aiohttp

from tether.core.events import BinaryReceived, Emit, FrameReceived, SocketClosed, SocketOpened
from tether.core.ids import ServerUrl
from tether.core.protocol.access_token import Access
from tether.core.protocol.messages import LONGEST_FRAME, PREVIEW_HEAD

_ABNORMAL = 1006
"""The code of a socket that was closed without a word. Source: RFC 6455, 7.1.5."""

_LARGEST = 64 * 2**20
"""Bytes of the largest frame: a picture that `SaveImageWebsocket` sends."""


class ProcessSockets:
    """The sockets of a process, by server and attempt; after `SocketClosed` one emits nothing."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        emit: Emit,
        access_of: Callable[[ServerUrl], Access | None],
    ) -> None:
        self._session = session
        self._emit = emit
        self._access_of = access_of
        self._jobs: dict[tuple[ServerUrl, int], asyncio.Task[int]] = {}
        self._open: dict[tuple[ServerUrl, int], aiohttp.ClientWebSocketResponse] = {}
        self._sending: set[asyncio.Task[None]] = set()

    def open(self, server: ServerUrl, attempt: int, url: str) -> None:
        """Open a socket; unlike a browser's it can carry a token in a header, too."""
        job = asyncio.ensure_future(self._follow(server, attempt, url))
        self._jobs[server, attempt] = job
        # Not at the end of the job itself: one that is closed at once never begins.
        job.add_done_callback(partial(self._ended, server, attempt))

    def send(self, server: ServerUrl, attempt: int, text: str) -> None:
        """Send a frame on a socket that is still open."""
        socket = self._open.get((server, attempt))
        if socket is not None and not socket.closed:
            self._later(_sent(socket, text))

    def close(self, server: ServerUrl, attempt: int) -> None:
        """Close a socket that is still there; `SocketClosed` follows."""
        socket = self._open.get((server, attempt))
        if socket is not None:
            self._later(_closed(socket))
        elif (server, attempt) in self._jobs:
            self._jobs[server, attempt].cancel()

    def close_all(self) -> None:
        """Drop all sockets without a word."""
        for job in (*self._jobs.values(), *self._sending):
            job.cancel()

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        job = asyncio.ensure_future(work)
        self._sending.add(job)
        job.add_done_callback(self._sending.discard)

    async def _follow(self, server: ServerUrl, attempt: int, url: str) -> int:
        """Follow a socket to its end; returns the code."""
        try:
            return await self._received(server, attempt, url)
        except (aiohttp.ClientError, OSError, ValueError):
            return _ABNORMAL  # it never opened, or it broke

    def _ended(self, server: ServerUrl, attempt: int, job: asyncio.Task[int]) -> None:
        self._open.pop((server, attempt), None)
        del self._jobs[server, attempt]
        failed = job.cancelled() or job.exception() is not None
        self._emit(SocketClosed(server, attempt, _ABNORMAL if failed else job.result()))

    async def _received(self, server: ServerUrl, attempt: int, url: str) -> int:
        """Hand over each frame; returns the code of the end."""
        access = self._access_of(server)
        async with self._session.ws_connect(
            access.with_query(url) if access else url,
            headers=access.headers() if access else None,
            max_msg_size=_LARGEST,
            timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
        ) as socket:
            self._open[server, attempt] = socket
            self._emit(SocketOpened(server, attempt))
            async for frame in socket:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    # One character too many is enough to refuse it.
                    text = frame.data[: LONGEST_FRAME + 1]
                    self._emit(FrameReceived(server, attempt, text))
                elif frame.type is aiohttp.WSMsgType.BINARY:
                    head = frame.data[:PREVIEW_HEAD]
                    self._emit(BinaryReceived(server, attempt, head, frame.data))
        return socket.close_code or _ABNORMAL


async def _sent(socket: aiohttp.ClientWebSocketResponse, text: str) -> None:
    try:
        await socket.send_str(text)
    except (aiohttp.ClientError, OSError):
        return  # it is closing: `SocketClosed` tells


async def _closed(socket: aiohttp.ClientWebSocketResponse) -> None:
    await socket.close()
