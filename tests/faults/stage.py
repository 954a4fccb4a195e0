"""The stage of a row: a page, one server behind a faulty network, and one beside it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.request import Request, urlopen

from playwright.sync_api import Page

from app.simulator.settings import Api
from tests.e2e.background import Background
from tests.e2e.farm import LOCAL, as_file, give_workflow, noise, open_page, own_tasks, run
from tools.chaos import ChaosProxy
from tools.comfy_runner import WORK, Inputs, Work
from tools.comfy_server import ComfyServer
from tools.serve import PageServer

ENDED = frozenset({"completed", "failed", "cancelled", "lost"})

# Since when the page shows the end of each task, on the machine's clock.
NOTE_ENDS = """
window.endsShown = {};
new MutationObserver(() => {
  for (const card of document.querySelectorAll(".task"))
    if (["completed", "failed", "cancelled", "lost"].includes(card.dataset.state))
      window.endsShown[card.dataset.task] ??= Date.now() / 1000;
}).observe(document, {
  subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"],
});
"""


class Place:
    """One real server, with a count of what it ran."""

    def __init__(self, name: str, seed: int, **fields: Any) -> None:
        self.ran: list[str] = []

        def load(inputs: Inputs) -> Work:
            self.ran.append(inputs.text("image"))
            return WORK["LoadImage"](inputs)

        self.server = ComfyServer(
            replace(LOCAL, name=name, **fields), work={**WORK, "LoadImage": load}, seed=seed
        )

    def posts(self) -> int:
        """How many tasks it was sent, answered or not."""
        return sum(
            (method, path) == ("POST", "/prompt") for method, path, _ in self.server.requests
        )

    def call(self, path: str, body: Any = None) -> Any:
        """Ask it as somebody else would, past the faulty network."""
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self.server.url + path, data=data), timeout=5) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def truth(self, prompt_id: str) -> tuple[str, float]:
        """How a task ended in its books, and when; one that it doesn't know is lost."""
        entry = self.call(f"/history/{prompt_id}").get(prompt_id)
        if entry is None:
            return "lost", 0.0
        kind, data = entry["status"]["messages"][-1]
        state = {"execution_success": "completed", "execution_error": "failed"}
        return state.get(kind, "cancelled"), data["timestamp"] / 1000


@dataclass
class Stage:
    """What a row plays on: `gpu-1` behind the proxy, `gpu-2` beside it."""

    page: Page
    background: Background
    proxy: ChaosProxy
    places: tuple[Place, Place]
    address: str
    known_at: float = 0.0
    """When the ends at `gpu-1` could be known at the earliest, for the fault's part."""
    sent: int = field(default=0)

    @property
    def faulty(self) -> Place:
        """The server behind the proxy."""
        return self.places[0]

    def open(self) -> None:
        """Open the page."""
        self.page.add_init_script(NOTE_ENDS)
        open_page(self.page, self.address)

    def send(self, workflow: dict[str, Any] | None = None) -> None:
        """Open the page and send two tasks to each server; those of gpu-1 may be own ones."""
        self.open()
        self.send_to("gpu-2")
        if workflow is not None:
            give_workflow(self.page, json.dumps(workflow))
        self.send_to("gpu-1", "invert" if workflow is None else "own")

    def send_to(self, server: str, workflow: str = "invert") -> None:
        """Send two pictures that no other task has."""
        numbers = (self.sent + 1, self.sent + 2)
        self.sent += 2
        files = [as_file(noise(n), f"{server}-{n}.png") for n in numbers]
        run(self.page, files, workflow=workflow, server=server)

    def fault(self, name: str, **parameters: Any) -> None:
        """Let something go wrong between page and gpu-1."""
        self.background.run(self.proxy.fault(name, **parameters))

    def heal(self) -> None:
        """All is well between them; what could not be known can be from now on."""
        self.background.run(self.proxy.heal())
        self.known_at = time.time()

    def do(self, work: Callable[[], Any]) -> None:
        """Do something to a server in the thread that it lives in."""

        async def done() -> None:
            work()

        self.background.run(done())

    def until(self, condition: Callable[[], Any], seconds: float = 40) -> None:
        """Wait until something is so."""
        give_up_at = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < give_up_at, "what the row waits for did not come"
            self.page.wait_for_timeout(25)

    def until_running(self, count: int = 1) -> None:
        """Wait until gpu-1 has begun so many tasks, and has all of ours."""
        self.until(lambda: len(self.faulty.ran) >= count and self.faulty.posts() == 2)

    def until_idle(self) -> None:
        """Wait until gpu-1 has nothing more to do."""
        self.until(lambda: self.faulty.call("/prompt")["exec_info"]["queue_remaining"] == 0)

    def pass_by(self, seconds: float) -> None:
        """Let the fault last; the page goes on meanwhile."""
        self.page.wait_for_timeout(seconds * 1000)

    def dials(self) -> list[str]:
        """The WebSockets that the page asked gpu-1 for."""
        return [path for _, path in self.proxy.requests if path.startswith("/ws")]

    def tasks_of(self, number: int) -> list[dict[str, Any]]:
        """The page's tasks at a server, in their order."""
        urls = (self.proxy.url, self.places[1].server.url)
        return [task for task in own_tasks(self.page) if task["server"] == urls[number]]

    def shown(self) -> dict[str, float]:
        """Task id -> since when its end is shown."""
        return self.page.evaluate("window.endsShown")


@contextmanager
def stage(page: Page, background: Background, api: str, pace: float) -> Iterator[Stage]:
    """Set the stage, and clear it."""
    places = tuple(Place(f"gpu-{number}", number, api=Api(api), pace=pace) for number in (1, 2))
    for place in places:
        background.run(place.server.start())
    proxy = ChaosProxy(places[0].server.url)
    background.run(proxy.start())
    site = PageServer(
        servers=[
            {"url": f":{proxy.port}", "name": "gpu-1"},
            {"url": f":{places[1].server.port}", "name": "gpu-2"},
        ]
    )
    background.run(site.start())
    try:
        yield Stage(page, background, proxy, (places[0], places[1]), site.url)
    finally:
        background.run(site.stop())
        background.run(proxy.stop())
        for place in places:
            background.run(place.server.stop())
