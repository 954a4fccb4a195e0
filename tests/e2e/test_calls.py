"""Calls to servers, as the browser makes them."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import Any

from playwright.sync_api import Page, Route

from tests.e2e.farm import open_page
from tests.e2e.watch import Watch
from tools.dev.serve import PageServer

BUSY = "http://busy.test:8188/prompt"
CALL = """(url) => new Promise((tell) =>
  tetherCall(url, {}, 30, 1000, 7, (...told) => tell(told)))"""


def busy(after: str, route: Route) -> None:
    """Answer as a server that is busy."""
    headers = {"Retry-After": after, "Access-Control-Allow-Origin": "*"}
    headers["Access-Control-Expose-Headers"] = "Retry-After"
    route.fulfill(status=429, headers=headers, body="no")


def test_a_server_says_for_how_long_it_wants_to_be_left_alone(
    watched_page: Page, watch: Watch, page_server: PageServer
) -> None:
    """As seconds or as a date; nonsense is no wish."""
    watch.expect("status of 429")
    open_page(watched_page, page_server.url)
    date = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    for after, shortest, longest in (
        *(("7", 7, 7), (" 120 ", 120, 120), (date, 3000, 3600)),
        *(("soon", 0, 0), ("-5", 0, 0), ("", 0, 0)),
    ):
        watched_page.route(BUSY, partial(busy, after))
        told: list[Any] = watched_page.evaluate(CALL, BUSY)
        watched_page.unroute(BUSY)
        assert told[:3] == [7, 429, "no"]
        assert shortest <= told[4] <= longest, after
