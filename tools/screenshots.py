"""Takes the pictures of the README from the page at work: `make screenshots`."""

import asyncio
import math
import os
import re
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.async_api import FilePayload, Page, async_playwright, expect

from app.simulator.settings import Settings
from tools.comfy_server import ComfyServer
from tools.serve import PageServer

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
FOUND_BY_SETUP = ROOT / "var" / "chromium"


def landscape(hour: float, width: int = 480, height: int = 320) -> FilePayload:
    """Paint hills under a sun: a photo that belongs to nobody. `hour` is 0 to 1."""
    sky = Image.linear_gradient("L").resize((width, height))
    warm = Image.new("RGB", (width, height), (250, 170 + int(60 * hour), 90))
    cool = Image.new("RGB", (width, height), (40 + int(60 * hour), 110, 190))
    picture = Image.composite(warm, cool, sky)
    draw = ImageDraw.Draw(picture)
    x, y = width * (0.2 + 0.6 * hour), height * (0.55 - 0.35 * math.sin(math.pi * hour))
    draw.ellipse((x - 26, y - 26, x + 26, y + 26), fill=(255, 240, 200))
    for ridge in range(3):
        base = height * (0.6 + 0.13 * ridge)
        line = [
            (column, base - 26 * math.sin(column / (60 - 9 * ridge) + 2 * ridge + 5 * hour))
            for column in range(0, width + 8, 8)
        ]
        tone = 110 - 32 * ridge
        draw.polygon([*line, (width, height), (0, height)], fill=(tone // 2, tone, tone // 2 + 20))
    buffer = BytesIO()
    picture.save(buffer, format="PNG")
    name = f"evening-{int(hour * 10)}.png"
    return {"name": name, "mimeType": "image/png", "buffer": buffer.getvalue()}


async def at_work(page: Page, url: str) -> None:
    """Run six photos over two servers, up to the moment when some are done."""
    await page.goto(url)
    await expect(page.locator("html[data-ready=true]")).to_be_attached(timeout=30_000)
    await expect(page.locator(".server.card .facts").first).to_be_visible()
    photos = [landscape(number / 6) for number in range(6)]
    await page.locator("#picture-picker").set_input_files(photos)
    await page.locator("#run").click()
    await expect(page.locator(".task[data-state=completed]")).to_have_count(2, timeout=60_000)
    running = page.locator(".task[data-state=running]", has_text=re.compile("(node|节点) 2"))
    await expect(running.locator(".preview").first).to_be_visible(timeout=20_000)
    await page.evaluate("scrollTo(0, 0)")


async def main() -> None:
    """Take one picture for each look of the page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    servers = [
        ComfyServer(Settings(port=0, cors="*", name=name, pace=1.5)) for name in ("gpu-1", "gpu-2")
    ]
    for server in servers:
        await server.start()
    presets = [{"url": f":{server.port}", "name": server.settings.name} for server in servers]
    chromium = os.environ.get("CHROMIUM") or (
        FOUND_BY_SETUP.read_text().strip() if FOUND_BY_SETUP.exists() else None
    )
    async with PageServer(servers=presets) as site, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, width, scheme, locale in (
            ("running", 1280, "light", "en"),
            ("dark", 1280, "dark", "en"),
            ("phone", 390, "light", "en"),
            ("chinese", 1280, "light", "zh-CN"),
        ):
            page = await browser.new_page(
                viewport={"width": width, "height": 860},
                color_scheme="dark" if scheme == "dark" else "light",
                locale=locale,
            )
            await at_work(page, site.url)
            await page.screenshot(path=PICTURES / f"{name}.png")
            print(PICTURES / f"{name}.png")
            await page.close()
        await browser.close()
    for server in servers:
        await server.stop()


if __name__ == "__main__":
    asyncio.run(main())
