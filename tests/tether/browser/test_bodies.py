"""Bodies that unpack without end, or never end: over real sockets, by the page's own adapters."""

import asyncio
import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientConnectionResetError, web

from tether.core.protocol.outputs import LARGEST_UNASKED
from tools.dev.listening import end

HERE = Path(__file__).parent
PLAIN, LARGE = b"abc" * 30_000, b"abc" * LARGEST_UNASKED
BODIES = {"plain": PLAIN, "packed": gzip.compress(PLAIN), "bomb": gzip.compress(LARGE)}
"""The last is 96 MB, and a thousandth of that on the wire."""


class Bodies:
    """A server with one kind of body for each name; `left` are endless ones that were given up."""

    def __init__(self) -> None:
        self.left: set[str] = set()

    async def play(self) -> dict[str, Any]:
        """Serve the page's adapters in Node; returns what they say."""
        app = web.Application()
        app.router.add_get("/{name:.*}", self._answer)
        runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        node = shutil.which("node")
        assert node is not None
        server = f"http://127.0.0.1:{runner.addresses[0][1]}"
        command = (node, str(HERE / "in_node.mjs"), server, str(HERE / "bodies_in_pyodide.py"))
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        told, _ = await process.communicate()
        found: dict[str, Any] = {**json.loads(told), "left": set(self.left)}
        await end(runner)
        return found

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        name = request.query.get("filename", request.path.lstrip("/"))
        headers = {"Access-Control-Allow-Origin": "*"}
        if name in BODIES:
            packed = {"Content-Encoding": "gzip"} if name != "plain" else {}
            return web.Response(body=BODIES[name], headers=headers | packed)
        if name == "none":
            return web.Response(status=204, headers=headers)
        try:
            return await self._endless(request, web.StreamResponse(headers=headers), name)
        except (asyncio.CancelledError, ClientConnectionResetError):
            self.left.add(f"{request.path} {name}")
            raise

    async def _endless(
        self, request: web.Request, answer: web.StreamResponse, name: str
    ) -> web.StreamResponse:
        """Send nothing, or a byte and then nothing, or one now and then for ever."""
        if name != "mute":
            await answer.prepare(request)
            await answer.write(b" ")
        while name == "drip":
            await asyncio.sleep(0.02)
            await answer.write(b" ")
        await asyncio.Event().wait()
        return answer


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """What the adapters made of each body."""
    return asyncio.run(Bodies().play())


def test_a_body_is_read_packed_or_not(found: dict[str, Any]) -> None:
    """Whole, in its order; one without a body is empty."""
    assert found["plain"] == found["packed"] == ["abc", len(PLAIN), 0]
    assert found["asked"] == ["abc", len(LARGE), 0]
    assert found["none"] == ["", 0, 0]
    assert found["/plain"] == [200, len(PLAIN)]
    assert found["list plain"] == len(PLAIN)


def test_bytes_are_counted_as_they_are_unpacked(found: dict[str, Any]) -> None:
    """Results, answers, lists of servers: of what is too much nothing is kept."""
    assert found["bomb"] == ["", LARGEST_UNASKED, 0], "the card offers to fetch it"
    assert found["asked, too large"] == ["", 0, 0], "the card says that it can't be had"
    assert found["/bomb"] == [200, 0]
    assert found["list bomb"] == 0


@pytest.mark.parametrize("name", ["mute", "silent", "drip"])
def test_a_result_that_does_not_come_gives_its_place_back(found: dict[str, Any], name: str) -> None:
    """Whether it is silent, or a byte comes now and then; its connection is closed."""
    assert found[name] == ["", 0, 0]
    assert f"/view {name}" in found["left"]


@pytest.mark.parametrize("name", ["silent", "drip"])
def test_an_answer_that_does_not_end_is_none(found: dict[str, Any], name: str) -> None:
    """The time of a call is that of its body, too."""
    assert found[f"/{name}"] == "TIMEOUT"
    assert found[f"list {name}"] == "list_silent"
    assert f"/{name} {name}" in found["left"]
