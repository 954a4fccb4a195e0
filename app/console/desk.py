"""Puts together all that scripts may call."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from app.console.border import Border, Language
from app.console.connections import Connections
from app.console.scripting import Scripting
from app.core.errors import Trouble
from app.core.flight import FlightRecorder
from app.core.health import Health
from app.core.ids import ServerUrl
from app.core.window import Window
from app.runtime.caller import Caller
from app.runtime.intake import Intake
from app.runtime.ports import World
from app.runtime.roster import Roster
from app.runtime.runner import Runner
from app.runtime.waits import Waits

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
        self._scripting.changed()
