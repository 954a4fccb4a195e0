"""Measures the page beside its peers: `make bench`, or `make bench ROW=frames`.

Prints a table of figures and limits, and writes it into bench/RESULTS.md when all rows were
measured.
"""

import asyncio
import datetime
import importlib
import os
import platform
import sys
import time
from collections.abc import Sequence

from playwright.async_api import async_playwright

from bench.page.browser import FLAGS, Bench, chromium
from bench.page.figures import RESULTS, Figure, table, written
from bench.page.hosts import Host, build_bare, build_site

ROWS = {
    "boot": "From a visit to a page that can be used",
    "frames": "Handler cost per frame",
    "previews": "A preview of 100 kB",
    "scale": "Handler cost per frame in fuller windows",
    "makespan": "Many tasks",
    "latency": "From a click to the wire, from the end to the picture",
    "idle": "A page that has nothing to do",
    "memory": "Memory",
    "tabs": "Many tabs on unequal servers",
}
"""Each is a module of bench/page/, with a `measure`."""


async def main(names: Sequence[str]) -> int:
    """Measure these rows, or all."""
    unknown = set(names) - ROWS.keys()
    if unknown:
        print(f"There is no row {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}.")
        return 2
    began, load = time.monotonic(), os.getloadavg()
    groups: list[tuple[str, Sequence[Figure]]] = []
    async with (
        Host(build_site()) as site,
        Host(build_bare()) as bare,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        version = browser.version
        for name in names or ROWS:
            at = time.monotonic()
            figures = await importlib.import_module(f"bench.page.{name}").measure(
                Bench(browser, site, bare)
            )
            groups.append((ROWS[name], figures))
            told = f"{name}: {time.monotonic() - at:.0f} s\n{table(groups[-1:])}"
            print(told, file=sys.stderr, flush=True)
        await browser.close()
    seconds = time.monotonic() - began
    told = "\n\n".join((_about(version, load, seconds), table(groups)))
    print(told)
    if not names:
        RESULTS.write_text(written(RESULTS.read_text(), told))
    return 0


def _about(version: str, load: Sequence[float], seconds: float) -> str:
    """Say where and when it was measured."""
    before, after = load[0], os.getloadavg()[0]
    now = datetime.datetime.now(datetime.UTC)
    return (
        f"{now:%Y-%m-%d %H:%M} UTC, {seconds / 60:.0f} min; {_processor()}, "
        f"{os.cpu_count()} cores; "
        f"{platform.system()} {platform.release()}, Chromium {version}, "
        f"Python {platform.python_version()}; load {before:.1f} before, {after:.1f} after."
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":")[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.machine()


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main(sys.argv[1:])))
