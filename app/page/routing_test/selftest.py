"""The routing test: fetched when it is asked for, and run beside the person's own tasks."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import js

from page.ui.context import PageContext
from page.ui.dom import by_id, listen
from page.ui.parts import load_part, load_text
from page.ui.words import Words
from tether.browser.http import BrowserHttp
from tether.browser.page import page_time
from tether.browser.site import is_demo
from tether.browser.socket import BrowserSockets
from tether.core.errors import Trouble
from tether.core.events import Emit
from tether.core.ids import Digest, ServerUrl
from tether.core.protocol.address import parse_server_url
from tether.runtime.access_tokens import AccessOf
from tether.runtime.clock import LoopClock, SecureChance
from tether.runtime.ports import OnAnswer

_OPTIONS = {"live": bool, "servers": list, "verbose": bool, "seed": int}


class RoutingTest:
    """`runWebSocketRoutingFixTest`, and its button; it only reads the window's list of servers."""

    def __init__(self, context: PageContext, access_of: AccessOf) -> None:
        self._window = context.window
        self._page_words = context.words
        self._access_of = access_of
        self._words: Words | None = None
        self._running: asyncio.Task[dict[str, Any]] | None = None
        self._start = by_id("routing-start")
        listen(by_id("routing-open"), "click", lambda _event: self.show())
        listen(self._start, "click", lambda _event: self.start())
        listen(by_id("routing-close"), "click", lambda _event: by_id("routing-test").close())

    def show(self) -> None:
        """Show the dialog: what the test does, and its report if it has run."""
        dialog = by_id("routing-test")
        if not dialog.open:
            dialog.showModal()

    def start(self) -> None:
        """Run the test in its dialog."""
        self.show()
        if self._running is None:
            self._start.disabled = True
            self._running = asyncio.ensure_future(self.run())
            self._running.add_done_callback(self._done)

    async def run(self, options: Any = None) -> dict[str, Any]:
        """Play all scenes, then run a tiny task on each server.

        Args:
            options: `{live, servers, verbose, seed}`, a JS object; all may be left out. `live`
                is on where there are servers; `servers` are addresses, else all of the page's.

        Returns:
            `{passed, summary, scenes, live, environment}`, plain.

        Raises:
            ValueError: An option is wrong; says in the page's words which.
        """
        given = self._read(options)
        words = await self._load()
        from page.routing_test.live import Live
        from page.routing_test.panel import ReportPanel
        from page.routing_test.report import SEED, play_all, summary

        seed = given.get("seed", SEED)
        report = ReportPanel(words, given.get("verbose", False))
        scenes = await play_all(words.say, seed, report.scene)
        servers = self._servers(given)
        live: list[dict[str, Any]] = []
        if servers:
            report.begin_live()
            chance, explain = SecureChance(), self._page_words.trouble
            live = await Live(servers, self._make, chance, words.say, explain).run()
        result = {
            "passed": all(each["passed"] for each in (*scenes, *live)),
            "summary": summary(words.say, scenes, live),
            "scenes": scenes,
            "live": live,
            "environment": {
                "page": str(js.location.href),
                "isSecure": bool(js.isSecureContext),
                "browser": str(js.navigator.userAgent),
                "language": words.language,
                "python": sys.version.split()[0],
                "seed": seed,
                "at": str(js.Date.new().toISOString()),
            },
        }
        report.end(result)
        return result

    def _done(self, running: asyncio.Task[dict[str, Any]]) -> None:
        self._running = None
        self._start.disabled = False
        error = running.exception()
        if error is not None:
            by_id("routing-summary").textContent = f"{type(error).__name__}: {error}"
            raise error

    def _read(self, options: Any) -> dict[str, Any]:
        given = options.to_py() if hasattr(options, "to_py") else options
        if given is None:
            return {}
        if not isinstance(given, dict):
            raise self._refusal(given)
        for name, value in given.items():
            kind = _OPTIONS.get(name)
            if kind is None or not isinstance(value, kind):
                raise self._refusal(f"{name}: {value}")
        return given

    def _refusal(self, option: object) -> ValueError:
        return ValueError(self._page_words.trouble(Trouble.of("selftest_option", option=option)))

    def _servers(self, given: dict[str, Any]) -> dict[ServerUrl, str]:
        if not given.get("live", not is_demo()):
            return {}  # the demo's servers are those of the scenes
        servers = self._window.servers.values()
        known = {each.url: each.name for each in servers if not each.is_leaving}
        if "servers" not in given:
            return known
        urls = [parse_server_url(str(typed), js.location.href) for typed in given["servers"]]
        return {url: known.get(url, "") for url in urls}

    def _make(
        self, emit: Emit, on_answer: OnAnswer
    ) -> tuple[LoopClock, BrowserSockets, BrowserHttp]:
        access_of = self._access_of
        http = BrowserHttp(on_answer, _no_file, access_of, _no_turn)
        return LoopClock(emit, page_time()), BrowserSockets(emit, access_of), http

    async def _load(self) -> Words:
        language = self._page_words.language
        if self._words is None or self._words.language != language:
            await load_part("servers", "routing_test")
            text = await load_text(f"./static/i18n/routing-test.{language}.json")
            self._words = Words(text, language)
        return self._words


async def _no_file(_digest: Digest, _is_needed: bool) -> None:
    """The test uploads nothing."""


async def _no_turn(_server: ServerUrl) -> Callable[[], None]:
    """The test sends nothing large."""
    return lambda: None
