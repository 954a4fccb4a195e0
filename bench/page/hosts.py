"""The page as it is hosted, and the bare Pyodide beside it: static files, brotli, kept for ever."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from aiohttp import web

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "var" / "bench"
PEERS = ROOT / "bench" / "node_modules"

TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".zip": "application/zip",
}

BARE = """<!doctype html><title>bare</title><script type="module">
import { loadPyodide } from "./assets/pyodide.mjs";
const python = await loadPyodide();
python.runPython("1 + 1");
document.documentElement.dataset.ready = "true";
</script>"""


class Host:
    """Serves a folder; `sent` counts the bytes of all bodies.

    Args:
        folder: Has an index.html; what is under assets/ may be kept for ever.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runner: web.AppRunner | None = None
        self.servers: Sequence[object] = ()
        self.sent = 0
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"] or "index.html"
        is_kept = path.startswith("assets/")
        kept = "public, max-age=31536000, immutable" if is_kept else "no-cache"
        if path == "saintno.mjs":
            return web.Response(text=saintno(), content_type="text/javascript")
        if path == "servers.json":
            return web.json_response(self.servers, headers={"Cache-Control": "no-cache"})
        file = self._folder / path
        if not file.is_file():
            raise web.HTTPNotFound
        kind = TYPES.get(file.suffix, "application/octet-stream")
        headers = {"Cache-Control": kept, "Content-Type": kind}
        packed = file.with_name(f"{file.name}.br")
        if packed.is_file() and "br" in request.headers.get("Accept-Encoding", ""):
            file, headers["Content-Encoding"] = packed, "br"
        body = file.read_bytes()
        self.sent += len(body)
        return web.Response(body=body, headers=headers)


def saintno() -> str:
    """Return @saintno/comfyui-sdk for a browser, which has WebSockets of its own."""
    source = (PEERS / "@saintno/comfyui-sdk/build/index.esm.js").read_text()
    start = 'import d from"ws";'
    assert source.startswith(start), "@saintno/comfyui-sdk begins in another way now"
    return source.removeprefix(start).replace("sourceMappingURL", "")


def build_site() -> Path:
    """Build the page as `make site` does."""
    target = KEPT / "site"
    _node("tools/site/build.mjs", "--to", target)
    return target


def build_bare() -> Path:
    """Lay out Pyodide as it comes from npm, compressed as the site is, and a page for it."""
    target = KEPT / "bare"
    _node("bench/page/bare.mjs", target)
    (target / "index.html").write_text(BARE)
    return target


def _node(*command: str | Path) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    subprocess.run(("node", *command), cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
