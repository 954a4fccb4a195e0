"""A proxy between a page and a server that fails on command."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web

from tools.chaos.faults import FAULTS, altered
from tools.dev.listening import end

_OF_ONE_CONNECTION = frozenset(
    {"connection", "content-length", "host", "keep-alive", "transfer-encoding", "upgrade"}
)


@dataclass(slots=True)
class _Link:
    """One WebSocket with its two ends; frames move while `flow` is set."""

    transport: asyncio.Transport | None
    near: web.WebSocketResponse
    far: aiohttp.ClientWebSocketResponse
    flow: asyncio.Event


class ChaosProxy:
    """Forwards HTTP and WebSockets to one server, except for the active faults.

    `requests` has `(method, path)` of all that reached it, oldest first. Port 0 takes a free
    one, known after `start`.
    """

    def __init__(self, upstream_url: str, port: int = 0) -> None:
        self.requests: list[tuple[str, str]] = []
        self._upstream = upstream_url
        self.port = port
        self._active: dict[str, dict[str, Any]] = {}
        self._links: list[_Link] = []
        self._flow = asyncio.Event()
        self._healed = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession  # made by `start`: it needs the loop

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: The port is taken.
        """
        self._release()
        self._session = aiohttp.ClientSession(auto_decompress=False)
        await self._listen()

    async def stop(self) -> None:
        """Stop listening, and cut all connections."""
        await self._fall_silent()
        await self._session.close()

    async def fault(self, name: str, **parameters: Any) -> None:
        """Activate a fault; see `FAULTS`.

        Raises:
            ValueError: There is no such fault.
        """
        match name:
            case "reset":
                for link in self._links:
                    _cut(link.transport)
            case "close":
                for link in list(self._links):
                    await link.near.close(code=1001)
            case "half_open":
                for link in self._links:
                    link.flow = asyncio.Event()
            case "pause":
                self._flow.clear()
            case "down":
                await self._fall_silent()
            case _ if name not in FAULTS:
                raise ValueError(f"`{name}` is no fault; there are {', '.join(FAULTS)}")
        self._active[name] = parameters

    async def heal(self) -> None:
        """End all faults; half-open connections are cut."""
        was_down = "down" in self._active
        self._active.clear()
        for link in self._links:
            if link.flow is not self._flow:
                _cut(link.transport)
                link.flow.set()
        self._release()
        if was_down:
            await self._listen()

    def _release(self) -> None:
        """Let everything that waits go on."""
        self._flow.set()
        self._healed.set()
        self._healed = asyncio.Event()

    async def _listen(self) -> None:
        app = web.Application(client_max_size=0)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        self._runner = runner  # `stop` clears it away, also when the port is taken
        await web.TCPSite(runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = runner.addresses[0][1]

    async def _fall_silent(self) -> None:
        """Stop listening, and cut all connections."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        for site in list(runner.sites):
            await site.stop()
        for link in self._links:
            link.flow.set()
        for connection in list(runner.server.connections) if runner.server is not None else ():
            _cut(connection.transport)
        self._release()
        await end(runner)

    async def _handle(self, incoming: web.Request) -> web.StreamResponse:
        self.requests.append((incoming.method, incoming.path_qs))
        await self._flow.wait()
        try:
            if incoming.headers.get("Upgrade", "").lower() == "websocket":
                return await self._carry_socket(incoming)
            return await self._carry_request(incoming)
        except (aiohttp.ClientError, ConnectionError):
            _cut(incoming.transport)  # as if nobody had listened
            raise web.HTTPBadGateway from None

    async def _carry_request(self, incoming: web.Request) -> web.StreamResponse:
        body = await incoming.read()
        is_post = (incoming.method, incoming.path) == ("POST", "/prompt")
        refusal = self._active.get("refuse", {})
        if (incoming.method, incoming.path) == ("POST", refusal.get("path")):
            # ComfyUI's own have no such header.
            readable = {"Access-Control-Allow-Origin": "*"} if refusal.get("is_readable") else {}
            text = refusal.get("text", "Maximum request body size")
            return web.Response(status=refusal.get("status", 413), text=text, headers=readable)
        if "known_paths" in self._active and incoming.path.startswith("/api/"):
            told = self._active["known_paths"]
            readable = {"Access-Control-Allow-Origin": "*"} if told.get("is_readable") else {}
            return web.Response(status=told["status"], text="<html>no", headers=readable)
        if self._concerns("fail_once", incoming):
            del self._active["fail_once"]
            return web.Response(status=500, text="500 Internal Server Error")
        while self._concerns("hang", incoming):
            await self._healed.wait()
        async with self._session.request(
            incoming.method,
            self._upstream + incoming.raw_path,
            headers=_passed_on(incoming.headers.items()),
            data=body,
        ) as response:
            answer = await response.read()
        if is_post and "post_late" in self._active:
            await asyncio.sleep(self._active["post_late"]["seconds"])
        headers = _passed_on(response.headers.items())
        if is_post and self._active.pop("post_cut", None) is not None:
            _cut(incoming.transport)
        if is_post and self._active.pop("post_lost", None) is not None:
            return await _broken_off(incoming, response.status, headers)
        await self._flow.wait()
        return web.Response(status=response.status, headers=headers, body=answer)

    async def _carry_socket(self, incoming: web.Request) -> web.StreamResponse:
        if "no_sockets" in self._active:
            raise web.HTTPForbidden
        url = self._upstream + incoming.raw_path
        # Nothing is answered by the proxy itself: a close must find a dead line dead.
        near = web.WebSocketResponse(autoclose=False, autoping=False)
        async with self._session.ws_connect(url, max_msg_size=0, autoping=False) as far:
            await near.prepare(incoming)
            link = _Link(incoming.transport, near, far, self._flow)
            self._links.append(link)
            ways = (_send_down(link, self._active), _send_up(link))
            pumps = [asyncio.ensure_future(way) for way in ways]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.wait(pumps)
                self._links.remove(link)
        if not near.closed:
            _cut(incoming.transport)
        return near

    def _concerns(self, name: str, incoming: web.Request) -> bool:
        """Tell whether a fault of GETs applies to this one."""
        path = self._active.get(name, {}).get("path", "$nothing")
        return incoming.method == "GET" and bool(re.match(path, incoming.path_qs))


def _passed_on(headers: Any) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in headers if name.lower() not in _OF_ONE_CONNECTION)


async def _broken_off(incoming: web.Request, status: int, headers: Any) -> web.StreamResponse:
    """Start an answer, and cut it: Chromium repeats a POST that gets no byte of an answer."""
    answer = web.StreamResponse(status=status, headers=headers)
    answer.content_length = 1000
    await answer.prepare(incoming)
    await answer.write(b"{")
    await asyncio.sleep(0)
    _cut(incoming.transport)
    return answer


def _cut(transport: asyncio.BaseTransport | None) -> None:
    if isinstance(transport, asyncio.Transport):
        transport.abort()


async def _send_down(link: _Link, active: Mapping[str, Mapping[str, Any]]) -> None:
    """Forward the server's frames, altered by the active faults, until it is gone."""
    async for message in link.far:
        await link.flow.wait()
        if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            continue
        for frame in altered(
            message.data,
            active.get("swallow", {}).get("frames", ()),
            active.get("inject", {}).get("kinds", ()),
            2 if "duplicate" in active else 1,
        ):
            if isinstance(frame, str):
                await link.near.send_str(frame)
            else:
                await link.near.send_bytes(frame)


async def _send_up(link: _Link) -> None:
    """Forward the page's frames until it is gone."""
    while True:
        message = await link.near.receive()
        await link.flow.wait()
        if message.type is WSMsgType.TEXT:
            await link.far.send_str(message.data)
        elif message.type is not WSMsgType.PONG:
            await link.near.close()
            return
