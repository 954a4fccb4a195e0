"""What the page says of itself: what is new, once after an update, and what it is made of."""

from collections.abc import Callable
from typing import Any

import js
from pyscript import config

from page.ui.dom import by_id, listen
from page.ui.words import Words
from tether.browser.site import meta
from tether.runtime.ports import Records

RECORD = "version"
"""The record of the version that this browser last had."""


class News:
    """Tells of an update in the first window that has it, and never on a first visit.

    Args:
        kept: Where the last version is kept, for all windows.
        words: The page's language.
        soon: Runs work that nobody waits for.
    """

    def __init__(self, kept: Records, words: Words, soon: Callable[[Any], None]) -> None:
        self._words = words
        self._dialog = by_id("news")
        self._version = meta("version", "")
        by_id("news-version").textContent = words.say("news.version", version=self._version)
        listen(by_id("news-open"), "click", lambda _event: self._open())
        listen(by_id("news-close"), "click", lambda _event: self._dialog.close())
        self._tell_about()
        last = kept.read(RECORD)
        if last != self._version:
            kept.write(RECORD, self._version)
            if last is not None:
                soon(self._tell())

    async def _tell(self) -> None:
        await js.tetherLoadPython(*config["lazy"]["offer"])
        from page.notifications.offer import offer

        words = self._words
        choices = {words.say("news.open"): self._open, words.say("notice.close"): lambda: None}
        offer(words.say("news.updated", version=self._version), choices)

    def _tell_about(self) -> None:
        about, build = by_id("about"), meta("build", "")
        by_id("about-version").textContent = self._words.say(
            "about.version" if build else "about.source", version=self._version, build=build
        )
        listen(by_id("about-open"), "click", lambda _event: about.showModal())
        listen(by_id("about-close"), "click", lambda _event: about.close())

    def _open(self) -> None:
        if not self._dialog.open:
            self._dialog.showModal()
