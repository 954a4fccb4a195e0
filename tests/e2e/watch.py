"""Listens to all that a browser context complains about or asks for."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError, WebSocket

COMPLAINTS = ("warning", "error", "assert")

# Chromium logs violations of the policy too, but only those it deems worth it.
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`));
"""


def report_violations(context: BrowserContext) -> None:
    """Let all pages that come log each violation of their policy."""
    context.add_init_script(REPORT_VIOLATIONS)


class Watch:
    """Everything that the pages of one context logged and requested, in order.

    `problems` are console warnings and errors, exceptions nobody caught and
    violations of the content security policy. `requests` are URLs, WebSockets
    included; data: and blob: stay inside the page and are not listed. A built site's service
    worker fetches the whole page once it stands: that is in `kept`. `stop` when nobody looks
    any more; of violations only pages hear that came after `report_violations`.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.problems: list[str] = []
        self.requests: list[str] = []
        self.kept: list[str] = []
        self._expected: list[str] = []
        self._allowed: list[str] = []
        self._context = context
        self._listeners: dict[str, Callable[[Any], None]] = {
            "console": self._on_console,
            "weberror": self._on_error,
            "request": self._on_request,
            "page": self._on_page,
        }
        for event, listener in self._listeners.items():
            context.on(event, listener)  # type: ignore[call-overload]
        for page in context.pages:
            self._on_page(page)

    def stop(self) -> None:
        """Listen no more."""
        for event, listener in self._listeners.items():
            self._context.remove_listener(event, listener)

    def expect(self, pattern: str) -> None:
        """Declare a problem, by regular expression, that this test is about.

        It may come any number of times, but must come.
        """
        self._expected.append(pattern)

    def allow(self, pattern: str) -> None:
        """Declare a problem that may or may not come, since it is a matter of timing."""
        self._allowed.append(pattern)

    def origins(self) -> set[str]:
        """All origins that were asked, as `scheme://host:port`."""
        parts = [urlsplit(url) for url in (*self.requests, *self.kept)]
        return {f"{part.scheme}://{part.netloc}" for part in parts}

    def is_content(self) -> bool:
        """Tell whether there was no problem but those that the test expects, and all of them."""
        return not self._unexpected() and not self._missing()

    def verify(self) -> None:
        """Fail on a problem that was not expected, or an expected one that did not come."""
        assert not self._unexpected(), f"the page complained: {self._unexpected()}"
        assert not self._missing(), f"the page should have complained of {self._missing()}"

    def _unexpected(self) -> list[str]:
        known = (*self._expected, *self._allowed)
        return [each for each in self.problems if not any(re.search(k, each) for k in known)]

    def _missing(self) -> list[str]:
        return [
            pattern
            for pattern in self._expected
            if not any(re.search(pattern, problem) for problem in self.problems)
        ]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in COMPLAINTS:
            where = message.location.get("url", "")
            self.problems.append(f"console.{message.type}: {message.text} ({where})")

    def _on_error(self, error: WebError) -> None:
        self.problems.append(f"uncaught: {error.error}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")):
            (self.kept if request.service_worker else self.requests).append(request.url)

    def _on_page(self, page: Page) -> None:
        page.on("websocket", self._on_socket)

    def _on_socket(self, socket: WebSocket) -> None:
        self.requests.append(socket.url)
