"""How long until the page can be used, beside a bare Pyodide; what a visit costs; what is kept.

`make bench ROW=boot BEFORE=FOLDER` measures another built site in the same run, such as that of an
earlier commit.
"""

import os
from contextlib import AsyncExitStack
from pathlib import Path

from playwright.async_api import BrowserContext, FilePayload, Page, Route

from bench.page.browser import READY, Bench, debugger, wait_for_ready
from bench.page.figures import Figure, count, median, ratio
from bench.page.hosts import Host

RUNS = 11
KEPT = 8_000
"""Milliseconds after which the service worker has kept the page for use without the network."""
BITS, LATENCY = 20_000_000, 20
"""The slow network: bits a second, and milliseconds from here to there and back."""

PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
ARRIVED = """performance.getEntriesByType('resource')
  .find((each) => each.name.endsWith('pyodide.asm.wasm')).responseEnd"""


NOTE_READY = """new MutationObserver(() => {
  if (document.documentElement?.dataset.ready) window.benchReady ??= performance.now();
}).observe(document, { subtree: true, childList: true, attributes: true });"""
"""In the page itself: Playwright looks only every half a second."""


async def visit(page: Page, url: str) -> float:
    """Return the seconds from a visit to a page that is ready."""
    await page.add_init_script(NOTE_READY)
    await page.goto(url, wait_until="commit")
    await page.locator(READY).wait_for(state="attached", timeout=120_000)
    ready: float = await page.evaluate("benchReady")
    return ready / 1000


async def thrice(bench: Bench, url: str) -> tuple[float, float, float]:
    """The first visit in a profile of its own, the second at once, and the next after a while."""
    async with bench.context() as context:
        page = await context.new_page()
        cold = await visit(page, url)
        await page.goto("about:blank")
        second = await visit(page, url)
        await page.wait_for_timeout(KEPT)
        await page.goto("about:blank")
        return cold, second, await visit(page, url)


async def slow_visit(bench: Bench, url: str) -> tuple[float, float, float]:
    """A first visit over the slow network; also when it was painted, and when Python had come."""
    async with bench.context() as context:
        page = await context.new_page()
        session = await debugger(page)
        await session.send("Network.enable")
        conditions = {"downloadThroughput": BITS / 8, "uploadThroughput": BITS / 8}
        await session.send(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": LATENCY, **conditions},
        )
        seconds = await visit(page, url)
        if url == bench.bare.url:
            return seconds, 0.0, 0.0
        return seconds, await page.evaluate(PAINTED), await page.evaluate(ARRIVED)


async def bytes_of_a_visit(bench: Bench) -> tuple[int, int]:
    """Bytes of all bodies until the page is ready, and with what the service worker keeps."""
    async with bench.context() as context:
        page = await context.new_page()
        before = bench.site.sent
        await visit(page, bench.site.url)
        ready = bench.site.sent - before
        last = -1
        while last != bench.site.sent:
            last = bench.site.sent
            await page.wait_for_timeout(KEPT)
        return ready, bench.site.sent - before


async def lost_inputs(bench: Bench, context: BrowserContext) -> list[str]:
    """Use the page while Python is kept from it; return what it doesn't know afterwards."""
    bench.site.servers = []
    page = await context.new_page()
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await context.route("**/pyodide.asm.wasm", hold)
    await page.goto(bench.site.url, wait_until="commit")
    # Each of these waits until the control can be used.
    await page.locator("#server-address").fill("gpu-9:8188")
    picture: FilePayload = {"name": "early.png", "mimeType": "image/png", "buffer": PICTURE}
    await page.locator("#picture-picker").set_input_files([picture])
    await page.locator("#workflow").select_option("sharpen")
    await page.locator("#copies").fill("2")
    await page.locator("#run").click()
    assert await page.locator(READY).count() == 0, "Python was there before its time"
    while not held:
        await page.wait_for_timeout(50)
    for route in held:
        await route.continue_()
    await wait_for_ready(page)
    await page.wait_for_timeout(1_000)
    titles = await page.evaluate("windowTasks().map((each) => each.title)")
    kept = {
        "the typed address": await page.locator("#server-address").input_value() == "gpu-9:8188",
        "the chosen workflow": await page.locator("#workflow").input_value() == "sharpen",
        "the click, with picture and copies": titles == ["early.png · Sharpen"] * 2,
    }
    return [name for name, is_kept in kept.items() if not is_kept]


PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
"""A PNG of one pixel."""


async def measure(bench: Bench) -> list[Figure]:
    """By turns: the page, the bare Pyodide and the site in BEFORE, each in a new profile."""
    bench.site.servers = []
    urls = [bench.site.url, bench.bare.url]
    async with AsyncExitStack() as hosts:
        if folder := os.environ.get("BEFORE"):
            urls.append((await hosts.enter_async_context(Host(Path(folder)))).url)
        fast: list[list[tuple[float, float, float]]] = [[] for _ in urls]
        slow: list[list[tuple[float, float, float]]] = [[] for _ in urls]
        for _ in range(RUNS):
            for number, url in enumerate(urls):
                fast[number].append(await thrice(bench, url))
                slow[number].append(await slow_visit(bench, url))
    (cold, second, later), (bare_cold, bare_second, bare_later), *before = (
        list(zip(*rows, strict=True)) for rows in fast
    )
    (ours, painted, arrived), (bare, _, _), *slow_before = (
        list(zip(*rows, strict=True)) for rows in slow
    )
    earlier = [
        ratio(f"ready to submit / the site in BEFORE, {name}", now, then, None)
        for visits, slow_visits in zip(before, slow_before, strict=True)
        for name, now, then in (
            ("cold", cold, visits[0]),
            ("second visit", second, visits[1]),
            ("later", later, visits[2]),
            ("cold over a slow network", ours, slow_visits[0]),
        )
    ]
    ready, whole = await bytes_of_a_visit(bench)
    async with bench.context() as context:
        lost = await lost_inputs(bench, context)
    note = f"{BITS / 1e6:.0f} Mbit/s, {LATENCY} ms"
    return [
        median("first paint, over a slow network", painted, None, "ms", note),
        ratio("first paint / arrival of Python", painted, arrived, 1.0, "before any Python"),
        count("inputs lost that came before Python", len(lost), 0, "", ", ".join(lost)),
        ratio("ready to submit / bare Pyodide, cold", cold, bare_cold, 0.50),
        ratio("the same, second visit", second, bare_second, 0.45),
        ratio("the same, later: kept by its service worker", later, bare_later, None),
        ratio("the same, cold over a slow network", ours, bare, 0.65, note),
        median("ready to submit, cold", cold, None, "s"),
        median("ready to submit, second visit", second, None, "s"),
        median("bare Pyodide, cold", bare_cold, None, "s"),
        median("bare Pyodide, second visit", bare_second, None, "s"),
        count("bytes of a cold visit, brotli", ready / 1e6, 4.8, "MB"),
        count("with what is kept for offline", whole / 1e6, None, "MB"),
        *earlier,
    ]
