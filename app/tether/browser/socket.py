"""WebSockets of the browser."""

from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import JsException, to_js

from tether.browser.proxies import ProxyScope
from tether.core.events import BinaryReceived, Emit, FrameReceived, SocketClosed, SocketOpened
from tether.core.ids import ServerUrl
from tether.core.protocol.access_token import Access
from tether.core.protocol.messages import GAUGES, LONGEST_FRAME, PREVIEW_HEAD

_OPEN = 1
_REFUSED = 1006


class BrowserSockets:
    """The sockets of a window (`static/boot/frames.mjs`), by server and attempt.

    After `SocketClosed` a socket emits nothing and holds no proxy. Only a token in the address
    goes with one.
    """

    def __init__(self, emit: Emit, access_of: Callable[[ServerUrl], Access | None]) -> None:
        self._emit = emit
        self._access_of = access_of
        self._open: dict[tuple[ServerUrl, int], Any] = {}

    def open(self, server: ServerUrl, attempt: int, url: str) -> None:
        """Open a socket; one that the browser refuses (ws: from an https page) closes at once."""
        emit, scope = self._emit, ProxyScope()

        def on_text(text: str) -> None:
            emit(FrameReceived(server, attempt, text))

        def on_bytes(head: Any, frame: Any) -> None:
            emit(BinaryReceived(server, attempt, head.to_bytes(), frame))

        def on_close(event: Any) -> None:
            scope.end()
            del self._open[server, attempt]
            emit(SocketClosed(server, attempt, event.code))

        access = self._access_of(server)
        if access is not None:
            url = access.with_query(url)
        text, data = scope.proxy(on_text), scope.proxy(on_bytes)
        try:
            socket = js.tetherSocket(url, to_js(GAUGES), PREVIEW_HEAD, LONGEST_FRAME, text, data)
        except JsException as error:
            scope.end()
            # Its message has the address, and that may have a token.
            js.console.info(f"Tether: the browser refuses a socket to {server}: {error.name}")
            emit(SocketClosed(server, attempt, _REFUSED))
            return
        self._open[server, attempt] = socket
        scope.listen(socket, "open", lambda _event: emit(SocketOpened(server, attempt)))
        scope.listen(socket, "close", on_close)  # `error` adds nothing

    def send(self, server: ServerUrl, attempt: int, text: str) -> None:
        """Send a frame on a socket that is still open."""
        socket = self._open.get((server, attempt))
        if socket is not None and socket.readyState == _OPEN:
            socket.send(text)

    def close(self, server: ServerUrl, attempt: int) -> None:
        """Close a socket that is still there; `SocketClosed` follows."""
        socket = self._open.get((server, attempt))
        if socket is not None:
            socket.close()
