"""Reads the list of servers: at the start, and from then on while somebody looks."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import js

from page.servers.server_list import Rounds, pause
from page.ui.dom import listen
from tether.core.protocol.hosted_list import Listed
from tether.runtime.ports import World


class Discovery:
    """Servers join and leave without a reload; a page that nobody sees asks for nothing.

    Args:
        world: Has the list.
        say: The page's language.
        take: Takes over what was read.
    """

    def __init__(
        self, world: World, say: Callable[..., str], take: Callable[[Listed], Awaitable[None]]
    ) -> None:
        self._world = world
        self._say = say
        self._take = take
        self._rounds = Rounds()

    async def start(self) -> None:
        """Read the list for the first time."""
        await self._read()
        listen(js.document, "visibilitychange", self._on_visibility)

    async def _read(self) -> None:
        await self._take(await self._world.presets(self._say))
        loop = asyncio.get_event_loop()
        loop.call_later(pause(self._world.chance.uniform()), self._on_time)

    def _on_time(self) -> None:
        if self._rounds.fired(_is_seen()):
            self._again()

    def _on_visibility(self, _event: Any) -> None:
        if _is_seen() and self._rounds.came_into_view():
            self._again()

    def _again(self) -> None:
        self._reading = asyncio.ensure_future(self._read())


def _is_seen() -> bool:
    return bool(js.document.visibilityState == "visible")
