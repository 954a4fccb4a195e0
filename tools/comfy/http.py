"""Translation between aiohttp and the simulator: requests, answers, and WebSockets."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import BodyPartReader, WSMsgType, web

from simulator.events import Event, SocketBlocked, SocketDrained, TextReceived
from simulator.http import FileBody, FilePart, Form, PictureBody, Request, Response, TextPart
from tools.comfy.blobs import BlobStore
from tools.comfy.encode import reencoded_file

PIECE = 1 << 18
"""Most bytes of an upload that are in memory at a time."""

_SECONDS_UNTIL_BLOCKED = 0.05


def bare_request(incoming: web.Request) -> Request:
    """Return a request without its body, such as a WebSocket handshake."""
    headers = {name.lower(): value for name, value in incoming.headers.items()}
    return Request(incoming.method, incoming.raw_path, headers)


async def read_request(
    incoming: web.Request, blobs: BlobStore, limit: int, halfway: Callable[[], Awaitable[None]]
) -> Request:
    """Read a whole request; of a body over the limit only the size.

    `halfway` is awaited after each piece of an upload.
    """
    body, form, size, is_malformed = b"", None, 0, False
    limited = incoming.clone(client_max_size=limit)
    try:
        if incoming.path.endswith("/upload/image"):
            form = await _read_form(limited, blobs, limit, halfway)
        else:
            body = await limited.read()
            size = len(body)
    except web.HTTPRequestEntityTooLarge:
        size = limit + 1
    except ValueError:  # aiohttp's error for a malformed multipart body.
        is_malformed = True
    bare = bare_request(incoming)
    return Request(bare.method, bare.target, bare.headers, body, form, size, is_malformed)


async def write_response(response: Response, blobs: BlobStore) -> web.Response:
    """Return an answer, with the bytes of the blob that it names."""
    content: bytes
    match response.body:
        case FileBody(key, start, stop):
            content = await asyncio.to_thread(blobs.read, key, start, stop)
        case PictureBody(key, form, quality, channel, otherwise):
            path = blobs.path(key)
            drawn = await asyncio.to_thread(reencoded_file, path, form, quality, channel)
            if drawn is None:
                return await write_response(otherwise, blobs)
            content = drawn
        case bytes() as content:
            pass
    answer = web.Response(
        status=response.status, headers=list(response.headers), body=content or None
    )
    if ("Connection", "close") in response.headers:
        answer.force_close()
    return answer


async def _read_form(
    incoming: web.Request, blobs: BlobStore, limit: int, halfway: Callable[[], Awaitable[None]]
) -> Form:
    """Read a form part by part; files are stored as they arrive.

    Raises:
        HTTPRequestEntityTooLarge: More than `limit` bytes in all.
        ValueError: Its content type is a form, but its body is none.
    """
    if incoming.content_type != "multipart/form-data":
        await incoming.read()
        return ()
    parts: list[FilePart | TextPart] = []
    left = limit
    async for part in await incoming.multipart():
        if not isinstance(part, BodyPartReader):
            raise ValueError("a form within a form")
        writer = blobs.begin()
        try:
            while piece := await part.read_chunk(PIECE):
                left -= len(piece)
                if left < 0:
                    raise web.HTTPRequestEntityTooLarge(limit, limit + 1)
                writer.write(piece)
                await halfway()
        except BaseException:  # also when the sender goes away in the middle
            writer.abandon()
            raise
        blob, name = writer.end(), part.name or ""
        if part.filename is not None:
            parts.append(FilePart(name, part.filename, blob))
        else:
            content = blobs.read(blob.key, 0, blob.size)
            blobs.drop(blob.key)
            parts.append(TextPart(name, content.decode(errors="replace")))
    return tuple(parts)


@dataclass(slots=True, eq=False)
class Connection:
    """One WebSocket, and what it feeds the simulator; nothing moves unless `thawed` is set."""

    id: int
    transport: asyncio.Transport | None
    feed: Callable[[Event], None]
    thawed: asyncio.Event
    frames: asyncio.Queue[str | bytes] = field(default_factory=asyncio.Queue)
    refusal: Response | None = None
    _is_blocked: bool = False

    async def serve(self, incoming: web.Request) -> web.WebSocketResponse:
        """Upgrade, then carry frames both ways until the client is gone."""
        socket = web.WebSocketResponse()
        await socket.prepare(incoming)
        writer = asyncio.get_running_loop().create_task(self._write(socket))
        try:
            async for message in socket:
                await self.thawed.wait()
                if message.type is WSMsgType.TEXT:
                    self.feed(TextReceived(self.id, message.data))
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
                self.feed(SocketDrained(self.id))

    async def _send(self, socket: web.WebSocketResponse, frame: str | bytes) -> None:
        await self.thawed.wait()
        if isinstance(frame, str):
            await socket.send_str(frame)
        else:
            await socket.send_bytes(frame)

    def _block(self) -> None:
        self._is_blocked = True
        self.feed(SocketBlocked(self.id))
