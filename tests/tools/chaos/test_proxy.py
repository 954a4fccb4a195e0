"""A network that fails on command, on real sockets."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from tests.tools.comfy.wire import LOCAL, Client, run, serving
from tools.chaos.faults import INJECTED, altered, frame_kind
from tools.chaos.proxy import ChaosProxy
from tools.comfy.server import ComfyServer

# aiohttp's client never gives back the connection of a socket that was reset, and says so when
# it is collected. Resetting sockets is what these tests do.
pytestmark = pytest.mark.filterwarnings("ignore:Unclosed connection:ResourceWarning")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Let what a test leaves be collected in that test, and in no other."""
    yield
    gc.collect()


WORKFLOW = {
    "1": {
        "class_type": "EmptyImage",
        "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0},
    },
    "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
}
END = '{"type": "executing", "data": {"node": null, "prompt_id": "p"}}'
SOON = 0.3
"""Seconds in which anything that can move here does."""


class Place:
    """A server, a faulty network before it, and a client that knows only the network."""

    def __init__(self, server: ComfyServer, proxy: ChaosProxy) -> None:
        self.server = server
        self.proxy = proxy
        self.session = aiohttp.ClientSession(proxy.url)
        self.client = Client(self.session, "me")

    async def post(self) -> int:
        """Send a task; its status."""
        body = {"prompt": WORKFLOW, "client_id": "me"}
        async with self.session.post("/prompt", json=body) as answer:
            return answer.status

    async def get(self, path: str) -> int:
        """Ask; its status."""
        async with self.session.get(path) as answer:
            return answer.status

    async def kinds(self) -> list[str]:
        """The types of frames from now to the last one of a task."""
        kinds = []
        while not kinds or kinds[-1] != "executing_null":
            message = await self.client.socket.receive(5)
            if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                kinds.append(_kind(message.data))
        return kinds


def _kind(frame: str | bytes) -> str:
    try:
        return frame_kind(frame)
    except ValueError:
        return "malformed"


@asynccontextmanager
async def place() -> AsyncIterator[Place]:
    """All three, at work."""
    async with serving(LOCAL) as server:
        proxy = ChaosProxy(server.url)
        await proxy.start()
        here = Place(server, proxy)
        try:
            yield here
        finally:
            await here.session.close()
            await proxy.stop()


def test_without_a_fault_everything_passes_as_it_is() -> None:
    """Statuses, headers, bodies, frames both ways."""

    async def story() -> None:
        async with place() as here:
            await here.client.connect()
            await here.client.socket.send_str('{"type": "feature_flags", "data": {}}')
            assert await here.post() == 200
            kinds = await here.kinds()
            assert kinds[0] == "status"
            assert {"feature_flags", "executed", "execution_success"} <= set(kinds)
            async with here.session.get("/api/jobs/none", headers={"Origin": "http://x"}) as answer:
                assert answer.status == 404
                assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert here.server.requests[-1][:2] == ("GET", "/api/jobs/none")

    run(story)


@pytest.mark.parametrize(("fault", "code"), [("reset", 1006), ("close", 1001), ("down", 1006)])
def test_sockets_end_as_told(fault: str, code: int) -> None:
    """And the server hears that its client is gone."""

    async def story() -> None:
        async with place() as here:
            await here.client.connect()
            await here.client.next_frame()
            await here.proxy.fault(fault)
            assert await here.client.next_frame() is None
            assert here.client.socket.close_code == code
            if fault == "down":
                with pytest.raises(aiohttp.ClientConnectionError):
                    await here.get("/prompt")
            await here.proxy.heal()
            assert await here.get("/prompt") == 200
            await here.client.connect()
            assert (await here.client.next_frame() or {})["type"] == "status"

    run(story)


def test_a_half_open_socket_says_nothing_and_new_ones_work() -> None:
    """Not even a close is answered; healed, it is found dead."""

    async def story() -> None:
        async with place() as here:
            await here.client.connect()
            await here.client.next_frame()
            await here.proxy.fault("half_open")
            assert await here.post() == 200
            with pytest.raises(TimeoutError):
                await here.client.socket.receive(SOON)
            other = Client(here.session, "other")
            await other.connect()
            assert (await other.next_frame() or {})["type"] == "status"
            await other.socket.close()
            await here.proxy.heal()
            assert await here.client.next_frame() is None
            await here.client.socket.close()

    run(story)


def test_paused_nothing_moves_and_then_everything_arrives() -> None:
    """Frames, answers and new connections."""

    async def story() -> None:
        async with place() as here:
            await here.client.connect()
            await here.client.next_frame()
            await here.proxy.fault("pause")
            posting = asyncio.ensure_future(here.post())
            with pytest.raises(TimeoutError):
                await here.client.socket.receive(SOON)
            assert here.server.requests == here.server.requests.__class__()
            await here.proxy.heal()
            assert await posting == 200
            assert "execution_success" in await here.kinds()

    run(story)


