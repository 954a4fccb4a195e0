"""A tab that one browser test after the other uses, so that Python is compiled once a worker.

A renderer process keeps what WebAssembly was compiled to; every new tab has a new process.
"""

from collections.abc import Callable
from typing import Any, NoReturn

from playwright.sync_api import BrowserContext, Dialog, Page, Request

from tools.dev.serve import PageServer

KEPT_OF_A_VISIT = "cookies,indexeddb,local_storage"
"""What a test leaves behind. The service worker and its files stay, as on any second visit."""

FOR_EVER = "this would change the tab for all tests after: mark the test `fresh_tab`"


def leave_anyway(context: BrowserContext) -> None:
    """Say yes whenever the browser asks whether to leave a page that still has something.

    What the page itself asks is the test's to answer.
    """

    def answer(dialog: Dialog) -> None:
        if dialog.type == "beforeunload":
            dialog.accept()

    context.on("dialog", answer)


class WarmTab:
    """Lends a tab with empty storage, and takes it back: all else that a test did is undone.

    Args:
        new_context: Opens a browser context.
        site: The page that nearly all tests open: its address is the same in all of them.
    """

    def __init__(self, new_context: Callable[[], BrowserContext], site: PageServer) -> None:
        self._new_context = new_context
        self._site = site
        self._page: Page | None = None
        self._heard: list[tuple[str, Any]] = []
        self._origins: set[str] = set()

    def lend(self) -> Page:
        """Return the tab."""
        page = self._page
        if page is None or page.is_closed():
            page = self._page = self._opened()
        return page

    def take_back(self) -> None:
        """Close every other tab, forget what was stored, and listen no more."""
        page = self._page
        if page is None or page.is_closed():
            self._page = None
            return
        context = page.context
        for other in context.pages:
            if other is not page:
                other.close()
        context.set_offline(False)
        for routed in (context, page):
            routed.unroute_all()
        context.clear_permissions()
        for event, listener in self._heard:
            page.remove_listener(event, listener)
        self._heard.clear()
        # The tab's own storage can be emptied from a document of the same origin alone.
        page.goto(f"{self._site.url}servers.json")
        page.evaluate("() => { sessionStorage.clear(); window.name = ''; }")
        page.goto("about:blank")
        session = context.new_cdp_session(page)
        for origin in self._origins:
            what = {"origin": origin, "storageTypes": KEPT_OF_A_VISIT}
            session.send("Storage.clearDataForOrigin", what)
        session.detach()
        self._origins.clear()
        page.set_viewport_size({"width": 1280, "height": 720})

    def close(self) -> None:
        """Close the tab and its context."""
        if self._page is not None:
            self._page.context.close()

    def _opened(self) -> Page:
        context = self._new_context()
        context.on("request", self._note_origin)
        page = context.new_page()
        listen = page.on

        def on(event: Any, listener: Any) -> None:
            self._heard.append((event, listener))
            listen(event, listener)

        page.on = on  # type: ignore[method-assign]
        page.add_init_script = page.route_web_socket = refuse  # type: ignore[method-assign]
        context.add_init_script = refuse  # type: ignore[method-assign]
        return page

    def _note_origin(self, request: Request) -> None:
        if request.is_navigation_request():
            self._origins.add("/".join(request.url.split("/", 3)[:3]))


def refuse(*_: object, **__: object) -> NoReturn:
    """Say no to what can't be undone."""
    raise AssertionError(FOR_EVER)
