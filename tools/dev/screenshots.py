"""Takes the pictures of the docs from the page at work: `make screenshots`."""

import asyncio
import json
import math
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.async_api import Browser, FilePayload, Page, async_playwright, expect

from simulator.settings import Settings
from tools.comfy.server import ComfyServer
from tools.dev.serve import PageServer

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
FOUND_BY_SETUP = ROOT / "var" / "chromium"
MOST_BYTES = 250_000

SLOW, QUICK = 1.5, 0.2
"""Seconds that each node takes: for looking at what runs, and for what is to be done."""

FAILING = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "photo.png"}},
    "7": {
        "class_type": "TetherRaise",
        "inputs": {"image": ["1", 0], "message": "CUDA out of memory: 2.10 GiB needed"},
    },
    "9": {"class_type": "SaveImage", "inputs": {"images": ["7", 0], "filename_prefix": "x"}},
}
"""A workflow whose second node raises."""


@dataclass(frozen=True, slots=True)
class Stage:
    """An empty tab, the page's address, and its servers."""

    page: Page
    url: str
    servers: list[ComfyServer]


def two(pace: float) -> tuple[Settings, ...]:
    """Return two servers that allow the page's origin."""
    return tuple(Settings(port=0, cors="*", name=name, pace=pace) for name in ("gpu-1", "gpu-2"))


@dataclass(frozen=True, slots=True)
class Scene:
    """What the page shows, its servers, and the size and style of the window."""

    play: Callable[[Stage], Awaitable[None]]
    servers: tuple[Settings, ...] = two(SLOW)
    width: int = 1440
    height: int = 900
    is_dark: bool = False
    is_phone: bool = False
    locale: str = "en"


