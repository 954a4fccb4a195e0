"""The dialog that finds tasks sent from elsewhere: by a phrase, or by a link with it."""

from typing import Any

import js

from page.ui.dom import by_id, listen, set_text
from page.ui.words import Words
from tether.client import Tether
from tether.core.errors import TetherError

LINK = "#collect="
"""What the hash of a link begins with; the phrase follows."""


class CollectPanel:
    """Shows this browser's phrase, and takes another's."""

    def __init__(self, words: Words, tether: Tether) -> None:
        self._words = words
        self._tether = tether
        self._dialog = by_id("collect")
        self._typed = by_id("collect-phrase")
        self._problem = by_id("collect-problem")
        self._show_own()
        listen(by_id("collect-open"), "click", lambda _event: self._open(tether.phrase))
        listen(by_id("collect-form"), "submit", self._submitted)
        listen(by_id("collect-close"), "click", lambda _event: self._dialog.close())

    def follow_link(self) -> None:
        """Collect by the phrase in the page's address; without a server it waits for a press."""
        if js.location.hash.startswith(LINK):
            self._open(js.location.hash.removeprefix(LINK))
            if self._tether.window.servers:
                self._collect()

    def _show_own(self) -> None:
        phrase, page = self._tether.phrase, js.location.href.split("#")[0]
        by_id("own-phrase").value = phrase
        link = by_id("own-link")
        link.href = link.textContent = f"{page}{LINK}{phrase}"

    def _open(self, typed: str) -> None:
        self._show_own()
        self._typed.value = typed
        set_text(self._problem, "")
        self._dialog.showModal()

    def _submitted(self, event: Any) -> None:
        event.preventDefault()
        self._collect()

    def _collect(self) -> None:
        try:
            self._tether.collect(str(self._typed.value))
        except TetherError as error:
            set_text(self._problem, self._words.trouble(error.trouble))
        else:
            self._dialog.close()
