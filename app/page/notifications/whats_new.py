"""What is new after an update, announced once; and the version and build of the page."""

from collections.abc import Callable

from page.ui.context import PageContext
from page.ui.dom import by_id, listen, set_text
from page.ui.parts import load_part
from tether.browser.site import meta

VERSION_RECORD = "version"
"""The record of the version that this browser had last."""


class WhatsNew:
    """Announces an update in the first window that has it, and never on a first visit."""

    def __init__(self, context: PageContext) -> None:
        self._words = context.words
        self._dialog = by_id("news")
        self._version = meta("version", "")
        say = self._words.say
        set_text(by_id("news-version"), say("news.version", version=self._version))
        listen(by_id("news-open"), "click", lambda _event: self._open())
        listen(by_id("news-close"), "click", lambda _event: self._dialog.close())
        about, build = by_id("about"), meta("build", "")
        key = "about.version" if build else "about.source"
        set_text(by_id("about-version"), say(key, version=self._version, build=build))
        listen(by_id("about-open"), "click", lambda _event: about.showModal())
        listen(by_id("about-close"), "click", lambda _event: about.close())
        kept = context.world.shared
        last = kept.read(VERSION_RECORD)
        if last != self._version:
            kept.write(VERSION_RECORD, self._version)
            if last is not None:
                context.soon(self._announce())

    async def _announce(self) -> None:
        await load_part("offer")
        from page.notifications.offer import offer

        words = self._words
        choices: dict[str, Callable[[], None]] = {
            words.say("news.open"): self._open,
            words.say("notice.close"): lambda: None,
        }
        offer(words.say("news.updated", version=self._version), choices)

    def _open(self) -> None:
        if not self._dialog.open:
            self._dialog.showModal()
