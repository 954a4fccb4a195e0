"""What a preview of 100 kB costs, beside the same in plain JavaScript, over real sockets."""

import asyncio
import json
import random
from io import BytesIO

from PIL import Image
from playwright.async_api import Page

from bench.page.browser import Bench
from bench.page.figures import Figure, count, median, ratio
from bench.page.frames import run_slowly
from simulator.settings import Settings
from tools.comfy.server import ComfyServer

RUNS, PREVIEWS, SIZE = 9, 100, 100_000


def frame(prompt_id: str, number: int) -> bytes:
    """A preview with its description: a picture of noise, filled up to the size."""
    buffer = BytesIO()
    noise = random.Random(number).randbytes(64 * 64 * 3)
    Image.frombytes("RGB", (64, 64), noise).save(buffer, format="JPEG")
    about = {"prompt_id": prompt_id, "node_id": "2", "display_node_id": "2"}
    head = json.dumps({**about, "image_type": "image/jpeg"}).encode()
    return b"\0\0\0\4" + len(head).to_bytes(4, "big") + head + buffer.getvalue().ljust(SIZE, b"\0")


async def burst(page: Page, server: ComfyServer, at: int, frames: list[bytes]) -> float:
    """Milliseconds a preview, of those that the server sends on one of its sockets at once."""
    taken = asyncio.create_task(
        page.evaluate("([at, count]) => benchTake(at, count)", [at, len(frames)])
    )
    await asyncio.sleep(0.2)
    connection = list(server._connections.values())[at]
    for each in frames:
        connection.frames.put_nowait(each)
    spent: float = await taken
    return spent


async def measure(bench: Bench) -> list[Figure]:
    """The page and plain JavaScript by turns, in one tab."""
    server = ComfyServer(Settings(port=0, cors="*"))
    await server.start()
    try:
        async with bench.context() as context:
            page = await bench.open(context, [server.url], "sockets.js")
            prompt_id = await run_slowly(page, server.url)
            await page.evaluate("(server) => benchPlain(server)", server.url)
            frames = [frame(prompt_id, number) for number in range(PREVIEWS)]
            for at in (0, 1):
                await burst(page, server, at, frames)
            before = await page.evaluate("benchMemory.buffer.byteLength")
            spent = [
                (await burst(page, server, 0, frames), await burst(page, server, 1, frames))
                for _ in range(RUNS)
            ]
            grown = await page.evaluate("benchMemory.buffer.byteLength") - before
            live = await page.evaluate("benchAddresses.live.size")
    finally:
        await server.stop()
    ours, plain = zip(*spent, strict=True)
    return [
        ratio("a preview of 100 kB / in plain JavaScript", ours, plain, 1.15),
        median("a preview of 100 kB, the page", ours, None, "ms"),
        median("a preview of 100 kB, plain JavaScript", plain, None, "ms"),
        count("Python's heap grew by", grown / 1e6, 0, "MB", f"{RUNS * PREVIEWS} previews"),
        count("addresses of pictures not revoked", live, 2, "", "the last of each side"),
    ]
