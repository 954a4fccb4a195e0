"""Offers above the panels, and the browser's notifications, which one of them is about."""

from collections.abc import Callable
from functools import partial
from typing import Any

import js
from pyodide.ffi import JsException

from page.ui.dom import by_id, element, listen
from tether.browser.proxies import ProxyScope
from tether.browser.values import to_object


def offer(sentence: str, choices: dict[str, Callable[[], None]]) -> Callable[[], None]:
    """Offer a choice of buttons, the first one prominent; any of them closes the offer.

    Returns what takes it back.
    """
    box = element("div", "offer", "", element("span", "", sentence))

    def chosen(act: Callable[[], None], _event: Any) -> None:
        box.remove()
        act()

    for number, (name, act) in enumerate(choices.items()):
        button = element("button", "quiet" if number else "", name, type="button")
        listen(button, "click", partial(chosen, act))
        box.append(button)
    by_id("offers").append(box)
    return box.remove  # type: ignore[no-any-return] # of JavaScript


class BrowserNotifications:
    """Shows one notification at a time; a click on it brings the page forward."""

    def __init__(self) -> None:
        self._scope = ProxyScope()
        self._shown: Any = None

    def permission(self) -> str:
        """Return granted, denied or default; "" where pages can't show any.

        On plain http none can, and on Android only service workers can.
        """
        if not js.isSecureContext or not hasattr(js, "Notification"):
            return ""
        permission = str(js.Notification.permission)
        if permission == "default":
            try:
                js.Notification.new("")  # without permission nothing is shown
            except JsException:
                return ""
        return permission

    def ask(self) -> Any:
        """Ask the person, which browsers allow in a click alone; return a promise of the answer."""
        return js.Notification.requestPermission()

    def show(self, title: str, text: str) -> None:
        """Show a text, if the person still allows it."""
        self.close()
        # It replaces an earlier one of the same tag.
        options = to_object({"body": text, "tag": "tether"})
        try:
            self._shown = js.Notification.new(title, options)
        except JsException as error:
            js.console.info(f"Tether: no notification: {error}")
            return
        self._scope.listen(self._shown, "click", lambda _event: js.window.focus())

    def close(self) -> None:
        """Remove the notification: the person is here."""
        self._scope.end()
        if self._shown is not None:
            self._shown.close()
            self._shown = None
