"""Messages between the pages of one folder."""

from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import JsException

from tether.browser.proxies import ProxyScope


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
        """Send a message to all other pages."""
        if self._channel is not None:
            self._channel.postMessage(text)
