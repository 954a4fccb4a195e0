"""What a person chooses once and the browser remembers: the language, and losses made good."""

from collections.abc import Callable

import js

from app.runtime.ports import Records
from app.runtime.repetition import Repetition
from app.ui.words import choose_language

LANGUAGE, RERUN_LOST = "language", "rerun-lost"
"""The records; `static/boot/early.js` reads the first."""


class Choices:
    """Keeps choices for all windows of the browser.

    Args:
        kept: What they share.
    """

    def __init__(self, kept: Records) -> None:
        self._kept = kept
        self.language = choose_language(kept.read(LANGUAGE), js.navigator.language)
        self.reruns_lost = kept.read(RERUN_LOST) == "yes"

    def use_language(self, language: str) -> None:
        """Show the page in another language."""
        self._kept.write(LANGUAGE, language)
        js.location.reload()

    def rerun_lost(self, again: Repetition, repaint: Callable[[], None]) -> Callable[[bool], None]:
        """Return what sets whether lost tasks run again by themselves."""

        def choose(is_wanted: bool) -> None:
            again.is_automatic = is_wanted
            self._kept.write(RERUN_LOST, "yes" if is_wanted else None)
            repaint()

        return choose