def test_frames_are_swallowed_doubled_and_joined_by_others() -> None:
    """Each by its type, until it is healed."""

    async def story() -> None:
        async with place() as here:
            await here.client.connect()
            await here.client.next_frame()
            await here.proxy.fault("swallow", frames=["executed", "execution_success"])
            await here.post()
            assert not {"executed", "execution_success"} & set(await here.kinds())
            await here.proxy.heal()

            await here.proxy.fault("duplicate")
            await here.post()
            assert (await here.kinds()).count("execution_success") == 2
            assert await here.kinds() == ["executing_null"]
            await here.proxy.heal()

            await here.proxy.fault("inject", kinds=["malformed", "unknown", "junk"])
            await here.post()
            kinds = await here.kinds()
            assert {"malformed", "crystools.monitor", "binary", "execution_success"} <= set(kinds)

    run(story)


def test_the_answer_to_a_post_is_late_or_lost() -> None:
    """The server has the task in both cases."""

    async def story() -> None:
        async with place() as here:
            clock = asyncio.get_running_loop()
            await here.proxy.fault("post_late", seconds=SOON)
            before = clock.time()
            assert await here.post() == 200
            assert clock.time() - before >= SOON
            await here.proxy.heal()
            await here.proxy.fault("post_lost")
            body = {"prompt": WORKFLOW}
            with pytest.raises((aiohttp.ClientConnectionError, aiohttp.ClientPayloadError)):
                async with here.session.post("/prompt", json=body) as answer:
                    await answer.read()
            assert await here.post() == 200
            await here.proxy.fault("post_cut")
            with pytest.raises(aiohttp.ServerDisconnectedError):
                await here.post()
            assert await here.post() == 200
            posts = [status for method, _, status in here.server.requests if method == "POST"]
            assert posts == [200, 200, 200, 200, 200]

    run(story)


def test_calls_fail_or_hang_by_their_path() -> None:
    """Others pass."""

    async def story() -> None:
        async with place() as here:
            await here.proxy.fault("fail_once", path="/history")
            assert [await here.get(path) for path in ("/queue", "/history", "/history")] == [
                200,
                500,
                200,
            ]
            await here.proxy.fault("hang", path="/queue")
            hanging = asyncio.ensure_future(here.get("/queue"))
            assert await here.get("/prompt") == 200
            done, _ = await asyncio.wait((hanging,), timeout=SOON)
            assert not done
            await here.proxy.heal()
            assert await hanging == 200

    run(story)


def test_paths_that_a_proxy_does_not_know_are_refused() -> None:
    """With whatever status, and CORS only if told; the others pass."""

    async def story() -> None:
        async with place() as here:
            for is_readable in (False, True):
                await here.proxy.fault("known_paths", status=403, is_readable=is_readable)
                async with here.session.get("/api/jobs") as answer:
                    assert answer.status == 403
                    assert ("Access-Control-Allow-Origin" in answer.headers) is is_readable
            async with here.session.get("/queue") as answer:
                assert answer.status == 200

    run(story)


def test_uploads_and_sockets_are_refused() -> None:
    """As by a proxy that knows no WebSockets, and CORS only if told."""

    async def story() -> None:
        async with place() as here:
            upload = "/upload/image"
            await here.proxy.fault("refuse", path=upload)
            await here.proxy.fault("no_sockets")
            async with here.session.post("/upload/image", data=b"png") as answer:
                assert answer.status == 413
                assert "Access-Control-Allow-Origin" not in answer.headers
            await here.proxy.fault(
                "refuse", path=upload, status=402, text="no credit", is_readable=True
            )
            async with here.session.post("/upload/image", data=b"png") as answer:
                assert (answer.status, await answer.text()) == (402, "no credit")
                assert answer.headers["Access-Control-Allow-Origin"] == "*"
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await here.client.connect()
            assert await here.post() == 200

    run(story)


def test_a_dead_server_behind_it_is_no_answer() -> None:
    """Not a 502, which only a proxy would say."""

    async def story() -> None:
        async with place() as here:
            await here.client.connect()
            await here.client.next_frame()
            await here.server.kill()
            assert await here.client.next_frame() is None
            assert here.client.socket.close_code == 1006
            with pytest.raises(aiohttp.ClientConnectionError):
                await here.get("/prompt")

    run(story)


def test_what_is_no_fault_is_refused() -> None:
    """With the names of those there are; also while the proxy is down."""

    async def story() -> None:
        async with place() as here:
            await here.proxy.fault("down")
            with pytest.raises(ValueError, match="`rain` is no fault; there are reset, close"):
                await here.proxy.fault("rain")
            await here.proxy.heal()
            assert await here.get("/queue") == 200

    run(story)


def test_frames_are_altered_one_by_one() -> None:
    """Nothing, itself, twice, or with others around it."""
    assert frame_kind(END) == "executing_null"
    assert frame_kind('{"type": "status", "data": {}}') == "status"
    assert frame_kind("[]") == ""
    assert altered(END) == [END]
    assert altered(END, swallowed=["executing_null"]) == []
    assert altered(END, times=2) == [END, END]
    junk = list(INJECTED["junk"])
    assert altered(END, injected=["junk"]) == [*junk, END, *junk]
    assert altered(b"\0", swallowed=["executing_null"]) == [b"\0"]
