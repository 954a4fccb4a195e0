"""WebSockets of the browser."""

from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import JsException, to_js

from tether.browser.proxies import ProxyScope
from tether.core.events import (
    BinaryReceived,
    Emit,
    Event,
    FrameReceived,
    SocketClosed,
    SocketOpened,
)
from tether.core.ids import ServerUrl
from tether.core.protocol.access_token import Access
from tether.core.protocol.messages import GAUGES, LONGEST_FRAME, PREVIEW_HEAD

_OPEN = 1
_REFUSED = 1006


class BrowserSocket:
    """One attempt's socket (`static/boot/frames.mjs`): carries frames, decides nothing.

    After `SocketClosed` it emits nothing and holds no proxy.
    """

    def __init__(self, server: ServerUrl, attempt: int, url: str, emit: Emit) -> None:
        self._server = server
        self._attempt = attempt
        self._emit = emit
        self._scope = scope = ProxyScope()
        text, data = scope.proxy(self._on_text), scope.proxy(self._on_bytes)
        try:
            self._js = js.tetherSocket(url, to_js(GAUGES), PREVIEW_HEAD, LONGEST_FRAME, text, data)
        except JsException:
            scope.end()
            raise
        scope.listen(self._js, "open", self._on_open)
        scope.listen(self._js, "close", self._on_close)  # `error` adds nothing

    def send(self, text: str) -> None:
        """Send a frame; one for a socket that has just closed is dropped."""
        if self._js.readyState == _OPEN:
            self._js.send(text)

    def close(self) -> None:
        """Close; the `close` event follows."""
        self._js.close()

    def _on_open(self, _event: Any) -> None:
        self._emit(SocketOpened(self._server, self._attempt))

    def _on_text(self, text: str) -> None:
        self._emit(FrameReceived(self._server, self._attempt, text))

    def _on_bytes(self, head: Any, frame: Any) -> None:
        self._emit(BinaryReceived(self._server, self._attempt, head.to_bytes(), frame))

    def _on_close(self, event: Any) -> None:
        self._scope.end()
        self._emit(SocketClosed(self._server, self._attempt, event.code))


class BrowserSockets:
    """The sockets of a window, by server and attempt; only a token in the address goes with one."""

    def __init__(self, emit: Emit, access_of: Callable[[ServerUrl], Access | None]) -> None:
        self._emit = emit
        self._access_of = access_of
        self._open: dict[tuple[ServerUrl, int], BrowserSocket] = {}

    def open(self, server: ServerUrl, attempt: int, url: str) -> None:
        """Open a socket; one that the browser refuses (ws: from an https page) closes at once."""
        access = self._access_of(server)
        if access is not None:
            url = access.with_query(url)
        try:
            self._open[server, attempt] = BrowserSocket(server, attempt, url, self._on_event)
        except JsException as error:
            # Its message has the address, and that may have a token.
            js.console.info(f"Tether: the browser refuses a socket to {server}: {error.name}")
            self._emit(SocketClosed(server, attempt, _REFUSED))

    def send(self, server: ServerUrl, attempt: int, text: str) -> None:
        """Send a frame on a socket that is still there."""
        socket = self._open.get((server, attempt))
        if socket is not None:
            socket.send(text)

    def close(self, server: ServerUrl, attempt: int) -> None:
        """Close a socket that is still there."""
        socket = self._open.get((server, attempt))
        if socket is not None:
            socket.close()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, SocketClosed):
            self._open.pop((event.server, event.attempt), None)
        self._emit(event)
