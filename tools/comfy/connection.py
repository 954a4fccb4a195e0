"""One WebSocket of the embedded server: its queue of frames, its writer and its reader."""

import asyncio
from collections.abc import Callable

from aiohttp import WSMsgType, web

from simulator.events import Event, SocketBlocked, SocketDrained, TextReceived
from simulator.http import Response

_SECONDS_UNTIL_BLOCKED = 0.05


class Connection:
    """Carries frames, and feeds the simulator with events; nothing moves unless `thawed` is set."""

    def __init__(
        self,
        connection_id: int,
        transport: asyncio.Transport | None,
        feed: Callable[[Event], None],
        thawed: asyncio.Event,
    ) -> None:
        self.transport = transport
        self.frames: asyncio.Queue[str | bytes] = asyncio.Queue()
        self.refusal: Response | None = None
        self._id = connection_id
        self._feed = feed
        self._thawed = thawed
        self._is_blocked = False

    async def serve(self, incoming: web.Request) -> web.WebSocketResponse:
        """Upgrade, then carry frames both ways until the client is gone."""
        socket = web.WebSocketResponse()
        await socket.prepare(incoming)
        writer = asyncio.get_running_loop().create_task(self._write(socket))
        try:
            async for message in socket:
                await self._thawed.wait()
                if message.type is WSMsgType.TEXT:
                    self._feed(TextReceived(self._id, message.data))
        finally:
            writer.cancel()
            await asyncio.wait((writer,))
        return socket

    async def _write(self, socket: web.WebSocketResponse) -> None:
        loop = asyncio.get_running_loop()
        while True:
            frame = await self.frames.get()
            # Sending waits once the buffers are full: the client has stopped reading.
            alarm = loop.call_later(_SECONDS_UNTIL_BLOCKED, self._block)
            try:
                await self._send(socket, frame)
                while not self.frames.empty():
                    await self._send(socket, self.frames.get_nowait())
            except ConnectionError:
                return  # The reading side notices the same end, and reports it.
            finally:
                alarm.cancel()
            if self._is_blocked:
                self._is_blocked = False
                self._feed(SocketDrained(self._id))

    async def _send(self, socket: web.WebSocketResponse, frame: str | bytes) -> None:
        await self._thawed.wait()
        if isinstance(frame, str):
            await socket.send_str(frame)
        else:
            await socket.send_bytes(frame)

    def _block(self) -> None:
        self._is_blocked = True
        self._feed(SocketBlocked(self._id))
