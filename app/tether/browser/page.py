"""What the browser does with the page: hides it, freezes it, brings it back."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import js

from tether.browser.proxies import ProxyScope
from tether.core.events import Emit, PageChange, PageChanged


class BrowserPage:
    """Tells when the network or the person comes back, and when the whole page sleeps and wakes.

    Args:
        emit: Is told of the network and the person.
        on_leave: The page is frozen, put into the browser's cache, or ends.
        on_back: It goes on after that.
        is_needed: Says whether something would be lost, or stand still, without this page.
    """

    def __init__(
        self,
        emit: Emit,
        on_leave: Callable[[], None],
        on_back: Callable[[], Awaitable[None]],
        is_needed: Callable[[], bool],
    ) -> None:
        self._emit = emit
        self._on_leave = on_leave
        self._on_back = on_back
        self._is_needed = is_needed
        self._is_asleep = False
        self._scope = ProxyScope()
        self._scope.listen(js.window, "online", self._on_online)
        self._scope.listen(js.window, "pagehide", self._on_sleep)
        self._scope.listen(js.window, "pageshow", self._on_wake)
        self._scope.listen(js.document, "freeze", self._on_sleep)
        self._scope.listen(js.document, "resume", self._on_wake)
        self._scope.listen(js.window, "beforeunload", self._on_unload)
        self._scope.listen(js.document, "visibilitychange", self._on_visibility)
        if js.document.visibilityState != "visible":
            self._emit(PageChanged(PageChange.HIDDEN))

    def _on_online(self, _event: Any) -> None:
        self._emit(PageChanged(PageChange.ONLINE))

    def _on_sleep(self, _event: Any) -> None:
        # On its way into the cache a page is hidden and frozen: one sleep, one awakening.
        if not self._is_asleep:
            self._is_asleep = True
            self._on_leave()

    def _on_wake(self, _event: Any) -> None:
        if self._is_asleep:
            self._is_asleep = False
            self._awakening = asyncio.ensure_future(self._on_back())

    def _on_visibility(self, _event: Any) -> None:
        is_seen = js.document.visibilityState == "visible"
        self._emit(PageChanged(PageChange.VISIBLE if is_seen else PageChange.HIDDEN))

    def _on_unload(self, event: Any) -> None:
        """Let the browser ask whether the person really wants to leave; it has its own words."""
        if self._is_needed():
            event.preventDefault()
