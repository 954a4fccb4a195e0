"""HTTP and WebSockets of a process, against a server that does what it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tether.core.errors import TetherError
from tether.core.events import (
    Answered,
    BinaryReceived,
    Event,
    Failure,
    FrameReceived,
    RequestFailed,
    SocketClosed,
    SocketOpened,
)
from tether.core.ids import Digest, NodeId, ServerUrl
from tether.core.protocol.access_token import Access, Mode
from tether.core.protocol.messages import LONGEST_FRAME
from tether.core.protocol.outputs import Output
from tether.core.protocol.requests import LONGEST_ANSWER, Ask, Request, Upload
from tether.process.blob import Blob
from tether.process.http import ProcessHttp
from tether.process.outputs import ProcessOutputs
from tether.process.sockets import ProcessSockets
from tools.dev.listening import end

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
TOKENS = (
    Access(Mode.BEARER, "secret"),
    Access(Mode.BASIC, "user:secret"),
    Access(Mode.QUERY, "secret", "key"),
)


class Line:
    """An address, what the adapters report of it, and what they were told."""

    def __init__(self, session: aiohttp.ClientSession, url: ServerUrl) -> None:
        self.url = url
        self.access: Access | None = None
        self.files = {Digest("kept"): Blob(b"picture")}
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.http = ProcessHttp(session, self.events.put_nowait, self._read, lambda _: self.access)
        self.sockets = ProcessSockets(session, self.events.put_nowait, lambda _: self.access)

    async def _read(self, digest: Digest) -> Blob | None:
        return self.files.get(digest)

    async def call(self, **fields: Any) -> Any:
        """Send one request; returns how it ended."""
        self.http.send(Request(1, self.url, Ask.PROBE, "/", **fields))
        return await self.next()

    async def next(self) -> Any:
        """Return the next event."""
        return await asyncio.wait_for(self.events.get(), 60)


@asynccontextmanager
async def line(handler: Handler) -> AsyncIterator[Line]:
    """Serve a handler; what is under way at the end is dropped."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        made = Line(session, ServerUrl(f"http://127.0.0.1:{runner.addresses[0][1]}"))
        yield made
        made.http.close()
        made.sockets.close_all()
        await asyncio.sleep(0)
    await end(runner)


@pytest.mark.parametrize("access", TOKENS, ids=lambda access: access.mode.value)
def test_a_token_goes_with_calls_and_sockets(access: Access) -> None:
    """In the place that its mode names; an opaque or bare call has none."""

    async def story() -> None:
        seen: list[tuple[str, str]] = []

        async def answer(request: web.Request) -> web.StreamResponse:
            seen.append((request.headers.get("Authorization", ""), request.query.get("key", "")))
            if "Upgrade" not in request.headers:
                return web.Response(text="ok")
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            return socket

        async with line(answer) as wire:
            wire.access = access
            await wire.call()
            await wire.call(is_bare=True)
            await wire.call(is_opaque=True)
            wire.sockets.open(wire.url, 1, f"{wire.url}/ws?clientId=x".replace("http", "ws"))
            assert isinstance(await wire.next(), SocketOpened)
        wanted = access.headers().get("Authorization", ""), "" if access.is_header else "secret"
        assert seen == [wanted, ("", ""), ("", ""), wanted]

    asyncio.run(story())


def test_an_answer_is_told_with_its_pause() -> None:
    """Whatever its status; seconds or a date, as `Retry-After` has them."""

    async def story() -> None:
        never = f"Mon, 01 Jan {'9' * 20} 00:00:00 GMT"
        after = iter(["7", "Fri, 01 Jan 2100 00:00:00 GMT", "soon", "", never])

        async def answer(_request: web.Request) -> web.StreamResponse:
            return web.Response(status=503, text="später", headers={"Retry-After": next(after)})

        async with line(answer) as wire:
            pauses = []
            for _ in range(5):
                told = await wire.call(body="{}")
                assert isinstance(told, Answered)
                assert (told.status, told.text) == (503, "später")
                pauses.append(told.retry_after)
            assert pauses[0] == 7
            assert pauses[1] > 10**9
            assert pauses[2:] == [0, 0, 0]

    asyncio.run(story())


def test_each_call_has_an_end() -> None:
    """One that is sent elsewhere, that takes too long, that breaks off, or that is too long."""

    async def story() -> None:
        gate = asyncio.Event()
        called: list[str] = []

        async def answer(request: web.Request) -> web.StreamResponse:
            called.append(request.path)
            match request.headers.get("X-Case") or (await request.text()):
                case "redirect":
                    return web.Response(status=302, headers={"Location": "/elsewhere"})
                case "hang":
                    await gate.wait()
                case "long":
                    return web.Response(body=bytes(LONGEST_ANSWER + 1))
                case "break":
                    assert request.transport is not None
                    request.transport.close()
            return web.Response()

        async with line(answer) as wire:
            assert (await wire.call(body="redirect")).failure is Failure.REDIRECTED
            assert (await wire.call(body="hang", timeout=0.2)).failure is Failure.TIMEOUT
            assert (await wire.call(body="break")).failure is Failure.NETWORK
            assert (await wire.call(body="long")).text == ""
            nowhere = Request(2, ServerUrl("http://127.0.0.1:9"), Ask.PROBE, "/")
            wire.http.send(nowhere)
            assert (await wire.next()) == RequestFailed(nowhere, Failure.NETWORK)
            wire.files = None  # a bug of ours
            wire.http.send(Request(3, wire.url, Ask.UPLOAD, "/", upload=Upload(Digest("x"), "p")))
            assert (await wire.next()).failure is Failure.NETWORK
            gate.set()
        assert "/elsewhere" not in called

    asyncio.run(story())


