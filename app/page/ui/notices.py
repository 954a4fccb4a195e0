"""The panel of notices: what went wrong with what was just tried, and what else happened."""

import asyncio
from typing import Any

from page.ui.dom import button, by_id, element, on_action
from page.ui.words import Tone, Words

GOOD_FOR = 12.0
"""Seconds for which good news stays."""


class NoticesPanel:
    """Notices stay until they are closed or mended; a sentence is shown once."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._list = by_id("notices")
        self._shown: dict[str, Any] = {}
        self._tried: set[str] = set()
        self._about: dict[str, str] = {}
        """Subject -> the sentence that says what is wrong with it."""
        self._known: tuple[tuple[str, Tone], ...] = ()
        self._language = words.language
        on_action(self._list, lambda _action, key: self._close(key))

    def show(self, sentence: str, about: str = "") -> None:
        """Show what went wrong just now; an earlier notice about the same subject is closed."""
        self.resolved(about)
        if about:
            self._about[about] = sentence
        self._show(sentence)
        self._tried.add(sentence)

    def resolved(self, about: str) -> None:
        """Close the notice about a subject."""
        self._close(self._about.pop(about, ""))

    def clear(self) -> None:
        """Close what `show` has shown: it is being tried again."""
        for sentence in self._tried:
            self._close(sentence)
        self._tried.clear()

    def follow(self, notices: tuple[tuple[str, Tone], ...]) -> None:
        """Show the session's notices that are new, not those said again in another language."""
        if self._language != self._words.language:
            self._language, self._known = self._words.language, notices
        if notices != self._known:
            for notice in notices:
                if notice not in self._known:
                    self._show(*notice)
            self._known = notices

    def _show(self, sentence: str, tone: Tone = "bad") -> None:
        self._close(sentence)
        close = button("close", sentence, "×", aria_label=self._words.say("notice.close"))
        item = element("li", "notice", "", element("span", "", sentence), close, data_tone=tone)
        if tone == "good":
            asyncio.get_event_loop().call_later(GOOD_FOR, self._close, sentence)
        self._shown[sentence] = item
        self._list.prepend(item)

    def _close(self, sentence: str) -> None:
        item = self._shown.pop(sentence, None)
        if item is not None:
            item.remove()
