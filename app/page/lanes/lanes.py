"""The lanes: sockets are recorded always, the picture is fetched and drawn while it is open."""

import asyncio
from typing import TYPE_CHECKING

import js

from page.lanes.lifeline import Lifelines
from page.ui.context import PageContext
from page.ui.dom import by_id, listen
from page.ui.parts import load_part
from tether.core.windows.ledger import read_ledger
from tether.runtime.runner import Runner

if TYPE_CHECKING:
    from page.lanes.panel import LanesPanel

DRAW_INTERVAL = 1.0
"""Seconds between two drawings."""


class Lanes:
    """Draws on change, and each second while a task is live; never while nobody can see it."""

    def __init__(self, context: PageContext, runner: Runner) -> None:
        self._context = context
        self._lifelines = Lifelines(context.window)
        runner.listeners.append(self._lifelines.note)
        self._panel: LanesPanel | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._is_stale = False
        self._details = by_id("lanes")
        listen(self._details, "toggle", lambda _event: context.soon(self._toggled()))

    def changed(self) -> None:
        """Draw now, or once the pause after the last drawing is over."""
        if self._pause is not None:
            self._is_stale = True
        else:
            self._draw()

    async def _toggled(self) -> None:
        if not self._details.open:
            if self._panel is not None:
                self._panel.clear()
            return
        if self._panel is None:
            await load_part("lanes")
            from page.lanes.panel import LanesPanel

            if self._panel is None:  # opened twice while it was fetched
                self._panel = LanesPanel(self._context, self._details, self._draw)
                # Other windows' writes to the ledger change the picture without an event here.
                listen(js.window, "storage", lambda _event: self.changed())
        self.changed()

    def _draw(self) -> None:
        if self._panel is None or not self._details.open:
            return
        if js.document.visibilityState != "visible":
            return
        from page.lanes.picture import picture_of

        if self._pause is not None:
            self._pause.cancel()
        context = self._context
        picture = picture_of(
            context.window,
            self._lifelines,
            read_ledger(context.world.shared.read_all()),
            context.world.clock.now(),
            self._panel.seconds,
        )
        self._panel.show(picture)
        self._is_stale = False
        loop = asyncio.get_event_loop()
        self._pause = loop.call_later(DRAW_INTERVAL, self._paused, picture.is_live)

    def _paused(self, is_live: bool) -> None:
        self._pause = None
        if is_live or self._is_stale:
            self._draw()
