"""What one repaint of a full page costs, and whether typing stutters meanwhile.

    .venv/bin/python -m bench.page.flush

Eight embedded servers; 200 tasks are done, 40 more are at the servers or run. Prints the
milliseconds of script of one flush (the page's animation frame), and of a keystroke in the form
from the key to the next paint. Run `make test` or `make screenshots` once before: they find the
browser.
"""

import asyncio
import json
import os
import statistics
from pathlib import Path

from playwright.async_api import FilePayload, Page, async_playwright, expect

from bench.page.browser import picture
from simulator.settings import Settings
from tools.comfy.server import ComfyServer
from tools.dev.serve import PageServer

FOUND_BY_SETUP = Path(__file__).resolve().parents[2] / "var" / "chromium"
LIMIT = 8.0
"""Milliseconds of script for a flush."""

SERVERS, DONE, LIVE, SECONDS = 8, 200, 40, 15.0

NOTE_FLUSHES = """
window.flushes = [];
const ask = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (handle) => ask((time) => {
  const began = performance.now();
  handle(time);
  flushes.push(performance.now() - began);
});
window.keys = [];
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (each.name === "keydown") keys.push(each.duration);
}).observe({type: "event", durationThreshold: 16, buffered: true});
"""

SLOW = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "x.png"}},
    "2": {
        "class_type": "TetherSlow",
        "inputs": {"image": ["1", 0], "steps": 600, "step_ms": 150, "seed": 1, "previews": True},
    },
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "slow"}},
}


async def send(page: Page, first: int, count: int) -> None:
    """Drop pictures, press Run, wait until they are tasks."""
    await page.locator("#picture-picker").set_input_files(
        [picture(number) for number in range(first, first + count)]
    )
    await page.locator("#run").click()
    await expect(page.locator("#pictures li")).to_have_count(0, timeout=60_000)


async def fill(page: Page) -> None:
    """Bring the page to 200 done and 40 live tasks."""
    for first in range(0, DONE, 50):
        await send(page, first, 50)
        await page.wait_for_timeout(100)
    done = "windowTasks().filter((each) => each.state === 'completed').length"
    while await page.evaluate(done) < DONE:
        await page.wait_for_timeout(250)
    slow: FilePayload = {
        "name": "slow.json",
        "mimeType": "application/json",
        "buffer": json.dumps(SLOW).encode(),
    }
    await page.locator("#workflow-picker").set_input_files([slow])
    await expect(page.locator("#workflow")).to_have_value("own")
    await send(page, DONE, LIVE)
    live = "windowTasks().filter((each) => each.state === 'running').length"
    while await page.evaluate(live) < SERVERS:
        await page.wait_for_timeout(250)


def told(name: str, values: list[float]) -> str:
    """One line of the table."""
    ordered = sorted(values)
    middle, late = statistics.median(ordered), ordered[int(len(ordered) * 0.95)]
    return f"{name:44} {len(ordered):6} {middle:7.1f} {late:7.1f} {ordered[-1]:7.1f}"


async def main() -> None:
    """Measure, and print the table."""
    servers = [
        ComfyServer(Settings(port=0, cors="*", name=f"gpu-{number}", pace=0.0))
        for number in range(1, SERVERS + 1)
    ]
    for server in servers:
        await server.start()
    presets = [{"url": f":{server.port}", "name": server.settings.name} for server in servers]
    path = os.environ.get("CHROMIUM") or FOUND_BY_SETUP.read_text().strip()
    async with PageServer(servers=presets) as site, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = await browser.new_page()
        page.on("dialog", lambda dialog: dialog.accept())
        await page.add_init_script(NOTE_FLUSHES)
        await page.goto(site.url)
        await expect(page.locator("html[data-ready=true]")).to_be_attached(timeout=60_000)
        await fill(page)
        await page.evaluate("flushes.length = keys.length = 0")
        await page.locator("#server-address").focus()
        for _ in range(int(SECONDS / 0.15)):
            await page.keyboard.press("a")
            await page.wait_for_timeout(120)
        flushes = await page.evaluate("flushes")
        keys = await page.evaluate("keys")
        await browser.close()
    for server in servers:
        await server.stop()
    print(f"{'ms, with 200 tasks done and 40 live':44} {'count':>6} {'median':>7} {'95 %':>7} max")
    print(told("script of a flush", flushes))
    print(told("key to paint, where 16 ms or more", keys or [0.0]))
    median = statistics.median(flushes)
    print(f"a flush takes {median / LIMIT:.2f} of the {LIMIT:.0f} ms it may take")


if __name__ == "__main__":
    asyncio.run(main())
