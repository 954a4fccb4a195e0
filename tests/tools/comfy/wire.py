"""What tests on real sockets share: a server in this process, a picture, a listening client."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from io import BytesIO

import aiohttp
from PIL import Image

from simulator.settings import Settings
from tools.comfy.server import ComfyServer

LOCAL = Settings(port=0, cors="*")
PATIENCE = 30.0


def run(story: Callable[[], Awaitable[None]]) -> None:
    """Play an async story to its end, or fail when two minutes are nearly over."""

    async def limited() -> None:
        async with asyncio.timeout(100):
            await story()

    asyncio.run(limited())


@asynccontextmanager
async def serving(settings: Settings = LOCAL, **fields: object) -> AsyncIterator[ComfyServer]:
    """A started server, stopped at the end."""
    server = ComfyServer(replace(settings, **fields), seed=1)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def noise(width: int = 64, height: int = 48) -> Image.Image:
    """A picture in which every pixel tells."""
    bands = [Image.effect_noise((width, height), 80) for _ in range(3)]
    return Image.merge("RGB", bands)


def as_png(image: Image.Image) -> bytes:
    """A picture as PNG bytes."""
    buffer = BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


class Client:
    """A ComfyUI client with one socket."""

    def __init__(self, session: aiohttp.ClientSession, client_id: str) -> None:
        self.session = session
        self.client_id = client_id
        self.frames: list[dict | bytes] = []
        self.socket: aiohttp.ClientWebSocketResponse

    async def connect(self) -> None:
        """Open the socket."""
        self.socket = await self.session.ws_connect(f"/ws?clientId={self.client_id}")

    async def next_frame(self) -> dict | bytes | None:
        """The next frame; None when the socket is closed."""
        message = await self.socket.receive(PATIENCE)
        if message.type is aiohttp.WSMsgType.TEXT:
            self.frames.append(json.loads(message.data))
        elif message.type is aiohttp.WSMsgType.BINARY:
            self.frames.append(message.data)
        else:
            return None
        return self.frames[-1]

    async def until(self, kind: str, **data: object) -> dict:
        """Read on to a text frame of that type with these data."""
        while True:
            frame = await self.next_frame()
            assert frame is not None, f"the socket closed before `{kind}` came"
            if (
                isinstance(frame, dict)
                and frame["type"] == kind
                and data.items() <= frame["data"].items()
            ):
                return frame

    async def finish(self, prompt_id: str) -> None:
        """Read on to the very last frame of a task."""
        await self.until("executing", node=None, prompt_id=prompt_id)

    async def get(self, path: str) -> object:
        """The JSON of a GET that must succeed."""
        async with self.session.get(path) as response:
            assert response.status == 200, f"{path}: {response.status}"
            return await response.json()

    async def picture(self, name: str, kind: str = "output") -> Image.Image:
        """A picture from `/view`."""
        async with self.session.get("/view", params={"filename": name, "type": kind}) as response:
            assert response.status == 200
            return Image.open(BytesIO(await response.read()))

    async def upload(self, name: str, content: bytes, **fields: str) -> dict:
        """Upload a file that must be accepted."""
        form = aiohttp.FormData()
        form.add_field("image", BytesIO(content), filename=name, content_type="image/png")
        for field, value in fields.items():
            form.add_field(field, value)
        async with self.session.post("/upload/image", data=form) as response:
            assert response.status == 200
            return await response.json()

    async def post(self, workflow: dict, **fields: object) -> str:
        """Submit a workflow that must be accepted; its prompt id."""
        body = {"prompt": workflow, "client_id": self.client_id, **fields}
        async with self.session.post("/prompt", json=body) as response:
            assert response.status == 200, await response.text()
            return (await response.json())["prompt_id"]


@asynccontextmanager
async def client_at(url: str, client_id: str = "A") -> AsyncIterator[Client]:
    """A connected client that has heard its first `status`."""
    async with aiohttp.ClientSession(url) as session:
        client = Client(session, client_id)
        await client.connect()
        await client.until("status")
        try:
            yield client
        finally:
            await client.socket.close()


@asynccontextmanager
async def client_of(server: ComfyServer, client_id: str = "A") -> AsyncIterator[Client]:
    """A connected client of a server in this process."""
    async with client_at(server.url, client_id) as client:
        yield client
