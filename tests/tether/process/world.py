"""Real servers for the client of a process, and a picture to send."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from tests.e2e.farm import AT_WORK, LOCAL, as_file, noise
from tests.ports import free_port
from tether.core.ids import NodeId
from tools.comfy.server import ComfyServer

PLACE = NodeId("1"), "image"
INVERT = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "picture.png"}},
    "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "t"}},
}


def picture(seed: int) -> tuple[str, bytes]:
    """A file that no other seed gives."""
    name = f"{seed}.png"
    return name, as_file(noise(seed), name)["buffer"]


@asynccontextmanager
async def servers(
    count: int, is_held: bool = False, **settings: Any
) -> AsyncIterator[list[ComfyServer]]:
    """Start servers; `is_held` stops each task when it is at work."""
    made = [
        ComfyServer(replace(LOCAL, name=f"gpu-{number}", port=free_port(), **settings), seed=number)
        for number in range(1, count + 1)
    ]
    try:
        for server in made:
            await server.start()
            if is_held:
                server.hold(AT_WORK)
        yield made
    finally:
        for server in made:
            await server.stop()


def posts(server: ComfyServer) -> int:
    """How many tasks a server was sent."""
    return [(method, path) for method, path, _ in server.requests].count(("POST", "/prompt"))
