"""What the page offers quietly, above its panels.

The browser's notifications: what the person sees while the page is hidden.
"""

from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import JsException, to_js

from page.ui.dom import by_id, element, listen
from tether.browser.proxies import ProxyScope


def offer(sentence: str, choices: dict[str, Callable[[], None]]) -> None:
    """Offer something; whatever is chosen, the offer is over.

    Args:
        sentence: What it is about.
        choices: What the buttons say -> what they do; the first is the one that stands out.
    """
    box = element("div", "offer")
    box.append(element("span", "", sentence))

    def chosen(act: Callable[[], None]) -> Callable[[Any], None]:
        def handle(_event: Any) -> None:
            box.remove()
            act()

        return handle

    for number, (name, act) in enumerate(choices.items()):
        button = element("button", "quiet" if number else "", name, type="button")
        listen(button, "click", chosen(act))
        box.append(button)
    by_id("offers").append(box)


TAG = "tether"
"""A new notification takes the place of one that still stands."""


class BrowserNotifications:
    """Shows one notification at a time; a click on it brings the page forward."""

    def __init__(self) -> None:
        self._scope = ProxyScope()
        self._shown: Any = None

    def standing(self) -> str:
        """Return granted, denied or default; "" where pages can't show any.

        Plain http has none, and on Android only service workers have.
        """
        if not js.isSecureContext or not hasattr(js, "Notification"):
            return ""
        standing = str(js.Notification.permission)
        if standing == "default":
            try:
                js.Notification.new("")  # without permission nothing is shown
            except JsException:
                return ""
        return standing

    def ask(self) -> Any:
        """Ask the person; only right in a click. Returns a promise of the standing."""
        return js.Notification.requestPermission()

    def show(self, title: str, text: str) -> None:
        """Show a text, if that is still allowed."""
        self.close()
        options = to_js({"body": text, "tag": TAG}, dict_converter=js.Object.fromEntries)
        try:
            self._shown = js.Notification.new(title, options)
        except JsException as error:
            js.console.info(f"Tether: no notification: {error}")
            return
        self._scope.listen(self._shown, "click", self._clicked)

    def close(self) -> None:
        """Take it away: the person is here."""
        self._scope.end()
        if self._shown is not None:
            self._shown.close()
            self._shown = None

    def _clicked(self, _event: Any) -> None:
        js.window.focus()