def test_uploads_take_turns_and_an_aborted_call_says_nothing() -> None:
    """Two at a time to a server; a picture that is gone fails its call alone."""

    async def story() -> None:
        gate, is_full, under_way, most = asyncio.Event(), asyncio.Event(), 0, 0

        async def answer(request: web.Request) -> web.StreamResponse:
            nonlocal under_way, most
            form = await request.post()
            field = form["image"]
            assert isinstance(field, web.FileField)
            assert (field.filename, field.file.read()) == ("照片 ä?.png", b"picture")
            under_way += 1
            most = max(most, under_way)
            if most == 2:
                is_full.set()
            await gate.wait()
            under_way -= 1
            return web.Response()

        async with line(answer) as wire:
            for number in range(5):
                upload = Upload(Digest("kept" if number else "gone"), "照片 ä\udce9.png")
                about = number, wire.url, Ask.UPLOAD, "/upload/image"
                wire.http.send(Request(*about, upload=upload))
            failed = await wire.next()
            assert (failed.request.id, failed.failure) == (0, Failure.FILE_GONE)
            await is_full.wait()
            wire.http.abort(4)
            gate.set()
            assert {(await wire.next()).request.id for _ in range(3)} == {1, 2, 3}
            assert wire.events.empty()
        assert most == 2

    asyncio.run(story())


@pytest.mark.parametrize("how", ["redirect", "break", "garbage"])
def test_only_a_whole_result_is_one(tmp_path: Path, how: str) -> None:
    """Not the page of a login, nor half a picture; and no token is in the error."""

    async def story() -> None:
        async def answer(request: web.Request) -> web.StreamResponse:
            if how == "redirect":
                return web.Response(status=302, headers={"Location": "/login"}, text="log in")
            assert request.transport is not None
            if how == "garbage":
                request.transport.write(b"HTTP/1.1 nonsense\r\n\r\n")
                request.transport.close()
            response = web.StreamResponse(headers={"Content-Length": "100"})
            await response.prepare(request)
            await response.write(b"half")
            request.transport.close()
            return response

        async with line(answer) as wire:
            session = wire.http._session
            outputs = ProcessOutputs(session, lambda _: Access(Mode.QUERY, "secret", "key"))
            task, output = (
                SimpleNamespace(server=wire.url, prompt_id="p"),
                Output(NodeId("3"), "image", "a.png"),
            )
            assert await outputs.content(task, output, 1000) is None
            with pytest.raises(TetherError) as refused:
                await outputs.fetch_into(task, output, tmp_path / "a.png.part")
            assert refused.value.trouble.code == "output_gone"
            assert "secret" not in str(refused.value)

    asyncio.run(story())


def test_frames_come_in_order_and_the_end_is_told_once() -> None:
    """Texts, pictures, one that is too long, and the code."""

    async def story() -> None:
        heard: list[Any] = []

        async def answer(request: web.Request) -> web.StreamResponse:
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            heard.append((await socket.receive()).data)
            await socket.send_str("one")
            await socket.send_bytes(b"two" + bytes(9000))
            await socket.send_str("x" * (LONGEST_FRAME + 10))
            await socket.close(code=4001)
            return socket

        async with line(answer) as wire:
            wire.sockets.open(wire.url, 3, wire.url.replace("http", "ws"))
            assert await wire.next() == SocketOpened(wire.url, 3)
            wire.sockets.send(wire.url, 3, "hello")
            assert await wire.next() == FrameReceived(wire.url, 3, "one")
            picture = await wire.next()
            assert isinstance(picture, BinaryReceived)
            assert (picture.head, picture.frame) == (b"two" + bytes(4093), b"two" + bytes(9000))
            assert len((await wire.next()).text) == LONGEST_FRAME + 1
            assert await wire.next() == SocketClosed(wire.url, 3, 4001)
            wire.sockets.send(wire.url, 3, "nobody hears it")
            wire.sockets.close(wire.url, 3)
            assert wire.events.empty()
        assert heard == ["hello"]

    asyncio.run(story())


def test_a_socket_that_is_closed_or_never_opens_says_so() -> None:
    """Before it is open, and after."""

    async def story() -> None:
        gate = asyncio.Event()

        async def answer(request: web.Request) -> web.StreamResponse:
            if request.path == "/refused":
                return web.Response(status=403)
            if request.path == "/slow":
                await gate.wait()
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            await socket.receive()
            return socket

        async with line(answer) as wire:
            base = wire.url.replace("http", "ws")
            wire.sockets.open(wire.url, 1, f"{base}/refused")
            assert await wire.next() == SocketClosed(wire.url, 1, 1006)
            for pause in (0.0, 0.05):
                wire.sockets.open(wire.url, 2, f"{base}/slow")
                if pause:
                    await asyncio.sleep(pause)
                wire.sockets.close(wire.url, 2)
                assert await wire.next() == SocketClosed(wire.url, 2, 1006)
            wire.sockets.open(wire.url, 3, base)
            assert await wire.next() == SocketOpened(wire.url, 3)
            wire.sockets.close(wire.url, 3)
            closed = await wire.next()
            assert (closed.server, closed.attempt, closed.code) == (wire.url, 3, 1000)
            gate.set()

    asyncio.run(story())
