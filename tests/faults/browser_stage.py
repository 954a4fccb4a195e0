"""The stage of a row that is about pages in a browser."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.background import Background
from tests.e2e.built import SERVED
from tests.e2e.failures import Console, leave_behind
from tests.e2e.farm import (
    as_file,
    expect_ready,
    give_workflow,
    lock,
    noise,
    open_page,
    own_tasks,
    run,
    wait_for,
)
from tests.e2e.watch import Watch, report_violations
from tests.faults.desktop import Desktop
from tests.faults.stage import Stage, network
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


@dataclass
class BrowserStage(Stage):
    """A stage with tabs of a page."""

    context: BrowserContext
    address: str
    desktop: Desktop | None = None
    pages: list[Page] = field(default_factory=list)
    ahead: float = 0.0
    """Seconds that the browser's clock is ahead of the machine's."""
    watches: list[Watch] = field(default_factory=list)
    consoles: list[Console] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.use(self.context)

    @property
    def page(self) -> Page:
        """The page that it is about; rows with several name the others."""
        return self.pages[0]

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

    def send_to(
        self,
        server: str,
        workflow: dict[str, Any] | None = None,
        count: int = 2,
        page: Page | None = None,
    ) -> None:
        """Send pictures as a person does, in the first page or this one."""
        page = page or self.page
        numbers = range(self.sent + 1, self.sent + 1 + count)
        self.sent += count
        files = [as_file(noise(n), f"{server}-{n}.png") for n in numbers]
        page.locator("#server-choice").select_option(value="")
        if workflow is not None:
            give_workflow(page, json.dumps(workflow))
        run(page, files, workflow="invert" if workflow is None else "own", server=server)

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

    def woken(self) -> None:
        """The page is itself again; before, it could know nothing of any server."""
        self.known_at = [time.time(), time.time()]

    def until(self, condition: Callable[[], Any]) -> None:
        wait_for(self.page, condition, "what the row waits for")

    def until_told(self, words: str) -> None:
        expect(self.page.get_by_text(words)).not_to_have_count(0)

    def look_again(self) -> None:
        self.page.evaluate("dispatchEvent(new Event('online'))")

    def pass_by(self, seconds: float) -> None:
        self.page.wait_for_timeout(seconds * 1000)

    def tasks(self) -> list[dict[str, Any]]:
        return [task for page in self.pages for task in own_tasks(page)]

    def locks(self) -> list[Any]:
        return [held for page in self.pages if (held := lock(page)) is not None]

    def shown(self) -> dict[str, float]:
        shown: dict[str, float] = {}
        for page in self.pages:
            shown |= page.evaluate("window.endsShown")
        return {task: at - self.ahead for task, at in shown.items()}


@contextmanager
def browser_stage(
    seat: BrowserContext | Desktop, background: Background, host: str, **settings: Any
) -> Iterator[BrowserStage]:
    """Set the stage, and clear it."""
    with network(background, **settings) as (places, proxy):
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
            scene = BrowserStage(background, proxy, places, host, context, address, desktop)
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
