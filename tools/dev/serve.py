"""A web server for the page, and nothing else of the repository: for `make demo` and the tests.

Any static web server will do for visitors; this one can serve another list of servers, and
makes the browser ask again for every file that may have changed.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeAlias

from aiohttp import web

from tools.dev.listening import end

ROOT = Path(__file__).resolve().parents[2]

# A server's URL, or a mapping with `url` and `name`; the URL may be relative to
# the page: ":8188" is another port of its host, "/a/" a path of its origin.
ServerEntry: TypeAlias = str | Mapping[str, str]

# Of the source tree, and of a built site.
TOP_LEVEL = frozenset({"index.html", "pyscript.toml", "servers.json", "sw.js"})
FOLDERS = frozenset({"app", "static", "assets"})

# Spelled out: what `mimetypes` says depends on the machine.
CONTENT_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".py": "text/x-python",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
    ".wasm": "application/wasm",
    ".zip": "application/zip",
}


@dataclass(slots=True)
class PageServer:
    """A web server for the page; `async with` starts and stops it.

    `servers` replaces `servers.json`, and may change while it runs; `{"from": …}` points to a
    list elsewhere. Port 0 takes a free one; `url` is known once started. `base` serves the page
    under a path, as GitHub Pages does. `root` is the folder that holds `index.html`.
    """

    port: int = 0
    servers: Sequence[ServerEntry] | Mapping[str, str] | None = None
    host: str = "127.0.0.1"
    base: str = "/"
    root: Path = ROOT
    headers: dict[str, str] = field(init=False)
    _runner: web.AppRunner | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.root = self.root.resolve()
        self.headers = _headers(self.root / "index.html")

    @property
    def url(self) -> str:
        """The page's address, as seen from this machine."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host
        return f"http://{host}:{self.port}{self.base}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: The port is taken, or the host is not of this machine.
        """
        app = web.Application()
        app.router.add_get(self.base + "{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self.host, self.port).start()
        except OSError:
            await self.stop()
            raise
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close the port. Safe to call twice."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await end(runner)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"] or "index.html"
        headers = dict(self.headers)
        if path == "servers.json" and self.servers is not None:
            return listed(self.servers, request, headers)
        file = self._file(path)
        if file is None:
            raise web.HTTPNotFound(text=f"{path} is not part of the page.")
        headers["Content-Type"] = CONTENT_TYPES.get(file.suffix, "application/octet-stream")
        return web.FileResponse(file, headers=headers)

    def _file(self, path: str) -> Path | None:
        top = path.partition("/")[0]
        if path not in TOP_LEVEL and top not in FOLDERS:
            return None
        file = (self.root / path).resolve()
        return file if file.is_relative_to(self.root / top) and file.is_file() else None


def _headers(page: Path) -> dict[str, str]:
    """Return the headers of all answers; what a built site has in `_headers` is the same."""
    # The browser keeps a copy and asks each time whether it still holds.
    headers = {"Cache-Control": "no-cache"}
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page.read_text())
    if policy is not None:
        headers |= {
            "Content-Security-Policy": f"{policy[1]}; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }
    return headers


def listed(
    servers: Sequence[ServerEntry] | Mapping[str, str],
    request: web.Request,
    headers: Mapping[str, str],
) -> web.Response:
    """Answer with a list of servers, or with 304 where the browser's copy still holds."""
    text = json.dumps(servers, default=dict)
    tag = hashlib.sha256(text.encode()).hexdigest()[:16]
    is_known = any(each.value == tag for each in request.if_none_match or ())
    answer = web.Response(
        status=304 if is_known else 200,
        text=None if is_known else text,
        content_type="application/json",
        headers=headers,
    )
    answer.etag = tag
    return answer
