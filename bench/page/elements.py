"""What the page would pay for `pyscript.web` in the place of `pyodide.ffi`.

    .venv/bin/python -m bench.page.elements

A page with the vendored runtime and nothing else imports `pyscript.web`, then makes 1,000 list
items (a class, a text, appended) and changes their texts, by turns with either; each start is one
in a profile of its own. Prints medians. Run `make vendor` once before, and `make test` or
`make screenshots`, which find the browser.
"""

import asyncio
import statistics
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Browser, async_playwright

from bench.page.browser import FLAGS, chromium
from bench.page.hosts import ROOT, Host

STARTS = 11

PAGE = """<!doctype html><ul id="list"></ul>
<script type="module" src="static/vendor/pyscript/core.js"></script>
<script type="py" src="measure.py" config="pyscript.toml"></script>"""

SETTINGS = """interpreter = "./static/boot/interpreter.mjs"
plugins = ["!py-editor", "!py-game", "!py-terminal", "!donkey", "!deprecations-manager", "!error"]
"""

MEASURE = """
import js
import sys
from time import perf_counter
import pyscript

COUNT, ROUNDS = 1000, 5
before = set(sys.modules)
began = perf_counter()
import pyscript.web as web
imported = perf_counter() - began
assert set(sys.modules) - before == {"pyscript.web"}
parent = js.document.getElementById("list")

def plain():
    made = []
    for number in range(COUNT):
        item = js.document.createElement("li")
        item.className = "row"
        item.textContent = str(number)
        parent.append(item)
        made.append(item)
    return made

def wrapped():
    made, list_ = [], web.page["#list"]
    for number in range(COUNT):
        item = web.li(classes=["row"], textContent=str(number))
        list_.append(item)
        made.append(item)
    return made

def change(items):
    for item in items:
        item.textContent = "changed"

seconds = {"made": {}, "changed": {}}
for _ in range(ROUNDS):
    for make in (plain, wrapped):
        began = perf_counter()
        items = make()
        made = perf_counter()
        change(items)
        changed = perf_counter()
        seconds["made"].setdefault(make.__name__, []).append(made - began)
        seconds["changed"].setdefault(make.__name__, []).append(changed - made)
        parent.replaceChildren()
told = {"imported": imported}
for step, by_way in seconds.items():
    for way, values in by_way.items():
        told[f"{step} {way}"] = sorted(values)[ROUNDS // 2]
js.document.documentElement.dataset.told = __import__("json").dumps(told)
"""


async def start(browser: Browser, url: str) -> dict[str, float]:
    """Return the seconds of each step in a new profile."""
    async with await browser.new_context() as context:
        page = await context.new_page()
        await page.goto(url)
        await page.locator("html[data-told]").wait_for(state="attached", timeout=120_000)
        told: dict[str, float] = await page.evaluate(
            "JSON.parse(document.documentElement.dataset.told)"
        )
        return told


def lay_out(folder: Path) -> None:
    """Write the page and its settings beside the page's own `static/`."""
    for name, text in (("index.html", PAGE), ("pyscript.toml", SETTINGS), ("measure.py", MEASURE)):
        (folder / name).write_text(text)
    (folder / "static").symlink_to(ROOT / "static")


async def main(folder: Path) -> None:
    """Measure, and print the medians in milliseconds (of 1,000 elements: microseconds each)."""
    async with Host(folder) as host, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        starts = [await start(browser, host.url) for _ in range(STARTS)]
        print(f"Chromium {browser.version}, {STARTS} starts")
        await browser.close()
    for step in starts[0]:
        print(f"{step:20} {1000 * statistics.median(each[step] for each in starts):8.2f} ms")


if __name__ == "__main__":
    with TemporaryDirectory() as made:
        lay_out(Path(made))
        asyncio.run(main(Path(made)))
