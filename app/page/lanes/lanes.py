"""The picture of who has what: recorded always, fetched and drawn while its panel is open."""

import asyncio
from collections.abc import Callable
from typing import Any

import js
from pyscript import config

from page.lanes.lifeline import Lifelines
from page.ui.dom import by_id, listen
from page.ui.words import Words
from tether.core.model.window import Window
from tether.core.windows.ledger import read_ledger
from tether.runtime.ports import World
from tether.runtime.runner import Runner

PAUSE = 1.0
"""Seconds between two drawings."""


class Lanes:
    """Draws on change, and each second while something lives; never while nobody can see it.

    Args:
        window: What is shown.
        runner: Tells of each step.
        world: The time, and what other windows have.
        words: The page's language.
        soon: Runs work that nobody waits for.
    """

    def __init__(
        self,
        window: Window,
        runner: Runner,
        world: World,
        words: Words,
        soon: Callable[[Any], None],
    ) -> None:
        self._window = window
        self._world = world
        self._words = words
        self._lifelines = Lifelines(window)
        runner.listeners.append(self._lifelines.note)
        self._panel: Any = None
        self._pause: asyncio.TimerHandle | None = None
        self._is_stale = False
        self._details = by_id("lanes")
        listen(self._details, "toggle", lambda _event: soon(self._toggled()))

    def changed(self) -> None:
        """Draw, or after the pause when something was drawn just now."""
        if self._pause is not None:
            self._is_stale = True
        elif self._is_seen():
            self._draw()

    def _is_seen(self) -> bool:
        is_open = self._panel is not None and bool(self._details.open)
        return is_open and js.document.visibilityState == "visible"

    async def _toggled(self) -> None:
        if not self._details.open:
            if self._panel is not None:
                self._panel.clear()
            return
        if self._panel is None:
            await js.tetherLoadPython(*config["lazy"]["lanes"])
            from page.lanes.panel import LanesPanel

            if self._panel is None:  # opened twice while it was fetched
                self._panel = LanesPanel(self._words, self._details, self._draw)
                # What other windows enter in the ledger is told to all but themselves.
                listen(js.window, "storage", lambda _event: self.changed())
        self.changed()

    def _draw(self) -> None:
        from page.lanes.picture import picture_of

        if self._pause is not None:
            self._pause.cancel()
        picture = picture_of(
            self._window,
            self._lifelines,
            read_ledger(self._world.shared.read_all()),
            self._world.clock.now(),
            self._panel.seconds,
        )
        self._panel.show(picture)
        self._is_stale = False
        loop = asyncio.get_event_loop()
        self._pause = loop.call_later(PAUSE, self._paused, picture.is_live)

    def _paused(self, is_live: bool) -> None:
        self._pause = None
        if (is_live or self._is_stale) and self._is_seen():
            self._draw()
