"""Asks servers what node classes are, for people who look at a workflow."""

import asyncio
from collections.abc import Iterable
from urllib.parse import quote

from tether.core.errors import MessageError
from tether.core.ids import ServerUrl
from tether.core.model.server import Reach
from tether.core.model.window import Window
from tether.core.protocol.node_info import NodeInfo, read_node_info
from tether.core.protocol.requests import Ask
from tether.runtime.caller import Caller

WITHIN = 8.0
"""Seconds for one class."""

MET_WITHIN, LOOKS = 4.0, 40
"""Seconds that are waited for the first server to be up, and how often we look meanwhile."""

AT_ONCE = 4
"""Calls to one server at a time: browsers have six, and tasks need theirs."""


class Describer:
    """Fetches classes one at a time, each once, and never the whole list.

    The list of all is 1.4 MB and blocks its server.
    Source: ComfyUI 0.28.1, `/object_info`, measured.
    """

    def __init__(self, window: Window, caller: Caller) -> None:
        self._window = window
        self._caller = caller
        self._told: dict[ServerUrl, dict[str, NodeInfo | None]] = {}

    async def describe(
        self, classes: Iterable[str], preferred: ServerUrl | None = None
    ) -> dict[str, NodeInfo | None]:
        """Return what the servers in use say of these classes; None for one that none has.

        Args:
            classes: Their names.
            preferred: The server to ask first.
        """
        found: dict[str, NodeInfo | None] = dict.fromkeys(classes)
        await self._met()
        servers = [each for each in self._window.servers.values() if each.reach is Reach.UP]
        for server in sorted(servers, key=lambda each: each.url != preferred):
            open_ones = [name for name, info in found.items() if info is None]
            if open_ones:
                found.update(await self.at(server.url, open_ones))
        return found

    async def at(self, url: ServerUrl, classes: Iterable[str]) -> dict[str, NodeInfo | None]:
        """Return what one server says; a class of which it said nothing is left out."""
        told = self._told.setdefault(url, {})
        places = asyncio.Semaphore(AT_ONCE)

        async def ask(name: str) -> None:
            async with places:
                path = f"/object_info/{quote(name, safe='')}"
                answer = await self._caller.call(url, Ask.NODE, path, WITHIN)
            if answer is not None and answer.status == 200:
                try:
                    told[name] = read_node_info(name, answer.text)
                except MessageError:
                    return

        names = list(dict.fromkeys(classes))
        await asyncio.gather(*(ask(name) for name in names if name not in told))
        return {name: told[name] for name in names if name in told}

    async def _met(self) -> None:
        """Give servers that were just added a moment to answer."""
        for _ in range(LOOKS):
            reaches = {each.reach for each in self._window.servers.values()}
            if Reach.UP in reaches or Reach.UNKNOWN not in reaches:
                return
            await asyncio.sleep(MET_WITHIN / LOOKS)

    def forget(self) -> None:
        """Ask anew: servers may have changed."""
        self._told.clear()
