"""The panel of servers."""

from collections.abc import Callable
from typing import Any

from app.ui.dom import Rows, by_id, element, listen, on_action, set_text
from app.ui.view import ServerRow
from app.ui.words import Words


class ServersPanel:
    """A card a server, and a form to add one.

    Args:
        words: The page's language.
        on_add: Called with what was typed; returns what is wrong with it, or "".
        on_action: Called with `remove` or `ask`, and the server's address.
    """

    def __init__(
        self, words: Words, on_add: Callable[[str], str], handle: Callable[[str, str], None]
    ) -> None:
        self._words = words
        self._on_add = on_add
        self._address = by_id("server-address")
        self._problem = by_id("server-problem")
        self._none = by_id("server-none")
        self._rows = Rows(by_id("servers"), self._make, self._change)
        listen(by_id("server-form"), "submit", self._submitted)
        on_action(by_id("servers"), handle)

    def show(self, rows: tuple[ServerRow, ...]) -> None:
        """Show these servers."""
        self._rows.show({row.url: row for row in rows})
        self._none.hidden = bool(rows)

    def _submitted(self, event: Any) -> None:
        event.preventDefault()
        problem = self._on_add(self._address.value)
        set_text(self._problem, problem)
        if not problem:
            self._address.value = ""

    def _make(self, url: str) -> dict[str, Any]:
        words = self._words
        card = element("li", "server card")
        card.dataset.server = url
        parts: dict[str, Any] = {"card": card}
        head = element("div", "head")
        for name in ("name", "state"):
            parts[name] = element("span", name)
            head.append(parts[name])
        card.append(head)
        for name in ("queue", "socket", "facts", "url", "trouble"):
            parts[name] = element("p", name)
            card.append(parts[name])
        set_text(parts["url"], url)
        buttons = element("div", "buttons")
        for action in ("ask", "remove"):
            button = element("button", "quiet", words.say(f"server.{action}"), type="button")
            button.dataset.action, button.dataset.key = action, url
            buttons.append(button)
        card.append(buttons)
        return parts

    def _change(self, parts: dict[str, Any], row: ServerRow) -> None:
        parts["card"].dataset.tone = row.tone
        for name in ("name", "state", "queue", "socket", "facts", "trouble"):
            set_text(parts[name], getattr(row, name))
        parts["url"].hidden = row.url.endswith(f"//{row.name}")
