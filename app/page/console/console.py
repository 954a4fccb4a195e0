"""Everything that scripts and devtools may call, put together."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from page.console.border import Border
from page.console.connections import Connections
from page.console.flight_recorder import FlightRecorder
from page.console.scripting import Scripting
from page.servers.roster import Roster
from page.ui.words import Words
from tether.client import Tether
from tether.core.errors import Trouble
from tether.core.ids import ServerUrl
from tether.core.model.health import Health

Examine: TypeAlias = Callable[[ServerUrl], Awaitable[tuple[Trouble, ...]]]
"""Finds out why a server can't be used."""


class Console:
    """Exposes the functions of `docs/api.md`.

    Args:
        tether: Prepared and not started yet, so that the flight recorder misses nothing.
        words: The page's language.
        roster: Adds and removes servers for all windows of the browser.
    """

    def __init__(self, tether: Tether, words: Words, roster: Roster) -> None:
        self._border = border = Border(words)
        self._connections = Connections(border, tether)
        self._scripting = Scripting(border, tether, roster, self._connections)
        flight = FlightRecorder(tether.window)
        tether.runner.listeners.append(flight.note)
        border.now(tether__flightRecorder__read=flight.read)
        self._connections.expose()
        self._scripting.expose()

    def use_figures(self, figures: Callable[[], Health]) -> None:
        """Take the figures of `tether.stats()` from here."""
        self._scripting.figures = figures

    def expose_doctor(self, examine: Examine) -> None:
        """Expose `tether.doctor`."""

        async def doctor(typed: Any) -> dict[str, Any]:
            server = self._connections.known(typed)
            causes = [
                {
                    "cause": self._border.words.trouble(trouble),
                    "cure": dict(trouble.facts).get("cure", ""),
                }
                for trouble in await examine(server.url)
            ]
            return {"url": server.url, "isWell": not causes, "causes": causes}

        self._border.later(tether__doctor=doctor)
