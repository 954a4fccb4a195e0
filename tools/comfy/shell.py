"""The embedded server: the simulator behind real sockets, with aiohttp."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, cast
from urllib.parse import quote

from aiohttp import web
from aiohttp.typedefs import Handler

from simulator import events
from simulator.catalogue import CATALOGUE
from simulator.engine import Engine
from simulator.http import Request, Response
from simulator.nodes import NodeClasses
from simulator.settings import Settings
from tools.comfy.blobs import BlobStore
from tools.comfy.frontend import Frontend
from tools.comfy.http import Connection, bare_request, read_request, write_response
from tools.comfy.runner import WORK, NodeWork, resolve, run_node
from tools.dev.listening import end

_REQUESTS_REMEMBERED = 10_000
_CORS = "Access-Control-"


class ComfyServer:
    """An embedded ComfyUI server on a real port.

    `start` before use, `stop` at the end; both, `restart` and `kill` belong to one event loop.
    Files survive `kill` and `restart` (those in `temp` don't); tasks and history are lost.

    Attributes:
        requests: `(method, target, status)` of the latest answered requests, oldest first.
        answers_to_lose: That many of the next accepted `POST /prompt` are cut before the answer.
        answer_delay: Seconds that every HTTP answer is held back.
        frontend: What it shows to people who open its address, None for a sentence.

    Args:
        settings: How it behaves. Port 0 takes a free one; `port` tells which.
        classes: Node classes it knows; each needs its work in `work`.
        seed: Makes ids and names the same in every run.
        frontend: As the attribute.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        classes: NodeClasses = CATALOGUE,
        work: Mapping[str, NodeWork] = WORK,
        seed: int | None = None,
        frontend: Frontend | None = None,
    ) -> None:
        self._requests: deque[tuple[str, str, int]] = deque(maxlen=_REQUESTS_REMEMBERED)
        self.answers_to_lose = 0
        self.answer_delay = 0.0
        self.engine = Engine(settings or Settings(), Random(seed), classes)
        self._work = work
        self.frontend = frontend
        self._blobs = BlobStore()
        self._thread = ThreadPoolExecutor(1, "comfy-node")
        self._ids = count(1)
        self._values: dict[int, tuple[object, ...]] = {}
        self._waiting: dict[int, asyncio.Future[Response]] = {}
        self._connections: dict[int, Connection] = {}
        self._runs: set[asyncio.Task[None]] = set()
        self._alarm: asyncio.TimerHandle | None = None
        self._runner: web.AppRunner | None = None
        self._closed: dict[str, asyncio.Event] = {}
        self._stopped: set[str] = set()
        self._thawed = asyncio.Event()
        self._thawed.set()

    @property
    def settings(self) -> Settings:
        """The settings of this moment."""
        return self.engine.settings

    @property
    def port(self) -> int:
        """The port that it listens on, known after `start`."""
        return self.settings.port

    @property
    def blob_folder(self) -> Path:
        """The folder of file contents, which `stop` deletes."""
        return self._blobs.folder

    @property
    def url(self) -> str:
        """The address of the server, without a slash at the end."""
        return f"http://{self.settings.host}:{self.port}"

    def change(self, **fields: Any) -> None:
        """Change fields of `Settings` from now on, e.g. `change(post_delay=-0.2)`."""
        self.engine.settings = replace(self.settings, **fields)

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: The port is taken.
        """
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", cast(Handler, self._handle))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, self.settings.host, self.port, reuse_address=True).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self.change(port=runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop for good: cut all sockets, delete all files."""
        await self.kill()
        await asyncio.gather(*self._runs)
        await asyncio.to_thread(self._thread.shutdown)
        self._blobs.close()

    async def kill(self) -> None:
        """Kill the server as by `kill -9`: no close frames, no answers. `start` starts it again."""
        self._feed(events.Killed())
        self.thaw()
        for place in list(self._closed):
            self.release(place)
        if self._alarm is not None:
            self._alarm.cancel()
        for waiting in self._waiting.values():
            waiting.cancel()
        runner, self._runner = self._runner, None
        if runner is None:
            return
        await end(runner)

    async def restart(self, downtime: float = 0.0) -> None:
        """Kill the server, and start it on the same port after some seconds."""
        await self.kill()
        await asyncio.sleep(downtime)
        await self.start()

    @property
    def requests(self) -> list[tuple[str, str, int]]:
        """The latest requests as (method, target, status): a copy, for any thread."""
        return list(self._requests)

    def hold(self, place: str) -> None:
        """Stop what comes to a place, until `release`.

        A place of `simulator.stops`, or `answer` (of an accepted `POST /prompt`) or `upload`
        (each piece has been read, the next has not).
        """
        self._closed.setdefault(place, asyncio.Event())
        self._feed(events.PlaceClosed(place))

    def release(self, place: str) -> None:
        """Let go on what waits at a place, and all that comes."""
        closed = self._closed.pop(place, None)
        if closed is not None:
            closed.set()
        self._feed(events.PlaceOpened(place))

    def is_held(self, place: str) -> bool:
        """Tell whether something waits at a place."""
        return place in self._stopped or self.engine.process.stops.has(place)

    def freeze(self) -> None:
        """Stop moving bytes, as a machine off the network does; connections stay open."""
        self._thawed.clear()

    def thaw(self) -> None:
        """Go on after `freeze`; everything that was held back arrives late."""
        self._thawed.set()

    def cut_sockets(self) -> None:
        """Cut every WebSocket without a close frame, as a broken network does; tasks go on."""
        for connection in list(self._connections.values()):
            if connection.transport is not None:
                connection.transport.abort()

    def deafen(self, client_id: str) -> None:
        """Unregister a client id, as the late death of an older socket with that id does."""
        ghost = next(self._ids)
        self._connections[ghost] = Connection(ghost, None, self._feed, self._thawed)
        target = f"/ws?clientId={quote(client_id)}"
        self._feed(events.SocketOpened(ghost, Request("GET", target, {})))
        del self._connections[ghost]
        self._feed(events.SocketClosed(ghost))

    def _feed(self, event: events.Event) -> None:
        for effect in self.engine.handle(event, time.time()):
            self._perform(effect)

    def _perform(self, effect: events.Effect) -> None:
        match effect:
            case events.Answer(request_id, response):
                waiting = self._waiting.get(request_id)
                if waiting is not None and not waiting.done():
                    waiting.set_result(response)
            case events.Send(connection_id, frame):
                if connection_id in self._connections:
                    self._connections[connection_id].frames.put_nowait(frame)
            case events.AcceptSocket():
                pass  # The handshake goes on unless it is refused.
            case events.RefuseSocket(connection_id, response):
                self._connections[connection_id].refusal = response
            case events.CutSocket(connection_id):
                cut = self._connections.pop(connection_id, None)
                if cut is not None and cut.transport is not None:
                    cut.transport.abort()
            case events.RunNode():
                # Now, before a later event drops what the node needs.
                values = resolve(effect, self._values)
                run = asyncio.get_running_loop().create_task(self._run(effect, values))
                self._runs.add(run)
                run.add_done_callback(self._runs.discard)
            case events.DropValues(run_id):
                self._values.pop(run_id, None)
            case events.DropBlob(key):
                self._blobs.drop(key)
            case events.WakeAt(when):
                if self._alarm is not None:
                    self._alarm.cancel()
                delay = max(0.0, when - time.time())
                loop = asyncio.get_running_loop()
                self._alarm = loop.call_later(delay, self._feed, events.Woken())

    async def _run(self, run: events.RunNode, values: dict[str, object]) -> None:
        loop = asyncio.get_running_loop()
        outputs, report = await loop.run_in_executor(
            self._thread, run_node, run, values, self._blobs, self._work
        )
        self._values[run.run_id] = outputs
        self._feed(report)

    async def _handle(self, incoming: web.Request) -> web.StreamResponse:
        await self._thawed.wait()
        if incoming.path in ("/ws", "/api/ws"):
            return await self._serve_socket(incoming)
        limit = self.settings.max_upload_size
        halfway = partial(self._pass_by, "upload")
        request = await read_request(incoming, self._blobs, limit, halfway)
        request_id = next(self._ids)
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = waiting
        try:
            self._feed(events.RequestReceived(request_id, request))
            response = await waiting
            is_accepted = request.method == "POST" and request.path == "/prompt"
            if is_accepted and response.status == 200:
                await self._pass_by("answer")
            if self.answer_delay > 0:
                await asyncio.sleep(self.answer_delay)
            await self._thawed.wait()
        finally:
            del self._waiting[request_id]
        if self.answers_to_lose > 0 and is_accepted and response.status == 200:
            self.answers_to_lose -= 1
            if incoming.transport is not None:
                incoming.transport.abort()
        file = self._file(request, response)
        status = response.status if file is None else 200
        self._requests.append((request.method, request.target, status))
        return await write_response(response, self._blobs) if file is None else file

    def _file(self, request: Request, response: Response) -> web.FileResponse | None:
        """Return the frontend's file for a path that the server itself doesn't know."""
        is_home = request.path == "/" and response.status == 200
        if self.frontend is None or not (is_home or response.status == 404):
            return None
        path = self.frontend.find(request.full_path)
        # Other origins may read its files as far as they may read all else.
        shared = {name: text for name, text in response.headers if name.startswith(_CORS)}
        return None if path is None else web.FileResponse(path, headers=shared)

    async def _pass_by(self, place: str) -> None:
        if place in self._closed:
            self._stopped.add(place)
            await self._closed[place].wait()
            self._stopped.discard(place)

    async def _serve_socket(self, incoming: web.Request) -> web.StreamResponse:
        if not web.WebSocketResponse().can_prepare(incoming).ok:
            raise web.HTTPBadRequest
        connection_id = next(self._ids)
        connection = Connection(connection_id, incoming.transport, self._feed, self._thawed)
        self._connections[connection_id] = connection
        self._feed(events.SocketOpened(connection_id, bare_request(incoming)))
        if connection.refusal is not None:
            del self._connections[connection_id]
            return await write_response(connection.refusal, self._blobs)
        try:
            return await connection.serve(incoming)
        finally:
            if self._connections.pop(connection_id, None) is not None:
                self._feed(events.SocketClosed(connection_id))
