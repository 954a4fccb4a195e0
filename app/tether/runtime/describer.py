"""Queries servers for the node classes of a workflow that a person looks at."""

import asyncio
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from tether.core.errors import MessageError
from tether.core.ids import ServerUrl
from tether.core.model.server import Reach
from tether.core.model.window import Window
from tether.core.protocol.node_info import NodeInfo, read_node_info
from tether.core.protocol.replacements import REPLACEMENTS, Replacement, read_replacements
from tether.core.protocol.requests import Ask
from tether.runtime.caller import Caller

CLASS_TIMEOUT = 8.0
"""Seconds for one class."""

FIRST_SERVER_WITHIN, POLLS = 4.0, 40
"""Seconds to wait for the first server to be up, and how often that is checked meanwhile."""

AT_ONCE = 4
"""Calls to one server at a time: browsers have six, and tasks need theirs."""


class Describer:
    """Fetches classes one by one, each once, and never the list of all.

    That list is 1.4 MB and blocks its server.
    Source: ComfyUI 0.28.1, `/object_info`, measured.
    """

    def __init__(self, window: Window, caller: Caller) -> None:
        self._window = window
        self._caller = caller
        self._known: dict[ServerUrl, dict[str, NodeInfo | None]] = {}
        self._replacements: dict[ServerUrl, dict[str, Replacement]] = {}

    async def describe(
        self, classes: Iterable[str], preferred: ServerUrl | None = None
    ) -> dict[str, NodeInfo | None]:
        """Describe classes by the servers in use, `preferred` first; None for a class of none."""
        found: dict[str, NodeInfo | None] = dict.fromkeys(classes)
        await self._wait_for_servers()
        servers = [each for each in self._window.servers.values() if each.reach is Reach.UP]
        for server in sorted(servers, key=lambda each: each.url != preferred):
            missing = [name for name, info in found.items() if info is None]
            if missing:
                found.update(await self.at(server.url, missing))
        return found

    async def at(self, url: ServerUrl, classes: Iterable[str]) -> dict[str, NodeInfo | None]:
        """Describe classes by one server: None where it lacks one, no entry without an answer.

        One that the server replaces is described by what replaces it.
        """
        found = await self._fetched(url, classes)
        for name in [name for name, info in found.items() if info is None]:
            replacement = (await self._replaced_by(url)).get(name)
            if replacement is None:
                continue
            new = (await self._fetched(url, [replacement.new_class])).get(replacement.new_class)
            if new is not None:
                found[name] = replacement.described(name, new)
        return found

    async def _fetched(self, url: ServerUrl, classes: Iterable[str]) -> dict[str, NodeInfo | None]:
        known = self._known.setdefault(url, {})
        places = asyncio.Semaphore(AT_ONCE)

        async def fetch(name: str) -> None:
            async with places:
                path = f"/object_info/{quote(name, safe='')}"
                answer = await self._caller.call(url, Ask.NODE, path, CLASS_TIMEOUT)
            if answer is not None and answer.status == 200:
                try:
                    known[name] = read_node_info(name, answer.text)
                except MessageError:
                    return

        names = list(dict.fromkeys(classes))
        await asyncio.gather(*(fetch(name) for name in names if name not in known))
        return {name: known[name] for name in names if name in known}

    async def _replaced_by(self, url: ServerUrl) -> Mapping[str, Replacement]:
        """Return the classes that a server replaces; none where it doesn't say."""
        server = self._window.servers.get(url)  # it may be removed meanwhile
        if server is None or not server.inventory.replaces_classes:
            return {}
        if url not in self._replacements:
            answer = await self._caller.call(url, Ask.NODE, REPLACEMENTS, CLASS_TIMEOUT)
            if answer is None or answer.status != 200:
                return {}
            try:
                self._replacements[url] = read_replacements(answer.text)
            except MessageError:
                return {}
        return self._replacements[url]

    async def _wait_for_servers(self) -> None:
        for _ in range(POLLS):
            reaches = {each.reach for each in self._window.servers.values()}
            if Reach.UP in reaches or Reach.UNKNOWN not in reaches:
                return
            await asyncio.sleep(FIRST_SERVER_WITHIN / POLLS)

    def forget(self) -> None:
        """Fetch classes anew from now on: servers may have changed."""
        self._known.clear()
        self._replacements.clear()
