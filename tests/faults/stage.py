"""The stage of a row: its pages, one server behind a faulty network, and one beside it."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from playwright.sync_api import BrowserContext, Page

from tests.e2e.background import Background
from tests.e2e.built import SERVED
from tests.e2e.failures import Console, leave_behind
from tests.e2e.farm import (
    AT_WORK,
    LOCAL,
    PATIENCE,
    as_file,
    expect_ready,
    give_workflow,
    noise,
    open_page,
    own_tasks,
    run,
    wait_for,
)
from tests.e2e.watch import Watch, report_violations
from tests.faults.desktop import Desktop
from tools.chaos.proxy import ChaosProxy
from tools.comfy.runner import WORK, Inputs, Work
from tools.comfy.server import ComfyServer
from tools.dev.serve import PageServer

LINE_NOISE = (
    r"ERR_|WebSocket connection to|CORS policy|the server responded with a status of"
    r"|favicon\.ico|Page entered Back-Forward Cache"
    r"|An unknown error occurred when fetching the script"  # of a service worker
)
"""What Chromium itself logs of lines that break; the page's own errors stay errors."""

# Since when the page shows the end of each task, on the browser's clock.
NOTE_ENDS = """
{
  window.endsShown ??= {};
  const note = () => {
    for (const card of document.querySelectorAll(".task"))
      if (["completed", "failed", "cancelled", "lost"].includes(card.dataset.state))
        endsShown[card.dataset.task] ??= Date.now() / 1000;
  };
  note();
  new MutationObserver(note).observe(document, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"],
  });
}
"""


