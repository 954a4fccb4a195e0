"""The settings that the browser remembers: language, colours, and what becomes of tasks."""

import re
from collections.abc import Awaitable, Callable

import js

from page.ui.context import PageContext
from page.ui.dom import by_id, listen
from page.ui.words import choose_language
from tether.core.events import RebalancingChosen
from tether.runtime.ports import Records
from tether.runtime.rerun import Rerun

_NUMBER = re.compile(r"\d{1,12}(\.\d{1,9})?")

LANGUAGE_RECORD, THEME_RECORD = "language", "theme"
"""The records that `static/boot/early.js` reads, too."""

RERUN_RECORD, STEAL_RECORD = "rerun-lost", "steal"


class PageSettings:
    """Keeps the settings for all windows of the browser, which share these records."""

    def __init__(self, shared: Records) -> None:
        self._shared = shared
        self.language = choose_language(shared.read(LANGUAGE_RECORD), js.navigator.language)
        since = shared.read(RERUN_RECORD)
        self.reruns_since = float(since) if since and _NUMBER.fullmatch(since) else None
        """From when on lost tasks run again by themselves; None where that isn't wanted."""
        self.is_reloading = False
        """The page loads itself anew, which loses nothing: nobody need be asked."""

    def connect(
        self, context: PageContext, rerun: Rerun, settled: Callable[[], Awaitable[None]]
    ) -> None:
        """Let the person change them; `settled` waits until a reload finds what is chosen."""

        async def use_language(language: str) -> None:
            self._shared.write(LANGUAGE_RECORD, language)
            await settled()
            self.is_reloading = True
            js.location.reload()

        def rerun_lost(is_wanted: bool) -> None:
            rerun.rerun_from(context.world.clock.now() if is_wanted else None)
            self._shared.write(RERUN_RECORD, str(rerun.since) if is_wanted else None)

        def steal(is_wanted: bool) -> None:
            self._shared.write(STEAL_RECORD, "yes" if is_wanted else None)
            context.emit(RebalancingChosen(is_wanted))

        def use_theme(theme: str) -> None:
            self._shared.write(THEME_RECORD, theme or None)
            js.document.documentElement.dataset.theme = theme

        themes = by_id("theme")
        themes.value = js.document.documentElement.dataset.theme or ""
        listen(themes, "change", lambda _event: use_theme(str(themes.value)))
        chooser = by_id("language")
        chooser.value = self.language
        listen(chooser, "change", lambda _event: context.soon(use_language(str(chooser.value))))
        is_stealing = self._shared.read(STEAL_RECORD) == "yes"
        context.emit(RebalancingChosen(is_stealing))
        _switch("rerun-lost", self.reruns_since is not None, rerun_lost)
        _switch("steal", is_stealing, steal)


def _switch(name: str, is_on: bool, turn: Callable[[bool], None]) -> None:
    box = by_id(name)
    box.checked = is_on
    listen(box, "change", lambda _event: turn(bool(box.checked)))
