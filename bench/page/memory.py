"""What a tab takes, beside a bare Pyodide; and what is left of many tasks."""

from playwright.async_api import Page, Request

from bench.page.boot import visit
from bench.page.browser import Bench, Process, debugger, servers
from bench.page.figures import Figure, count, median, ratio
from bench.page.makespan import RUN, tiny_tasks

RUNS = 7
FEW, MANY, AT_ONCE = 100, 1_000, 100
QUIET = 3_000
"""Milliseconds without a request, after which none is on its way."""


async def private(bench: Bench, url: str) -> float:
    """Private megabytes of a fresh tab's process."""
    async with bench.context() as context:
        page = await context.new_page()
        await visit(page, url)
        await page.wait_for_timeout(1_000)
        process = await Process.of(bench.browser, page)
        await collect(page)
        return process.private()


async def collect(page: Page) -> float:
    """Collect garbage; return the megabytes of JavaScript's heap that are in use."""
    session = await debugger(page)
    for _ in range(3):
        await session.send("HeapProfiler.collectGarbage")
        await page.wait_for_timeout(200)
    used: float = (await session.send("Runtime.getHeapUsage"))["usedSize"]
    await session.detach()
    return used / 1e6


async def heaps(page: Page) -> tuple[float, float]:
    """Megabytes of JavaScript's heap, and of Python's, which never shrinks."""
    wasm: float = await page.evaluate("benchMemory.buffer.byteLength")
    return await collect(page), wasm / 1e6


async def run_tasks(page: Page, number: int) -> None:
    """Let so many tasks come to their end, some at a time."""
    for _ in range(number // AT_ONCE):
        tasks = tiny_tasks()[:AT_ONCE]
        await page.evaluate(RUN, tasks)
    await quiet(page)


async def quiet(page: Page) -> None:
    """Wait until the page asks for nothing more: their pictures, which the gallery keeps."""
    requests: list[Request] = []

    def note(request: Request) -> None:
        requests.append(request)

    page.on("request", note)
    before = -1
    while len(requests) > before:
        before = len(requests)
        await page.wait_for_timeout(QUIET)
    page.remove_listener("request", note)


async def measure(bench: Bench) -> list[Figure]:
    """Fresh tabs by turns; then one tab with many tasks."""
    bench.site.servers = []
    pairs = [
        (await private(bench, bench.site.url), await private(bench, bench.bare.url))
        for _ in range(RUNS)
    ]
    ours, bare = zip(*pairs, strict=True)
    async with servers(2) as urls, bench.context() as context:
        page = await bench.open(context, urls, "sockets.js")
        await run_tasks(page, FEW)
        process = await Process.of(bench.browser, page)
        few_js, few_python = await heaps(page)
        few = process.private()
        await run_tasks(page, MANY - FEW)
        many_js, many_python = await heaps(page)
        many = process.private()
    return [
        ratio("private memory of a tab / of a bare Pyodide", ours, bare, 1.25),
        median("private memory of a tab", ours, None, "MB"),
        median("private memory of a bare Pyodide", bare, None, "MB"),
        count("JavaScript's heap after 1,000 tasks / after 100", many_js / few_js, 1.1),
        count("JavaScript's heap after 1,000 tasks", many_js, None, "MB"),
        count("Python's heap after 1,000 tasks / after 100", many_python / few_python, 1.1),
        count("Python's heap after 1,000 tasks", many_python, None, "MB"),
        count("private memory after 1,000 tasks / after 100", many / few, None),
    ]