def landscape(hour: float, width: int = 960, height: int = 640) -> FilePayload:
    """Paint hills under a sun: a photo that belongs to nobody. `hour` is 0 to 1."""
    asked = width, height
    width, height = 2 * width, 2 * height  # drawn larger, so that edges come out smooth
    sky = Image.linear_gradient("L").resize((width, height))
    warm = Image.new("RGB", (width, height), (250, 170 + int(60 * hour), 90))
    cool = Image.new("RGB", (width, height), (40 + int(60 * hour), 110, 190))
    picture = Image.composite(warm, cool, sky)
    draw = ImageDraw.Draw(picture)
    x, y = width * (0.2 + 0.6 * hour), height * (0.55 - 0.35 * math.sin(math.pi * hour))
    sun = width / 18
    draw.ellipse((x - sun, y - sun, x + sun, y + sun), fill=(255, 240, 200))
    for ridge in range(3):
        base = height * (0.6 + 0.13 * ridge)
        wave = width / 480 * (60 - 9 * ridge)
        line = [
            (column, base - height / 12 * math.sin(column / wave + 2 * ridge + 5 * hour))
            for column in range(0, width + 8, 8)
        ]
        tone = 110 - 32 * ridge
        draw.polygon([*line, (width, height), (0, height)], fill=(tone // 2, tone, tone // 2 + 20))
    buffer = BytesIO()
    picture.resize(asked, Image.Resampling.LANCZOS).save(buffer, format="PNG")
    name = f"evening-{int(hour * 10)}.png"
    return {"name": name, "mimeType": "image/png", "buffer": buffer.getvalue()}


async def _open(stage: Stage, page: Page | None = None) -> Page:
    """Open the page, and wait until it knows its servers."""
    page = page or stage.page
    await page.goto(stage.url)
    await expect(page.locator("html[data-ready=true]")).to_be_attached(timeout=60_000)
    if stage.servers:
        await expect(page.locator(".server.card .queue").first).to_be_visible()
    return page


async def _run(page: Page, count: int, workflow: str = "invert", first: int = 0) -> None:
    photos = [landscape(number / 6) for number in range(first, first + count)]
    await page.locator("#workflow").select_option(workflow)
    await page.locator("#picture-picker").set_input_files(photos)
    await page.locator("#run").click()
    await expect(page.locator("#pictures li")).to_have_count(0, timeout=20_000)


async def _done(page: Page, count: int) -> None:
    """Wait until so many tasks are done, or more."""
    done = page.locator(".task[data-state=completed]")
    await expect(done.nth(count - 1)).to_be_attached(timeout=120_000)


async def _previewed(page: Page) -> None:
    """Wait until a task shows a preview of more than its own photo."""
    task = page.locator(".task[data-state=running]", has_text=re.compile("(node|节点) 2"))
    await expect(task.locator(".preview").first).to_be_visible(timeout=20_000)


async def first_visit(stage: Stage) -> None:
    """Nobody has added a server yet."""
    await _open(stage)


async def running(stage: Stage) -> None:
    """Six photos over two servers: some are done, two run with previews, the rest wait."""
    page = await _open(stage)
    await _run(page, 6)
    await _done(page, 2)
    await _previewed(page)
    await page.evaluate("scrollTo(0, 0)")


async def phone(stage: Stage) -> None:
    """The same on a phone, scrolled to the tasks."""
    await running(stage)


async def failed(stage: Stage) -> None:
    """A task whose workflow failed, beside one that is done."""
    page = await _open(stage)
    await _run(page, 1)
    await _done(page, 1)
    file: FilePayload = {
        "name": "portrait.json",
        "mimeType": "application/json",
        "buffer": json.dumps(FAILING).encode(),
    }
    await page.locator("#workflow-picker").set_input_files([file])
    await expect(page.locator("#workflow")).to_have_value("own")
    await page.locator("#picture-picker").set_input_files([landscape(0.5)])
    await page.locator("#run").click()
    task = page.locator(".task[data-state=failed]")
    await expect(task).to_have_count(1, timeout=20_000)
    await page.locator("#workflow").select_option("invert")
    await expect(page.locator("#form")).to_contain_text("File name prefix")
    await page.evaluate("scrollTo(0, 0)")


async def doctor(stage: Stage) -> None:
    """One server is well, one refuses the page, one is down."""
    await stage.servers[2].stop()
    page = await _open(stage)
    for number in (1, 2):
        card = page.locator(".server.card").nth(number)
        await expect(card.locator(".cure").first).to_be_visible(timeout=30_000)


async def one(stage: Stage) -> None:
    """A single photo is done."""
    page = await _open(stage)
    await _run(page, 1)
    await _done(page, 1)
    await expect(page.locator(".task .result")).to_have_count(1)


async def sixty(stage: Stage) -> None:
    """Sixty photos over two servers; the first dozen is done."""
    page = await _open(stage)
    photos = [landscape(number / 60, 480, 320) for number in range(60)]
    await page.locator("#picture-picker").set_input_files(photos)
    await expect(page.locator("#pictures li")).to_have_count(60)
    await page.locator("#run").click()
    await _done(page, 12)


async def thousand(stage: Stage) -> None:
    """As many results as a window has: what is looked for, and the first of what was found."""
    page = await _open(stage)
    page.once("dialog", lambda dialog: dialog.accept())
    photos = [landscape(number / 20, 240, 160) for number in range(20)]
    await page.locator("#picture-picker").set_input_files(photos)
    await page.locator("#copies").fill("50")
    await page.locator("#run").click()
    done = "tether.stats().tasks.completed === 1000"
    await page.wait_for_function(f"() => {done}", timeout=300_000)
    await page.locator("#task-search").fill("gpu-1")
    await expect(page.locator("#task-found")).to_be_visible()
    await page.evaluate("scrollTo(0, 0)")
    await expect(page.locator(".task .result").nth(8)).to_be_visible()


async def lost(stage: Stage) -> None:
    """A server was started anew, and what ran there is lost."""
    page = await _open(stage)
    await _run(page, 4)
    await _done(page, 1)
    await stage.servers[0].kill()
    await stage.servers[0].start()
    await expect(page.locator(".task[data-state=lost]").first).to_be_visible(timeout=60_000)


async def offline(stage: Stage) -> None:
    """One of two servers is off while it has a task."""
    page = await _open(stage)
    await _run(page, 4)
    await _done(page, 1)
    await stage.servers[0].kill()
    ill = page.locator(".server.card[data-tone=bad]")
    await expect(ill).to_have_count(1, timeout=60_000)
    await page.evaluate("scrollTo(0, 0)")


async def lanes(stage: Stage) -> None:
    """Two servers with this tab's tasks, and a second tab's in another colour."""
    page = await _open(stage)
    await page.locator("#lanes > summary").click()
    await expect(page.locator("#lanes-stretch")).to_be_visible()
    await _run(page, 6)
    other = await _open(stage, await page.context.new_page())
    await page.bring_to_front()
    await _done(page, 2)
    await _run(other, 2, "blur", first=3)
    await page.bring_to_front()
    foreign = page.locator("svg.bar.item[data-ink=foreign]")
    await expect(foreign.first).to_be_visible(timeout=30_000)
    await _previewed(page)
    await expect(foreign.first).to_be_visible()
    # Its bar moves, so a real pointer would miss it now and then.
    await page.locator("svg.bar.item[data-state=running]").first.dispatch_event("pointerover")
    await page.evaluate("scrollTo(0, 0)")


async def gallery(stage: Stage) -> None:
    """The results of several workflows."""
    page = await _open(stage)
    total = 0
    for workflow, count, first in (("sharpen", 2, 3), ("blur", 2, 1), ("invert", 4, 0)):
        await _run(page, count, workflow, first)
        total += count
        await _done(page, total)
    await page.locator("#gallery-open").click()
    await expect(page.locator("#gallery .kept")).to_have_count(total, timeout=20_000)
    pictures = page.locator("#gallery .kept img")
    await expect(pictures).to_have_count(total, timeout=20_000)
    for picture in await pictures.all():
        await expect(picture).not_to_have_js_property("naturalWidth", 0, timeout=20_000)
        await picture.evaluate("image => image.decode()")


async def zoom(stage: Stage) -> None:
    """A result large, and beside what it was made from."""
    page = await _open(stage)
    await _run(page, 1, "invert", first=2)
    await _done(page, 1)
    await page.locator(".results a[data-action=zoom]").click()
    await expect(page.locator("#zoom .before")).to_be_visible()
    await page.locator("#zoom .compare input").fill("45")


_ILL = Settings(port=0, name="gpu-2"), Settings(port=0, cors="*", name="gpu-3")

SCENES = {
    "first-visit": Scene(first_visit, ()),
    "one": Scene(one, two(QUICK)),
    "running": Scene(running),
    "sixty": Scene(sixty, two(QUICK)),
    "thousand": Scene(thousand, two(0)),
    "lost": Scene(lost),
    "offline": Scene(offline),
    "failed": Scene(failed, two(QUICK)),
    "doctor": Scene(doctor, (*two(0)[:1], *_ILL), height=1100),
    "lanes": Scene(lanes, two(3 * SLOW)),
    "gallery": Scene(gallery, two(QUICK), height=960),
    "zoom": Scene(zoom, two(QUICK)),
    "phone": Scene(phone, width=390, height=844, is_phone=True),
    "dark": Scene(running, is_dark=True),
    "chinese": Scene(running, locale="zh-CN"),
}


def save(content: bytes, path: Path) -> None:
    """Write a picture small enough for a README: with fewer colours, if it must be."""
    picture = Image.open(BytesIO(content)).convert("RGB")
    for colours in (0, 256, 128, 64, 32):
        buffer = BytesIO()
        # A palette drops rare colours, such as those of a legend: so none where there is room.
        shown = picture.quantize(colours) if colours else picture
        shown.save(buffer, format="PNG", optimize=True)
        if buffer.tell() <= MOST_BYTES:
            break
    path.write_bytes(buffer.getvalue())
    print(f"{path.relative_to(ROOT)}  {buffer.tell() // 1000} kB, {colours or 'all'} colours")


def require_chinese_glyphs() -> None:
    """Stop where Chinese would come out as empty boxes, and say what to install."""
    if shutil.which("fc-list") and subprocess.check_output(["fc-list", ":lang=zh"]).strip():
        return
    sys.exit(
        "No font with Chinese characters was found (fc-list :lang=zh): they would be empty boxes."
        "\n  Cure: sudo apt-get install fontconfig fonts-wqy-microhei"
        "\n        (elsewhere any CJK font, such as Noto Sans CJK), then run this again"
    )


async def take(browser: Browser, name: str, scene: Scene) -> None:
    """Set up one scene from nothing, and take its picture."""
    async with AsyncExitStack() as stack:
        servers = [ComfyServer(each, seed=number) for number, each in enumerate(scene.servers, 1)]
        for server in servers:
            await server.start()
            stack.push_async_callback(server.stop)
        presets = [{"url": f":{each.port}", "name": each.settings.name} for each in servers]
        site = await stack.enter_async_context(PageServer(servers=presets))
        context = await browser.new_context(
            viewport={"width": scene.width, "height": scene.height},
            color_scheme="dark" if scene.is_dark else "light",
            locale=scene.locale,
            has_touch=scene.is_phone,
            is_mobile=scene.is_phone,
            device_scale_factor=2 if scene.is_phone else 1,
            reduced_motion="reduce",
        )
        stack.push_async_callback(context.close)
        page = await context.new_page()
        await scene.play(Stage(page, site.url, servers))
        save(await page.screenshot(), PICTURES / f"{name}.png")


async def main() -> None:
    """Take all pictures, or those that are named."""
    names = sys.argv[1:] or list(SCENES)
    unknown = [name for name in names if name not in SCENES]
    if unknown:
        sys.exit(f"There is no scene {', '.join(unknown)}. There are: {', '.join(SCENES)}.")
    require_chinese_glyphs()
    PICTURES.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("CHROMIUM") or (
        FOUND_BY_SETUP.read_text().strip() if FOUND_BY_SETUP.exists() else None
    )
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name in names:
            await take(browser, name, SCENES[name])
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
