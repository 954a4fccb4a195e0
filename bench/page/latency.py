"""What lies between a click and the wire, and between the last frame and the picture."""

from playwright.async_api import Page

from bench.page.browser import Bench, picture, servers, until
from bench.page.figures import Figure, median

RUNS = 11


async def once(page: Page, number: int) -> tuple[float, float]:
    """Send one picture; milliseconds to the wire and to the picture, without the network's own."""
    await page.evaluate("benchForget()")
    await page.locator("#picture-picker").set_input_files([picture(number)])
    await page.locator("#run").click()
    await until(page, "benchTimes.shown > 0", 30)
    times = await page.evaluate("benchTimes")
    to_wire = times["post"] - times["click"] - times["upload"] - times["probe"]
    to_picture = times["shown"] - times["end"] - times["transfer"]
    return to_wire, to_picture


async def measure(bench: Bench) -> list[Figure]:
    """A task at a time on an idle server; the first one also opens the connection."""
    async with servers(1) as urls, bench.context() as context:
        page = await bench.open(context, urls, "times.js")
        first, _ = await once(page, 0)
        to_wire, to_picture = zip(*[await once(page, n + 1) for n in range(RUNS)], strict=True)
    return [
        median("Run to POST, beyond upload and one probe", to_wire, 30, "ms"),
        median("the first time, with its connection", [first], None, "ms"),
        median("last frame to picture, beyond its transfer", to_picture, 50, "ms"),
    ]
