"""The dialog that finds tasks sent from elsewhere: by a phrase, or by a link with it."""

from collections.abc import Callable
from typing import Any

import js

from page.ui.context import PageContext
from page.ui.dom import by_id, listen, set_text
from tether.core.events import CollectWanted
from tether.core.ids import PromptId
from tether.core.windows.owner import read_phrase, tag_of

LINK = "#collect="
"""What the hash of a link begins with; the phrase follows."""


class CollectPanel:
    """Shows this browser's phrase, and takes another's.

    Args:
        context: The page.
        phrase: This browser's own.
        known: Returns the unfinished tasks of this browser's windows.
    """

    def __init__(
        self, context: PageContext, phrase: str, known: Callable[[], frozenset[PromptId]]
    ) -> None:
        self._context = context
        self._known = known
        self._dialog = by_id("collect")
        self._typed = by_id("collect-phrase")
        self._problem = by_id("collect-problem")
        by_id("own-phrase").value = phrase
        page = js.location.href.split("#")[0]
        link = by_id("own-link")
        link.href = link.textContent = f"{page}{LINK}{phrase}"
        listen(by_id("collect-open"), "click", lambda _event: self._open(phrase))
        listen(by_id("collect-form"), "submit", self._submitted)
        listen(by_id("collect-close"), "click", lambda _event: self._dialog.close())
        if js.location.hash.startswith(LINK):
            self._open(js.location.hash.removeprefix(LINK))

    def _open(self, phrase: str) -> None:
        self._typed.value = phrase
        set_text(self._problem, "")
        self._dialog.showModal()

    def _submitted(self, event: Any) -> None:
        event.preventDefault()
        phrase = read_phrase(self._typed.value)
        if phrase is None:
            set_text(self._problem, self._context.words.say("trouble.phrase_bad"))
        else:
            self._context.emit(CollectWanted(tag_of(phrase), self._known()))
            self._dialog.close()
