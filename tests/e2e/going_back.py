"""A person leaves the page and returns, as the browser's own button does."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserType, Page

from tests.e2e.farm import expect_ready, until

TIMES = 8
"""How often a person leaves and returns before the browser is thought to keep no page at all."""

IS_SETTLED = """!document.querySelector("meta[name='tether:build']") || !isSecureContext
    || navigator.serviceWorker.controller !== null"""
"""Whether a first visit's service worker is there: Chromium keeps no page that leaves just as it
takes the page over (`JavaScriptExecution`)."""


@contextmanager
def keeping_browser(browser_type: BrowserType, launch: dict[str, Any]) -> Iterator[Browser]:
    """A whole Chromium, which keeps pages asleep that are left."""
    # All pages of a process sleep, or none: here each tab has its own.
    args = [each for each in launch["args"] if each != "--process-per-site"]
    options = {**launch, "args": args, "ignore_default_args": ["--disable-back-forward-cache"]}
    with browser_type.launch(**options) as browser:
        yield browser


def go_back(page: Page) -> None:
    """Go to the page before, as the browser's own button does.

    Later, not at once: the call must be answered before the page that answers is gone.
    """
    page.evaluate("() => { setTimeout(() => history.back(), 100) }")


def leave_and_return(
    page: Page, elsewhere: str, meanwhile: Callable[[], None] = lambda: None
) -> None:
    """The person follows a link and returns: the browser kept the page asleep meanwhile.

    Chromium may drop a sleeping page at any time, and loads it anew then: they go once more.
    """
    dropped: list[Any] = []
    devtools = page.context.new_cdp_session(page)
    devtools.send("Page.enable")
    devtools.on("Page.backForwardCacheNotUsed", lambda event: dropped.append(event))
    left = page.url
    for _ in range(TIMES):
        until(page, IS_SETTLED)
        page.evaluate("addEventListener('pageshow', (it) => { window.isKept = it.persisted })")
        page.goto(elsewhere)
        meanwhile()
        go_back(page)
        until(page, f"location.href === {json.dumps(left)}")
        if not dropped:
            break
        expect_ready(page)
        reasons = [each["reason"] for each in dropped.pop()["notRestoredExplanations"]]
        print(f"Chromium kept no page: {reasons}")
    else:
        raise AssertionError("Chromium keeps no page")
    until(page, "window.isKept === true")
    devtools.detach()
