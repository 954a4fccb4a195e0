"""The functions for devtools: ids, the balancer, connections, the lock."""

import asyncio
import json
from typing import Any

import js

from page.console.border import Border
from page.console.plain import server_row, task_row
from tether.client import Tether
from tether.core.errors import MessageError
from tether.core.events import AimChanged
from tether.core.ids import ServerUrl
from tether.core.model.connection import GREETING_WITHIN, Phase
from tether.core.model.identity import make_window_id
from tether.core.model.locks import LOCK_RECORD
from tether.core.model.server import Reach, Server
from tether.core.protocol.address import parse_server_url
from tether.core.protocol.answers import read_queue_length
from tether.core.protocol.requests import Ask
from tether.core.submission.dialing import current, favourite, status

QUEUE_TIMEOUT = 5.0
"""Seconds for a server to return the length of its queue."""


class Connections:
    """Shows the window's connections, and aims them by hand."""

    def __init__(self, border: Border, tether: Tether) -> None:
        self._border = border
        self._tether = tether
        self._window = window = tether.window
        self._world = tether.world
        border.value(WINDOW_ID=lambda: window.window_id, WINDOW_CLIENT_ID=self._client_id)
        border.expose(
            generateWindowId=lambda: make_window_id(self._world.chance),
            generateUniqueClientId=self._new_client_id,
            loadBalancer__getAvailableServers=self._available,
            getWebSocketServerStatus=lambda: status(window),
            getWindowServerLock=self._lock,
            getApiBaseUrl=self.base_url,
            windowTasks=self.tasks,
            windowJournal=self._journal,
            loadBalancer__getOptimalServer=self._optimal,
            initializeWebSocket=self._initialize,
            ensureWebSocketConnection=self._ensure,
            ensureWebSocketServerConsistency=self._make_consistent,
            resetWebSocketServer=self._reset,
        )

    def tasks(self) -> list[dict[str, Any]]:
        """Describe all tasks."""
        title_of = self._border.words.title
        return [task_row(task, title_of) for task in self._window.tasks.values()]

    def base_url(self) -> ServerUrl | None:
        """Return the server for calls now: aimed at, locked, or with the shortest queue."""
        url = status(self._window)["lockedServer"] or favourite(self._window, ServerUrl(""))
        return url or None

    def known(self, typed: str) -> Server:
        """Return one of the page's servers by its address.

        Raises:
            BadInput: It is no address.
            TetherFailure: The page doesn't have it.
        """
        url = parse_server_url(str(typed), str(js.location.href))
        server = self._window.servers.get(url)
        if server is None or server.is_leaving:
            raise self._border.refuse("server_unknown", server=url)
        return server

    async def aim(self, server: Server) -> None:
        """Aim the window at a server, and wait until it has greeted.

        Raises:
            TetherFailure: It didn't.
        """
        self._tether.runner.emit(AimChanged(server.url))
        connection, until = server.connection, self._tether.runner.until
        if not await until(lambda: connection.phase is Phase.OPEN, GREETING_WITHIN):
            facts = {"server": server.name, "url": server.url, "seconds": f"{GREETING_WITHIN:g}"}
            raise self._border.refuse("not_connected", **facts)

    async def _initialize(self, target: Any = None) -> dict[str, Any]:
        url = (await self._optimal())["url"] if target is None else target
        await self.aim(self.known(url))
        return status(self._window)

    async def _ensure(self, target: Any = None) -> dict[str, Any]:
        now = current(self._window)
        if target is None and now is not None:
            if now.phase is Phase.OPEN:
                return status(self._window)
            if self._window.locks.report():
                target = now.server
        return await self._initialize(target)

    async def _make_consistent(self, task_server: Any) -> dict[str, Any]:
        """Move lock and socket to a task's server where they are elsewhere."""
        server = self.known(task_server)
        now = status(self._window)
        socket = now["currentServer"] if now["isConnected"] else None
        check = self._window.settings.binding.check
        mended = check(server.url, now["lockedServer"], socket)
        if mended:
            await self.aim(server)
        return {"mended": list(mended), **status(self._window)}

    async def _reset(self) -> dict[str, Any]:
        self._tether.runner.emit(AimChanged(None))
        return status(self._window)

    async def _optimal(self) -> dict[str, Any]:
        """Query all queues, and choose as for a new task."""
        window = self._window
        servers = [server for server in window.servers.values() if not server.is_leaving]
        lengths = await asyncio.gather(*(self._length(server) for server in servers))
        loads: dict[ServerUrl, float] = {
            server.url: length + window.in_transit(server.url)
            for server, length in zip(servers, lengths, strict=True)
            if length is not None
        }
        choice = window.settings.binding.choose(loads, self._world.chance.uniform())
        if choice is None:
            raise self._border.refuse("no_server_answers")
        return {**server_row(window, window.servers[choice]), "queueRemaining": loads[choice]}

    async def _length(self, server: Server) -> int | None:
        answer = await self._tether.caller.call(server.url, Ask.PROBE, "/prompt", QUEUE_TIMEOUT)
        try:
            return read_queue_length(answer.text) if answer and answer.status == 200 else None
        except MessageError:
            return None  # it is no ComfyUI server

    def _available(self) -> list[dict[str, Any]]:
        servers = self._window.servers.values()
        usable = [each for each in servers if each.reach is Reach.UP and not each.is_leaving]
        return [server_row(self._window, server) for server in usable]

    def _client_id(self) -> str:
        now = current(self._window)
        return now.client_id if now is not None else ""

    def _new_client_id(self) -> str:
        settings, now, chance = self._window.settings, self._world.clock.now(), self._world.chance
        make_id = settings.binding.make_id
        return make_id(settings.base_client_id, now, chance, self._window.window_id)

    def _lock(self) -> Any:
        text = self._world.records.read(LOCK_RECORD)
        return json.loads(text)["report"] if text else None

    def _journal(self) -> list[dict[str, Any]]:
        """List the received frames that were about a task."""
        names = ("at", "server", "attempt", "what", "promptId")
        return [dict(zip(names, frame, strict=True)) for frame in self._window.journal]
