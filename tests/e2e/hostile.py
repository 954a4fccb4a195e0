"""A server that wishes the page ill: all that it says is a script, too much, or leads elsewhere."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from aiohttp import ClientConnectionResetError, web

from tools.dev.listening import end

SCRIPT = (
    "</script></style>\"'><img src=x onerror=canary=1><svg onload=canary=1>"
    "<script>canary=1</script>javascript:canary=1"
)
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="top.canary=1">'
    b"<script>top.canary=1</script></svg>"
)
HTML = b"<!doctype html><script>(opener ?? top).canary=1</script><img src=x onerror=canary=1>"

NAMES = (
    *("a.png", "b.svg", "c.html", "d.webp", "../../e.png", f"{SCRIPT}.png", f"{SCRIPT}.mp4"),
    *("javascript:canary=1", "data:text/html,<script>canary=1</script>.gif", "redirect.png"),
)


class HostileServer:
    """Looks like ComfyUI at first; `answers` and `say` make it worse.

    Args:
        elsewhere: An address to which it redirects.
    """

    def __init__(self, elsewhere: str = "") -> None:
        self.elsewhere = elsewhere
        self.headers: dict[str, str] = {}
        """What each of its answers has besides."""
        self.redirected: frozenset[str] = frozenset()
        """Calls that it sends there, by method and path."""
        self.answers: dict[str, str | bytes] = {}
        """Path -> what is answered there instead, whole."""
        self.asked: list[str] = []
        self.names = NAMES
        """Its results."""
        self.open_bodies = 0
        """Results named `endless…` that are being sent."""
        self.beside: list[int] = []
        """How many such results each upload found."""
        self.has_flooded = 0
        self._sockets: list[web.WebSocketResponse] = []
        self._tasks: list[str] = []
        self._jobs: set[asyncio.Task[None]] = set()
        self.url, self.port = "", 0

    async def start(self) -> None:
        """Listen."""
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def stop(self) -> None:
        """Close the port."""
        for job in self._jobs:
            job.cancel()
        await end(self._runner)

    async def say(self, *frames: str | bytes) -> None:
        """Send frames to whoever listens."""
        for socket in self._sockets:
            with suppress(ClientConnectionResetError, ConnectionError):
                for frame in frames:
                    await _send(socket, frame)

    def flood(self, make: Callable[[int], str | bytes]) -> None:
        """Send frames as fast as they are taken, until nobody listens."""
        job = asyncio.ensure_future(self._flood(make))
        self._jobs.add(job)

    async def _flood(self, make: Callable[[int], str | bytes]) -> None:
        while self._sockets:
            for _ in range(100):
                self.has_flooded += 1
                await self.say(make(self.has_flooded))
            await asyncio.sleep(0)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        self.asked.append(f"{request.method} {request.path_qs}")
        if path == "/ws":
            return await self._listen(request)
        cors = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
        # The browser asks for an icon, with cookies, whenever it likes.
        headers = cors if request.path == "/favicon.ico" else {**cors, **self.headers}
        if f"{request.method} {path}" in self.redirected:
            headers["Location"] = self.elsewhere + request.path_qs
            return web.Response(status=307, headers=headers)
        if path == "/view" and "endless" in request.query_string:
            return await self._endless(request, headers)
        if path == "/view":
            return self._file(request, headers)
        if path == "/upload/image":
            self.beside.append(self.open_bodies)
        given = self.answers.get(path)
        if given is None:
            given = json.dumps(await self._say_ill(request, path))
        is_refusal = request.method == "POST" and path == "/prompt" and '"error"' in str(given)[:20]
        body = given.encode() if isinstance(given, str) else given
        # The type is a script, too.
        headers["Content-Type"] = 'text/html; charset="<script>canary=1</script>"'
        return web.Response(status=400 if is_refusal else 200, body=body, headers=headers)

    async def _endless(self, request: web.Request, headers: dict[str, str]) -> web.StreamResponse:
        """Send a result as fast as a slow line does, for ever."""
        answer = web.StreamResponse(headers=headers)
        await answer.prepare(request)
        self.open_bodies += 1
        with suppress(ClientConnectionResetError, ConnectionError):
            while True:
                await answer.write(bytes(20_000))
                await asyncio.sleep(0.5)
        self.open_bodies -= 1
        return answer

    def _file(self, request: web.Request, headers: dict[str, str]) -> web.Response:
        name = request.query.get("filename", "")
        if name == "redirect.png":
            headers["Location"] = self.elsewhere + request.path_qs
            return web.Response(status=307, headers=headers)
        is_page = name.endswith((".html", ".webp", ".mp4"))
        headers["Content-Type"] = "text/html" if is_page else "image/svg+xml"
        return web.Response(body=HTML if is_page else SVG, headers=headers)

    async def _say_ill(self, request: web.Request, path: str) -> Any:
        match request.method, path:
            case "GET", "/prompt":
                return {"exec_info": {"queue_remaining": 0, SCRIPT: SCRIPT}}
            case "GET", "/system_stats":
                device = {"name": SCRIPT, "vram_free": 1, "vram_total": 2}
                return {"system": {"comfyui_version": SCRIPT}, "devices": [device]}
            case "POST", "/upload/image":
                return {"name": SCRIPT, "subfolder": SCRIPT, "type": SCRIPT}
            case "POST", "/prompt":
                sent = await request.json()
                self._tasks.append(sent["prompt_id"])
                number = len(self._tasks)
                if number == 3:
                    return _refusal()
                self._jobs.add(asyncio.ensure_future(self._play(sent["prompt_id"], number)))
                return {"prompt_id": sent["prompt_id"], "number": number, "node_errors": {}}
        if path.startswith("/object_info"):
            inputs = {"required": {SCRIPT: [[SCRIPT], {"tooltip": SCRIPT}]}}
            return {SCRIPT: {"input": inputs, "display_name": SCRIPT, "output_node": True}}
        shown = {"filename": SCRIPT, "subfolder": SCRIPT, "type": SCRIPT}
        jobs = [{"id": SCRIPT, "create_time": 1, "preview_output": shown, "status": SCRIPT}]
        return {SCRIPT: SCRIPT, "jobs": jobs, "queue_running": [], "queue_pending": []}

    async def _play(self, prompt: str, number: int) -> None:
        """A task that ends well, with ill results; or badly, in ill words."""
        files = [{"filename": name, "subfolder": SCRIPT, "type": "output"} for name in self.names]
        about = json.dumps({"prompt_id": prompt, "node_id": SCRIPT, "image_type": "image/png"})
        head = (4).to_bytes(4) + len(about).to_bytes(4) + about.encode()
        await self.say(
            _frame("execution_start", prompt),
            _frame("executing", prompt, node=SCRIPT, display_node=SCRIPT),
            _frame("progress", prompt, node=SCRIPT, value=1, max=2),
            head + SVG,
            _frame(SCRIPT, prompt, node=SCRIPT),
        )
        if number == 2:
            error = {"node_id": SCRIPT, "node_type": SCRIPT, "exception_message": SCRIPT}
            trace = [SCRIPT] * 3
            await self.say(_frame("execution_error", prompt, **error, traceback=trace))
            return
        texts = [SCRIPT, "<b>bold</b>"]
        output = {"images": files, "text": texts, SCRIPT: [SCRIPT]}
        await self.say(
            _frame("executed", prompt, node="3", output=output),
            _frame("execution_success", prompt),
            _frame("executing", prompt, node=None),
        )

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=0, compress=False)
        await socket.prepare(request)
        status = {"exec_info": {"queue_remaining": 0}}
        await socket.send_str(
            json.dumps({"type": "status", "data": {"status": status, "sid": "1"}})
        )
        self._sockets.append(socket)
        async for _ in socket:
            pass
        self._sockets.remove(socket)
        return socket


async def _send(socket: web.WebSocketResponse, frame: str | bytes) -> None:
    if isinstance(frame, str):
        await socket.send_str(frame)
    else:
        await socket.send_bytes(frame)


def _frame(kind: str, prompt: str, **data: Any) -> str:
    return json.dumps({"type": kind, "data": {"prompt_id": prompt, **data}})


def _refusal() -> dict[str, Any]:
    told = {"type": SCRIPT, "message": SCRIPT, "details": SCRIPT}
    nodes = {SCRIPT: {"class_type": SCRIPT, "errors": [told], "dependent_outputs": [SCRIPT]}}
    return {"error": told, "node_errors": nodes}
