"""What a frame costs in windows that hold more: tasks, or servers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page

from bench.page.browser import READY, Bench, until
from bench.page.figures import Figure, median, ratio
from bench.page.frames import executing, run_slowly, turns
from simulator.settings import Settings
from tools.comfy.server import ComfyServer

RUNS, BURST, TASKS, SERVERS = 11, 300, 1_000, 32

MULTIPLY = """(count) => {
  const key = Object.keys(sessionStorage).find((each) => each.includes("task:"));
  const record = JSON.parse(sessionStorage[key]);
  const one = { ...record, state: "completed", by: "socket", client: record.client };
  const now = Date.now() / 1000;
  for (let number = 1; number < count; number += 1) {
    const hex = number.toString(16).padStart(12, "0");
    const [id, prompt] = [`bench-${hex}`, `00000000-0000-4000-8000-${hex}`];
    const times = Array(6).fill(now - 60);
    const other = { ...one, id, prompt, times };
    sessionStorage[key.replace(record.id, id)] = JSON.stringify(other);
  }
}"""


@asynccontextmanager
async def inside(count: int) -> AsyncIterator[list[str]]:
    """Start embedded servers in this process: nothing is measured of them."""
    started = [
        ComfyServer(Settings(port=0, cors="*", name=f"bench-{number}")) for number in range(count)
    ]
    for server in started:
        await server.start()
    yield [server.url for server in started]
    for server in started:
        await server.stop()


async def cost(pages: dict[str, tuple[Page, str, str]]) -> dict[str, list[float]]:
    """Microseconds a frame that is no gauge, by turns in each page."""
    spent: dict[str, list[float]] = {name: [] for name in pages}
    for _ in range(RUNS):
        for name, (page, server, prompt_id) in pages.items():
            frames = [executing(prompt_id, number) for number in range(BURST)]
            ((each,),) = await turns(page, [(server, frames)], 0, 1, 1)
            spent[name].append(each)
    return spent


async def measure(bench: Bench) -> list[Figure]:
    """One task at one server; 999 more that are done; 31 more servers."""
    async with inside(SERVERS + 2) as (one, other, *many), bench.context() as context:
        small = await bench.open(context, [one], "sockets.js")
        pages = {"small": (small, one, await run_slowly(small, one))}
        full = await bench.open(context, [other], "sockets.js")
        prompt_id = await run_slowly(full, other)
        await full.evaluate(MULTIPLY, TASKS)
        await full.reload()
        await full.locator(READY).wait_for(state="attached", timeout=60_000)
        await until(full, "windowTasks().some((each) => each.state === 'running')")
        await until(full, f"benchSocketTo('{other}') !== undefined")
        pages["tasks"] = full, other, prompt_id
        wide = await bench.open(context, many, "sockets.js")
        pages["servers"] = wide, many[0], await run_slowly(wide, many[0])
        spent = await cost(pages)
    return [
        ratio("a frame with 1,000 tasks / with 1", spent["tasks"], spent["small"], 1.3),
        ratio("a frame with 32 servers / with 1", spent["servers"], spent["small"], 1.3),
        median("a frame that is no gauge, in a burst", spent["small"], None, "µs"),
    ]
