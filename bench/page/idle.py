"""What a page does that has nothing to do: requests, timers, processor."""

from typing import Any

from bench.page.browser import Bench, Process, servers, until
from bench.page.figures import Figure, count
from bench.page.makespan import RUN, tiny_tasks

SECONDS = 60


async def measure(bench: Bench) -> list[Figure]:
    """Two servers, a few tasks done; after the connections have been let go, a minute."""
    async with servers(2) as urls, bench.context() as context:
        page = await bench.open(context, urls, "asleep.js")
        await page.evaluate(RUN, tiny_tasks()[:5])
        await until(
            page, "!getWebSocketServerStatus().connections.some((it) => it.state === 'open')"
        )
        await page.wait_for_timeout(15_000)
        process = await Process.of(bench.browser, page)
        before = await process.seconds()
        await page.evaluate("benchBegin()")
        await page.wait_for_timeout(SECONDS * 1000)
        done: dict[str, Any] = await page.evaluate("benchDone")
        spent = await process.seconds() - before
    short = ", ".join(f"{pause:.0f} ms" for pause in done["timers"][:5])
    return [
        count("requests in a minute", done["requests"], 0),
        count("timers of under a minute", len(done["timers"]), 0, "", short),
        count("animation frames asked for", done["frames"], 0),
        count("of a core", 100 * spent / SECONDS, 0.5, "%", "all of the tab's process"),
    ]
