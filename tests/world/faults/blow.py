"""One stroke of a fault.

A fault strikes one window, at one of its tasks or servers. It says which windows and servers
it has touched: the table of faults and task states is made from that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import TypeAlias

from tests.world.browsers import Page
from tests.world.network import Call, Wire
from tests.world.servers import Server
from tests.world.world import World
from tether.core.model.task import Task

Struck: TypeAlias = Iterable[Task]
Fault: TypeAlias = Callable[["Blow"], Struck]

ENTERED: dict[str, Fault] = {}


def fault(name: str) -> Callable[[Fault], Fault]:
    """Enter a fault under its name."""

    def enter(strike: Fault) -> Fault:
        ENTERED[name] = strike
        return strike

    return enter


class Blow:
    """One stroke of a fault: where it falls, and the luck that shapes it."""

    def __init__(self, world: World, page: Page, task: Task | None, luck: Random) -> None:
        self.world = world
        self.page = page
        self.task = task
        self.luck = luck
        url = task.server if task is not None else None
        self.server: Server = world.by_url[url] if url else luck.choice(world.servers)

    def tasks(self, *pages: Page) -> list[Task]:
        """Return the tasks of this server or of none yet, in one window or all of these."""
        return [
            task
            for page in pages or (self.page,)
            for task in page.session.window.tasks.values()
            if task.server in (None, self.server.url)
        ]

    def everywhere(self) -> list[Task]:
        """Return the tasks of this server or of none yet, in all windows."""
        return self.tasks(*self.world.pages())

    def window(self) -> list[Task]:
        """Return all tasks of this window."""
        return list(self.page.session.window.tasks.values())

    def wires(self, *, is_open: bool = True) -> list[Wire]:
        """Return this window's socket to the server, open or on its way to be."""
        wires = [w for w in self.page.wires.values() if not w.closing_at]
        wires = [w for w in wires if (w.is_open or not is_open) and self._may_be(w.server)]
        if wires:
            self.server = wires[0].server
        return wires

    def _may_be(self, server: Server) -> bool:
        """Say whether a server may be the one: any, where the task has none yet."""
        return server is self.server or self.task is None or self.task.server is None

    def is_needed(self) -> bool:
        """Say whether a copy of the tab may still ask who it is.

        A copy that nobody answers takes the window over; what becomes of the original that
        comes back later is for the ledger to decide.
        """
        return self.page.tab.needed_until > self.world.clock.now

    def call(self, *, is_on_its_way: bool = False) -> Call | None:
        """Return a call under way: the task's own, else one of this window to this server."""
        calls = [
            call
            for call in self.page.calls.values()
            if self._may_be(call.server) and not (is_on_its_way and call.was_received)
        ]
        own = [c for c in calls if self.task is not None and c.request.task_id == self.task.task_id]
        if not calls:
            return None
        call = self.luck.choice(own or calls)
        self.server = call.server
        return call

    def later(self, shortest: float, longest: float, action: Callable[[], None]) -> None:
        """Have the fault end by itself after a while."""
        self.world.clock.after(self.luck.uniform(shortest, longest), action)

    def say(self, what: str, *facts: object) -> None:
        """Tell the story."""
        self.world.say(self.page.tab, f"      ~ {what}", *facts)
