"""The panel of notices: what went wrong with what was just tried, and what else happened."""

import asyncio
from typing import Any

from page.ui.dom import button, by_id, element, on_action
from page.ui.words import Sentence, Tone, Words

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
        """Subject -> the key of the notice that says what is wrong with it."""
        self._known: set[str] = set()
        on_action(self._list, lambda _action, key: self._close(key))

    def show(self, sentence: str, about: str = "", tone: Tone = "bad") -> None:
        """Show what came of what was tried; an earlier notice about the same subject is closed."""
        self.resolved(about)
        if about:
            self._about[about] = _key(sentence)
        self._show(sentence, tone)
        self._tried.add(_key(sentence))

    def resolved(self, about: str) -> None:
        """Close the notice about a subject."""
        self._close(self._about.pop(about, ""))

    def clear(self) -> None:
        """Close what `show` has shown: it is being tried again."""
        for key in self._tried:
            self._close(key)
        self._tried.clear()

    def follow(self, notices: tuple[tuple[str, Tone], ...]) -> None:
        """Show the session's notices that are new."""
        for sentence, tone in notices:
            if _key(sentence) not in self._known:
                self._show(sentence, tone)
        self._known = {_key(sentence) for sentence, _tone in notices}

    def _show(self, sentence: str, tone: Tone) -> None:
        key = _key(sentence)
        self._close(key)
        close = button("close", key, "×", aria_label=self._words.say("notice.close"))
        item = element("li", "notice", "", element("span", "", sentence), close, data_tone=tone)
        if tone == "good":
            asyncio.get_event_loop().call_later(GOOD_FOR, self._close, key)
        self._shown[key] = item
        self._list.prepend(item)

    def _close(self, key: str) -> None:
        item = self._shown.pop(key, None)
        if item is not None:
            item.remove()


def _key(sentence: str) -> str:
    """Return what a sentence is in any language."""
    return sentence.note() if isinstance(sentence, Sentence) else sentence
