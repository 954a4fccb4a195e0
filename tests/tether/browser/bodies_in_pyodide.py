"""What the page's adapters make of each body; `test_bodies.py` runs it in Pyodide."""

import asyncio
import json
from typing import Any

from tether.browser import media, site, values
from tether.browser.http import BrowserHttp
from tether.browser.media import BrowserMedia
from tether.browser.site import fetch_list
from tether.core.events import Answered, RequestFailed
from tether.core.ids import Digest, NodeId, PromptId, ServerUrl, TaskId
from tether.core.model.task import Task
from tether.core.protocol.outputs import LARGEST_UNASKED, Output
from tether.core.protocol.requests import Ask, Request
from tether.core.windows import transfers

RESULTS = ("plain", "packed", "bomb", "mute", "silent", "drip", "none")
WITHIN = 0.3
"""Seconds that stand for the page's own, where nothing ever comes."""


class Places:
    """Counts the places of transfers that are taken."""

    def __init__(self) -> None:
        self.taken = 0

    async def begin(self, _server: ServerUrl) -> Any:
        """Take a place; returns what gives it back."""
        self.taken += 1
        return self.release

    def release(self) -> None:
        """Give a place back."""
        self.taken -= 1


async def run(server: str) -> str:
    """Fetch each body; returns what became of it, as JSON."""
    found: dict[str, Any] = {"asked": await result(server, "bomb", is_asked=True)}
    media.LARGEST_ASKED = LARGEST_UNASKED
    found["asked, too large"] = await result(server, "bomb", is_asked=True)
    found |= {f"/{name}": await call(server, name, 60.0) for name in ("plain", "bomb")}
    found |= {f"/{name}": await call(server, name, WITHIN) for name in ("silent", "drip")}
    found |= {f"list {name}": await listed(server, name) for name in ("plain", "bomb")}
    site.LIST_WITHIN = int(1000 * WITHIN)
    found |= {f"list {name}": await listed(server, name) for name in ("silent", "drip")}
    values.SILENT_FOR = transfers.SILENT_FOR = WITHIN
    found |= {name: await result(server, name) for name in RESULTS}
    return json.dumps(found)


async def result(server: str, name: str, is_asked: bool = False) -> list[Any]:
    """Fetch a result: its beginning if it has an address, its size, places that are still taken."""
    places = Places()
    page = BrowserMedia(lambda _server: None, places.begin)
    task = Task(TaskId("1"), PromptId("p"), "", Digest(""), (), None, 0.0, server=ServerUrl(server))
    output = Output(NodeId("9"), "image", name)
    try:
        fetched = await asyncio.wait_for(page.fetch(task, output, is_asked=is_asked), 60)
    except TimeoutError:
        return ["never", 0, places.taken]
    if not fetched.address:
        return ["", fetched.size, places.taken]
    blob = await page.content(task, output, 2**40)
    assert blob is not None
    middle = blob.size // 2
    return [str(await blob.slice(middle, middle + 3).text()), blob.size, places.taken]


async def call(server: str, name: str, within: float) -> Any:
    """Call a server: the status and the length of its answer, or why it failed."""
    ended: asyncio.Future[Answered | RequestFailed] = asyncio.get_event_loop().create_future()

    async def no_file(_digest: Digest, _is_needed: bool) -> None: ...

    http = BrowserHttp(ended.set_result, no_file, lambda _server: None, Places().begin)
    http.send(Request(1, ServerUrl(server), Ask.JOBS, f"/{name}", timeout=within))
    try:
        end = await asyncio.wait_for(ended, 60)
    except TimeoutError:
        return "never"
    match end:
        case Answered(status=status, text=text):
            return [status, len(text)]
        case RequestFailed(failure=failure):
            return failure.name


async def listed(server: str, name: str) -> Any:
    """Fetch a list of servers from another place: its length, or what is wrong with it."""
    found = await fetch_list(f"{server}/{name}", server)
    return len(found.text or "") if found.trouble is None else found.trouble.code
