"""Another client of a server, which stops reading: ComfyUI then tells nobody anything."""

import asyncio
import socket
from io import BytesIO
from uuid import uuid4

import aiohttp

from tests.e2e.farm import as_file, noise
from tools.comfy.server import ComfyServer

# What the server sends of it is larger than all buffers on the way.
_SIZE = (2000, 1500)

_HANDSHAKE = (
    b"GET /ws?clientId=fellow HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


class StuckFellow:
    """Asks for a large picture over its WebSocket, and doesn't read it.

    Source: ComfyUI 0.28.1, measured; docs/protocol.md 11.
    """

    def __init__(self, server: ComfyServer) -> None:
        self._server = server
        self.prompt_id = str(uuid4())
        self._writer: asyncio.StreamWriter

    async def join(self) -> None:
        """Open the socket, and upload the picture."""
        ear = socket.create_connection(("127.0.0.1", self._server.port))
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader, self._writer = await asyncio.open_connection(sock=ear, limit=1024)
        self._writer.write(_HANDSHAKE)
        assert b"101" in await reader.readline()
        form = aiohttp.FormData()
        picture = BytesIO(as_file(noise(0, *_SIZE), "fellow.png")["buffer"])
        form.add_field("image", picture, filename="fellow.png")
        async with (
            aiohttp.ClientSession(self._server.url) as session,
            session.post("/upload/image", data=form) as answer,
        ):
            assert answer.status == 200

    async def flood(self) -> None:
        """Send a task that goes before all others that wait."""
        nodes = {
            "1": {"class_type": "LoadImage", "inputs": {"image": "fellow.png"}},
            "2": {"class_type": "SaveImageWebsocket", "inputs": {"images": ["1", 0]}},
        }
        task = {
            "prompt": nodes,
            "client_id": "fellow",
            "prompt_id": self.prompt_id,
            "front": True,
        }
        async with (
            aiohttp.ClientSession(self._server.url) as session,
            session.post("/prompt", json=task) as answer,
        ):
            assert answer.status == 200

    def leave(self) -> None:
        """Go away: what was held back arrives."""
        self._writer.transport.abort()