class Place:
    """One real server, with a count of what it ran."""

    def __init__(self, name: str, seed: int, **fields: Any) -> None:
        self.ran: list[str] = []
        self.strangers = 0
        """Tasks that somebody else sent it."""

        def load(inputs: Inputs) -> Work:
            self.ran.append(str(inputs["image"]))
            return WORK["LoadImage"](inputs)

        self.server = ComfyServer(
            replace(LOCAL, name=name, **fields), work={**WORK, "LoadImage": load}, seed=seed
        )

    def posts(self) -> int:
        """How many tasks our pages sent it, answered or not."""
        asked = [(method, path) for method, path, _ in self.server.requests]
        return asked.count(("POST", "/prompt")) - self.strangers

    def call(self, path: str, body: Any = None) -> Any:
        """Ask it as somebody else would, past the faulty network."""
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self.server.url + path, data=data), timeout=PATIENCE) as answer:
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

    context: BrowserContext
    background: Background
    proxy: ChaosProxy
    places: tuple[Place, Place]
    address: str
    pages: list[Page] = field(default_factory=list)
    known_at: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """When the ends at each server could be known at the earliest, for the fault's part."""
    ahead: float = 0.0
    """Seconds that the browser's clock is ahead of the machine's."""
    sent: int = 0
    watches: list[Watch] = field(default_factory=list)
    consoles: list[Console] = field(default_factory=list)
    desktop: Desktop | None = None

    def __post_init__(self) -> None:
        self.use(self.context)

    @property
    def page(self) -> Page:
        """The page that it is about; rows with several name the others."""
        return self.pages[0]

    @property
    def faulty(self) -> Place:
        """The server behind the proxy."""
        return self.places[0]

    def use(self, context: BrowserContext) -> None:
        """Watch a browser's pages, and note what they show."""
        report_violations(context)
        self.consoles.append(Console(context))
        watch = Watch(context)
        watch.allow(LINE_NOISE)
        self.watches.append(watch)
        context.add_init_script(NOTE_ENDS)

    def other_browser(self) -> Page:
        """An empty tab of a browser that shares nothing with the first."""
        assert self.context.browser is not None
        other = self.context.browser.new_context()
        self.use(other)
        return other.new_page()

    def open(self, page: Page | None = None) -> Page:
        """Open the page, in a new tab of the first browser unless another is given."""
        page = page or self.context.new_page()
        self.pages.append(page)
        open_page(page, self.address)
        is_local = "127.0.0.1" in self.address
        assert page.evaluate("isSecureContext") is is_local
        return page

    def send_and_hold(
        self, send: Callable[[], None] | None = None, *, is_beside_held: bool = False
    ) -> None:
        """Send as `send` does, and wait until gpu-1 has begun the first of its two tasks.

        It goes no further before `go_on`; the page knows that gpu-1 has both. gpu-2 goes on then:
        a page that knows how long tasks take holds the second one back. It waits for `go_on`, too,
        where it `is_beside_held`.
        """
        for place in self.places:
            self.do(partial(place.server.hold, AT_WORK))
        (send or self.send)()
        self.until(lambda: self.faulty.server.is_held(AT_WORK) and self.faulty.posts() == 2)
        self.until(lambda: sorted(t["state"] for t in self.tasks_of(0)) == ["queued", "running"])
        if not is_beside_held:
            self.do(partial(self.places[1].server.release, AT_WORK))

    def go_on(self) -> None:
        """Let all tasks go on."""
        for place in self.places:
            self.do(partial(place.server.release, AT_WORK))

    def send(self, workflow: dict[str, Any] | None = None) -> None:
        """Open the page and send two tasks to each server; those of gpu-1 may be own ones."""
        self.open()
        self.send_to("gpu-2")
        if workflow is not None:
            give_workflow(self.page, json.dumps(workflow))
        self.send_to("gpu-1", "invert" if workflow is None else "own")

    def send_to(
        self, server: str, workflow: str = "invert", count: int = 2, page: Page | None = None
    ) -> None:
        """Send pictures that no other task has; to no server by name is to any."""
        page = page or self.page
        numbers = range(self.sent + 1, self.sent + 1 + count)
        self.sent += count
        files = [as_file(noise(n), f"{server}-{n}.png") for n in numbers]
        page.locator("#server-choice").select_option(value="")
        run(page, files, workflow=workflow, server=server)

    def follow(self, page: Page) -> None:
        """Count a page as ours that was opened by other means."""
        expect_ready(page)
        # Its first script ran in no document or in another one.
        page.evaluate(f"() => {NOTE_ENDS}")
        self.pages.append(page)

    @contextmanager
    def left_alone(self) -> Iterator[Desktop]:
        """Let go of a browser with a window; afterwards its first page is in front again."""
        assert self.desktop is not None
        self.desktop.let_go()
        yield self.desktop
        self.desktop.show(self.address)
        self.context = self.desktop.take()
        self.use(self.context)
        self.pages = []
        self.follow(next(page for page in self.context.pages if page.url == self.address))

    def fault(self, name: str, **parameters: Any) -> None:
        """Let something go wrong between page and gpu-1."""
        self.background.run(self.proxy.fault(name, **parameters))

    def heal(self) -> None:
        """All is well between them; what could not be known can be from now on."""
        self.background.run(self.proxy.heal())
        self.known_at[0] = time.time()

    def woken(self) -> None:
        """The page is itself again; before, it could know nothing of any server."""
        self.known_at = [time.time(), time.time()]

    def do(self, work: Callable[[], Any]) -> None:
        """Do something to a server in the thread that it lives in."""

        async def done() -> None:
            work()

        self.background.run(done())

    def until(self, condition: Callable[[], Any]) -> None:
        """Wait until something is so."""
        wait_for(self.page, condition, "what the row waits for")

    def until_idle(self) -> None:
        """Wait until gpu-1 has nothing more to do."""
        self.until(lambda: self.faulty.call("/prompt")["exec_info"]["queue_remaining"] == 0)

    def until_ended(self, count: int) -> None:
        """Wait until the pages show the ends of so many tasks."""
        try:
            self.until(lambda: len(self.shown()) == count)
        except AssertionError:
            states = [[task["state"] for task in own_tasks(page)] for page in self.pages]
            raise AssertionError(f"{len(self.shown())} of {count} ends shown: {states}") from None

    def pass_by(self, seconds: float) -> None:
        """Let the fault last; the page goes on meanwhile."""
        self.page.wait_for_timeout(seconds * 1000)

    def dials(self) -> list[str]:
        """The WebSockets that the page asked gpu-1 for."""
        return [path for _, path in self.proxy.requests if path.startswith("/ws")]

    def uploads(self) -> int:
        """How many pictures the page offered to gpu-1."""
        return self.proxy.requests.count(("POST", "/upload/image"))

    def tasks_of(self, number: int) -> list[dict[str, Any]]:
        """The pages' tasks at a server, in their order, and those that were meant for it."""
        host = urlsplit(self.address).hostname
        port = (self.proxy.port, self.places[1].server.port)[number]
        tasks = [task for page in self.pages for task in own_tasks(page)]
        meant = f"gpu-{number + 1}-"
        return [
            task
            for task in tasks
            if task["server"] == f"http://{host}:{port}"
            or (task["server"] is None and task["title"].startswith(meant))
        ]

    def shown(self) -> dict[str, float]:
        """Task id -> since when its end is shown, on the machine's clock."""
        shown: dict[str, float] = {}
        for page in self.pages:
            shown |= page.evaluate("window.endsShown")
        return {task: at - self.ahead for task, at in shown.items()}


@contextmanager
def stage(
    seat: BrowserContext | Desktop, background: Background, host: str, **settings: Any
) -> Iterator[Stage]:
    """Set the stage, and clear it."""
    places = tuple(Place(f"gpu-{number}", number, **settings) for number in (1, 2))
    for place in places:
        background.run(place.server.start())
    proxy = ChaosProxy(places[0].server.url)
    background.run(proxy.start())
    site = PageServer(
        servers=[
            {"url": f":{proxy.port}", "name": "gpu-1"},
            {"url": f":{places[1].server.port}", "name": "gpu-2"},
        ],
        root=SERVED,
    )
    background.run(site.start())
    address = site.url.replace("127.0.0.1", host)
    try:
        desktop = seat if isinstance(seat, Desktop) else None
        context = seat.take() if isinstance(seat, Desktop) else seat
        servers = (places[0], places[1])
        scene = Stage(context, background, proxy, servers, address, desktop=desktop)
        try:
            yield scene
            for watch in scene.watches:
                watch.verify()
        except BaseException:
            for console in scene.consoles:
                leave_behind(os.environ["PYTEST_CURRENT_TEST"], console)
            raise
    finally:
        background.run(site.stop())
        background.run(proxy.stop())
        for place in places:
            background.run(place.server.stop())
