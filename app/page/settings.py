"""What a person chooses once and the browser remembers: the language, losses made good, moves."""

import re
from collections.abc import Awaitable, Callable

import js

from page.page import Switch
from page.ui.words import choose_language
from tether.core.events import Emit, RebalancingChosen
from tether.runtime.ports import Records
from tether.runtime.rerun import Repetition

_NUMBER = re.compile(r"\d{1,12}(\.\d{1,9})?")

LANGUAGE, RERUN_LOST, STEAL = "language", "rerun-lost", "steal"
"""The records; `static/boot/early.js` reads the first."""


class Choices:
    """Keeps choices for all windows of the browser.

    Args:
        kept: What they share.
        now: Tells the time.
    """

    def __init__(self, kept: Records, now: Callable[[], float]) -> None:
        self._kept = kept
        self.language = choose_language(kept.read(LANGUAGE), js.navigator.language)
        self._now = now
        since = kept.read(RERUN_LOST)
        self.reruns_since = float(since) if since and _NUMBER.fullmatch(since) else None
        """From when on lost tasks run again by themselves; None where that isn't wanted."""
        self._is_stealing = kept.read(STEAL) == "yes"

    async def use_language(self, language: str, settled: Callable[[], Awaitable[None]]) -> None:
        """Show the page in another language, once what is chosen on it is kept."""
        self._kept.write(LANGUAGE, language)
        await settled()
        js.location.reload()

    def switches(
        self, again: Repetition, emit: Emit, repaint: Callable[[], None]
    ) -> tuple[Switch, ...]:
        """Return what a person may turn on: lost tasks run again, waiting ones move."""

        def rerun_lost(is_wanted: bool) -> None:
            again.since = self._now() if is_wanted else None
            self._kept.write(RERUN_LOST, str(again.since) if is_wanted else None)
            repaint()

        def steal(is_wanted: bool) -> None:
            self._kept.write(STEAL, "yes" if is_wanted else None)
            emit(RebalancingChosen(is_wanted))

        emit(RebalancingChosen(self._is_stealing))
        return (
            Switch("rerun-lost", again.since is not None, rerun_lost),
            Switch("steal", self._is_stealing, steal),
        )
