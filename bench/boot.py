"""How long until the page can be used, beside a bare Pyodide in the same browser.

    .venv/bin/python -m bench.boot [RUNS]

The page comes twice: from its source tree, and as `make site` builds it, with the caching that
its `_headers` asks for. All are served uncompressed from this machine, in turn, each run in a
fresh browser profile: `cold` is the first visit, `second` the next one in the same profile.
Prints medians in seconds, and ratios. Run `make test` or `make screenshots` once before: they
find the browser.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from aiohttp import web
from playwright.async_api import BrowserType, async_playwright

from tools.serve import PageServer

ROOT = Path(__file__).resolve().parent.parent
FOUND_BY_SETUP = ROOT / "var" / "chromium"
READY = "html[data-ready=true]"

BARE = """<!doctype html><title>bare</title><script type="module">
import { loadPyodide } from "/pyodide/pyodide.mjs";
const python = await loadPyodide();
python.runPython("1 + 1");
document.documentElement.dataset.ready = "true";
</script>"""


async def serve_bare() -> tuple[web.AppRunner, str]:
    """Serve Pyodide as it comes from npm, and a page that does nothing else."""

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text=BARE, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_static("/pyodide", ROOT / "node_modules" / "pyodide")
    return await serve(app)


async def serve_site(folder: Path) -> tuple[web.AppRunner, str]:
    """Build the site into a folder, and serve it."""
    command = ("node", "tools/site.mjs", "--plain", "--to", folder)
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: ASYNC221

    async def answer(request: web.Request) -> web.FileResponse:
        path = request.match_info["path"] or "index.html"
        is_kept = path.startswith("assets/")
        kept = "public, max-age=31536000, immutable" if is_kept else "no-cache"
        kind = {".mjs": "text/javascript", ".wasm": "application/wasm"}.get(Path(path).suffix)
        headers = {"Cache-Control": kept, **({"Content-Type": kind} if kind else {})}
        return web.FileResponse(folder / path, headers=headers)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    return await serve(app)


async def serve(app: web.Application) -> tuple[web.AppRunner, str]:
    """Start a server on a free port; return it with its address."""
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    return runner, f"http://{host}:{port}/"


async def visit(chromium: BrowserType, url: str) -> tuple[float, float]:
    """Return the seconds to ready of a first and a second visit."""
    path = os.environ.get("CHROMIUM") or (
        FOUND_BY_SETUP.read_text().strip() if FOUND_BY_SETUP.exists() else None
    )
    browser = await chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
    page = await browser.new_page()
    seconds = []
    for _ in range(2):
        started = time.perf_counter()
        await page.goto(url, wait_until="commit")
        await page.locator(READY).wait_for(state="attached", timeout=60_000)
        seconds.append(time.perf_counter() - started)
        await page.goto("about:blank")
    await browser.close()
    return seconds[0], seconds[1]


async def main(runs: int) -> None:
    """Measure, and print the table."""
    folder = tempfile.TemporaryDirectory()
    bare, bare_url = await serve_bare()
    site, site_url = await serve_site(Path(folder.name) / "dist")
    async with PageServer() as page, async_playwright() as playwright:
        urls = {"source tree": page.url, "built site": site_url, "bare Pyodide": bare_url}
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in urls}
        for _ in range(runs):
            for name, url in urls.items():
                times[name].append(await visit(playwright.chromium, url))
    await bare.cleanup()
    await site.cleanup()
    folder.cleanup()
    print(f"{'seconds to ready, medians of ' + str(runs):36} {'cold':>7} {'second':>7}")
    medians = {
        name: [statistics.median(column) for column in zip(*rows, strict=True)]
        for name, rows in times.items()
    }
    for name, (cold, second) in medians.items():
        print(f"{name:36} {cold:7.2f} {second:7.2f}")
    cold, second = medians["bare Pyodide"]
    for name in ("source tree", "built site"):
        ours = medians[name]
        print(f"{name + ' / bare Pyodide':36} {ours[0] / cold:7.2f} {ours[1] / second:7.2f}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 7))
