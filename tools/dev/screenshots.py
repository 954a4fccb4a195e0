"""Takes the pictures of the docs from the page at work: `make screenshots`."""

import asyncio
import os
import shutil
import subprocess
import sys
from contextlib import AsyncExitStack
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, async_playwright

from tools.comfy.server import ComfyServer
from tools.dev.screenshot_scenes import SCENES, Scene, Stage
from tools.dev.serve import PageServer

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
FOUND_BY_SETUP = ROOT / "var" / "chromium"
MOST_BYTES = 250_000


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
    if shutil.which("fc-list"):
        listed = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout
        if listed.strip():
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
