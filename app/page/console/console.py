"""Puts together all that scripts may call."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from page.console.border import Border, Language
from page.console.connections import Connections
from page.console.flight_recorder import FlightRecorder
from page.console.scripting import Scripting
from page.servers.roster import Roster
from tether.core.errors import Trouble
from tether.core.ids import ServerUrl
from tether.core.model.health import Health
from tether.core.model.window import Window
from tether.runtime.caller import Caller, Waits
from tether.runtime.intake import Intake
from tether.runtime.ports import World
from tether.runtime.runner import Runner

Examine: TypeAlias = Callable[[ServerUrl], Awaitable[tuple[Trouble, ...]]]
"""Finds out why a server can't be used."""


class Desk:
    """Exposes the functions, and tells scripts of changes.

    Args:
        window: The window.
        runner: Runs its session.
        intake: Takes tasks in.
        roster: The servers.
        caller: Calls servers.
        world: What carries the window.
        words: The page's.
        page_url: Against which short addresses are read.
    """

    def __init__(
        self,
        window: Window,
        runner: Runner,
        intake: Intake,
        roster: Roster,
        caller: Caller,
        world: World,
        words: Language,
        page_url: str,
    ) -> None:
        self._waits = waits = Waits()
        border, emit, explain = Border(words), runner.emit, words.trouble
        connections = Connections(border, window, emit, waits, caller, world, page_url)
        self._scripting = Scripting(
            border, window, emit, intake, roster, connections, caller, waits, world, explain
        )
        flight = FlightRecorder(window)
        runner.listeners.append(flight.note)
        runner.follow(self._scripting.changed)
        border.now(tether__flightRecorder__read=flight.read)
        self._border, self._connections, self._explain = border, connections, explain
        connections.expose()
        self._scripting.expose()

    def use_figures(self, figures: Callable[[], Health]) -> None:
        """Say where the figures of `tether.stats()` come from."""
        self._scripting.figures = figures

    def expose_doctor(self, examine: Examine) -> None:
        """Let scripts ask why a server can't be used."""

        async def doctor(typed: Any) -> dict[str, Any]:
            server = self._connections.known(typed)
            found = [(self._explain(each), dict(each.facts)) for each in await examine(server.url)]
            causes = [{"cause": said, "cure": facts.get("cure", "")} for said, facts in found]
            return {"url": server.url, "isWell": not causes, "causes": causes}

        self._border.later(tether__doctor=doctor)

    def changed(self) -> None:
        """The window has changed."""
        self._waits.changed()
