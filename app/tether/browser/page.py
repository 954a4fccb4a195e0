"""The page's life in the browser, its time, and its messages to the other pages of its folder."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import js
from pyodide.ffi import JsException

from tether.browser.proxies import ProxyScope
from tether.core.events import Emit, PageChange, PageChanged


def page_time() -> Callable[[], float]:
    """Return a clock: the wall clock when the page opened, counted on monotonically, in seconds.

    Source: HTML, `performance.timeOrigin + performance.now()`.
    """
    origin, performance = js.performance.timeOrigin, js.performance
    return lambda: float(origin + performance.now()) / 1000


class BrowserPage:
    """Listens to `window` and `document` for as long as the page lives."""

    def __init__(self) -> None:
        self._scope = ProxyScope()
        self._is_asleep = False

    def restart(self) -> None:
        js.location.reload()

    def listen(
        self, emit: Emit, on_sleep: Callable[[], None], on_wake: Callable[[], Awaitable[None]]
    ) -> None:

        def sleep(_event: Any) -> None:
            # On its way into the cache a page is hidden and frozen: one sleep, one awakening.
            if not self._is_asleep:
                self._is_asleep = True
                on_sleep()

        def wake(_event: Any) -> None:
            if self._is_asleep:
                self._is_asleep = False
                self._awakening = asyncio.ensure_future(on_wake())

        def change_visibility(_event: Any) -> None:
            emit(PageChanged(PageChange.VISIBLE if _is_visible() else PageChange.HIDDEN))

        listen = self._scope.listen
        listen(js.window, "online", lambda _event: emit(PageChanged(PageChange.ONLINE)))
        listen(js.window, "pagehide", sleep)
        listen(js.window, "pageshow", wake)
        listen(js.document, "freeze", sleep)
        listen(js.document, "resume", wake)
        listen(js.document, "visibilitychange", change_visibility)
        if not _is_visible():
            emit(PageChanged(PageChange.HIDDEN))

    def ask_before_leaving(self, is_needed: Callable[[], bool]) -> None:
        """Let the browser ask, in its own words, before a person closes a page that is needed."""

        def on_unload(event: Any) -> None:
            if is_needed():
                event.preventDefault()

        self._scope.listen(js.window, "beforeunload", on_unload)


def _is_visible() -> bool:
    return bool(js.document.visibilityState == "visible")


class BrowserChannel:
    """A BroadcastChannel, which insecure pages have too; silent where the browser forbids it."""

    def __init__(self, name: str) -> None:
        self._scope = ProxyScope()
        self._channel: Any = None
        try:
            self._channel = js.BroadcastChannel.new(name)
        except JsException as error:
            js.console.info(f"Tether: no BroadcastChannel: {error}")

    def listen(self, on_text: Callable[[str], None]) -> None:
        """Call a function with each message of another page, for as long as this one lives."""

        def on_message(event: Any) -> None:
            if isinstance(event.data, str):
                on_text(event.data)

        if self._channel is not None:
            self._scope.listen(self._channel, "message", on_message)

    def post(self, text: str) -> None:
        if self._channel is not None:
            self._channel.postMessage(text)
