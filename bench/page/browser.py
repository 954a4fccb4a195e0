"""The one browser of a run, and the servers beside it."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import Browser, BrowserContext, CDPSession, FilePayload, Page

from bench.page.hosts import ROOT, Host

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-precise-memory-info",
    "--js-flags=--expose-gc",
]
READY = "html[data-ready=true]"
PAGES = ROOT / "bench" / "page" / "scripts"


def chromium() -> str | None:
    """Return the browser that the set-up found; None for Playwright's own."""
    found = ROOT / "var" / "chromium"
    return os.environ.get("CHROMIUM") or (found.read_text().strip() if found.exists() else None)


class Bench:
    """What a row needs: the browser, the page's host, the bare Pyodide's host.

    Args:
        browser: The same for all rows of a run.
        site: Hosts the page as `make site` builds it.
        bare: Hosts a page that does nothing but load a stock Pyodide.
    """

    def __init__(self, browser: Browser, site: Host, bare: Host) -> None:
        self.browser = browser
        self.site = site
        self.bare = bare

    @asynccontextmanager
    async def context(self) -> AsyncIterator[BrowserContext]:
        """A profile of its own; peers may be loaded into its pages."""
        context = await self.browser.new_context(bypass_csp=True)
        context.on("dialog", lambda dialog: dialog.accept())
        try:
            yield context
        finally:
            await context.close()

    async def open(self, context: BrowserContext, servers: list[str], *scripts: str) -> Page:
        """Open the page with these servers, and wait until it can be used.

        Args:
            context: Where.
            servers: Their addresses.
            *scripts: Files of bench/page/scripts/ to run before the page's own.
        """
        self.site.servers = [
            {"url": url, "name": f"gpu-{number}"} for number, url in enumerate(servers, 1)
        ]
        page = await context.new_page()
        for name in scripts:
            await page.add_init_script(path=PAGES / name)
        await page.goto(self.site.url)
        await page.locator(READY).wait_for(state="attached", timeout=60_000)
        up = "tether.servers().filter((each) => each.state === 'up').length"
        await until(page, f"{up} === {len(servers)}")
        return page


async def until(page: Page, expression: str, seconds: float = 120) -> None:
    """Wait until something is so in a page."""
    async with asyncio.timeout(seconds):
        while not await page.evaluate(expression):
            await page.wait_for_timeout(50)


class Process:
    """The process of a tab.

    Args:
        session: Of the whole browser.
        pid: Of the process.
    """

    def __init__(self, session: CDPSession, pid: int) -> None:
        self._session = session
        self._pid = pid

    @classmethod
    async def of(cls, browser: Browser, page: Page) -> "Process":
        """Find a page's process: it is the one that works when the page does."""
        session = await browser.new_browser_cdp_session()
        before = await cls._times(session)
        await page.evaluate(
            "for (const began = performance.now(); performance.now() < began + 400;);"
        )
        after = await cls._times(session)
        return cls(session, max(after, key=lambda pid: after[pid] - before.get(pid, after[pid])))

    @staticmethod
    async def _times(session: CDPSession) -> dict[int, float]:
        told = await session.send("SystemInfo.getProcessInfo")
        return {
            each["id"]: each["cpuTime"]
            for each in told["processInfo"]
            if each["type"] == "renderer"
        }

    async def seconds(self) -> float:
        """Return the processor's seconds so far."""
        return (await self._times(self._session))[self._pid]

    def private(self) -> float:
        """Return the megabytes that are its own alone."""
        lines = Path(f"/proc/{self._pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


async def debugger(page: Page) -> CDPSession:
    """Return the page's debugger."""
    return await page.context.new_cdp_session(page)


async def wait_for_ready(page: Page) -> None:
    """Wait until a page of either host says that it is ready."""
    await page.locator(READY).wait_for(state="attached", timeout=120_000)


@asynccontextmanager
async def servers(
    count: int, *options: str, speeds: tuple[float, ...] = ()
) -> AsyncIterator[list[str]]:
    """Start embedded servers, each a process; yields their addresses.

    Args:
        count: How many.
        *options: Of tools/comfy/server.py.
        speeds: How fast each is.
    """
    started = []
    try:
        for number in range(count):
            speed = ("--speed", str(speeds[number])) if speeds else ()
            started.append(
                await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "tools.comfy.server", "--port", "0", "--cors"),
                    *("--name", f"bench-{number + 1}", *options, *speed),
                    cwd=ROOT,
                    stdout=asyncio.subprocess.PIPE,
                )
            )
        urls = []
        for process in started:
            assert process.stdout is not None
            told = (await process.stdout.readline()).decode()
            address = re.search(r"http://\S+", told)
            assert address is not None, told
            urls.append(address[0])
        yield urls
    finally:
        for process in started:
            process.terminate()
            await process.wait()


def workflow(*steps: dict[str, Any]) -> dict[str, Any]:
    """Return a workflow that makes a picture by itself, takes these steps, and saves it."""
    nodes: dict[str, Any] = {
        "1": {
            "class_type": "EmptyImage",
            "inputs": {"width": 16, "height": 16, "batch_size": 1, "color": 0},
        }
    }
    for step in steps:
        last = str(len(nodes))
        nodes[str(len(nodes) + 1)] = {**step, "inputs": {"image": [last, 0], **step["inputs"]}}
    last = str(len(nodes))
    nodes["save"] = {
        "class_type": "SaveImage",
        "inputs": {"images": [last, 0], "filename_prefix": "bench"},
    }
    return nodes


def slow(steps: int, step_ms: int, seed: int = 1) -> dict[str, Any]:
    """Return a step that takes its time."""
    inputs = {"steps": steps, "step_ms": step_ms, "seed": seed, "previews": False}
    return {"class_type": "TetherSlow", "inputs": inputs}


def picture(number: int) -> FilePayload:
    """A small picture that no other task has."""
    buffer = BytesIO()
    Image.new("RGB", (96, 64), (number % 256, number // 256, 150)).save(buffer, format="PNG")
    return {"name": f"{number}.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
