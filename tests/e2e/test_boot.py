"""The page starts, silently, from its own origin alone."""

import time
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.e2e.watch import Watch
from tools.serve import PageServer


def test_page_starts_and_says_nothing(
    watched_page: Page, watch: Watch, page_server: PageServer
) -> None:
    """Python is ready, the console is empty, and nothing was asked of another origin."""
    for visit in ("first", "second"):
        started = time.perf_counter()
        watched_page.goto(page_server.url)
        expect(watched_page.locator("html[data-ready=true]")).to_be_attached(timeout=30_000)
        print(f"{visit} visit: ready in {time.perf_counter() - started:.2f} s")

    parts = urlsplit(page_server.url)
    assert watch.origins() == {f"{parts.scheme}://{parts.netloc}"}
