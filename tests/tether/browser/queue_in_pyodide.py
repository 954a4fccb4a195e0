"""What becomes of work that is ready in the page's loop; `test_ready_queue.py` runs it."""

import asyncio
import json
from typing import Any

import js
from pyodide.ffi import create_once_callable

from tether.browser import ready_queue
from tether.browser.ready_queue import ReadyQueue

HOPS = 100


class CountedPort:
    """Counts the turns that were asked for."""

    def __init__(self, port: Any) -> None:
        self.turns = 0
        self._port = port

    def postMessage(self, message: None) -> None:
        """Ask for a turn."""
        self.turns += 1
        self._port.postMessage(message)


async def run(_server: str) -> str:
    """Returns what was seen, as JSON."""
    loop = asyncio.get_event_loop()
    queue = ReadyQueue(loop)
    queue._port = port = CountedPort(queue._port)
    ready_queue.SHARE = 60.0
    found: dict[str, Any] = {"order": await order(loop)}
    before = found["turns before"] = port.turns
    for _ in range(HOPS):
        await asyncio.sleep(0)
    found["turns of hops"] = port.turns - before
    ready_queue.SHARE = 0.001
    await asyncio.sleep(0.01)  # this turn has a longer share yet
    found["timer"] = await asyncio.wait_for(asyncio.shield(timer()), 60)
    return json.dumps(found)


async def order(loop: asyncio.AbstractEventLoop) -> list[str]:
    """What runs, one after the other."""
    seen: list[str] = []
    loop.set_exception_handler(lambda _loop, told: seen.append(repr(told["exception"])))

    def first() -> None:
        seen.append("first")
        loop.call_soon(seen.append, "by the first")

    def bad() -> None:
        raise ValueError("bad")

    loop.call_soon(first)
    loop.call_soon(seen.append, "cancelled").cancel()
    loop.call_soon(bad)
    loop.call_soon(seen.append, "last")
    for _ in range(3):
        await asyncio.sleep(0)
    return seen


async def timer() -> str:
    """Work that never rests goes on until a timer of the browser has had its turn."""
    fired: list[str] = []
    js.setTimeout(create_once_callable(lambda: fired.append("fired")), 0)
    while not fired:  # noqa: ASYNC110 - this is the work
        await asyncio.sleep(0)
    return fired[0]
