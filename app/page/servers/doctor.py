"""Finds out why a server can't be used; its rules are fetched when one can't."""

from collections.abc import Awaitable, Callable
from typing import Any

import js
from pyodide.ffi import JsException

from page.ui.context import PageContext
from page.ui.parts import load_part
from tether.core.errors import MessageError, Trouble
from tether.core.events import Answered, Failure, RequestFailed
from tether.core.ids import ServerUrl
from tether.core.model.server import Reach, Server
from tether.core.model.window import Changes
from tether.core.protocol.access_token import Mode
from tether.core.protocol.answers import read_queue_length
from tether.runtime.access_tokens import AccessOf
from tether.runtime.caller import Caller

CALL_TIMEOUT = 6.0
"""Seconds for each call."""

_EXAMINED_AFTER = {
    *("server_down", "server_cors", "server_locked", "server_odd"),
    *("server_slow", "server_redirects"),
}
"""Troubles after which a server is examined."""


class Doctor:
    """Examines each server once when it gets into trouble, and whenever somebody asks."""

    def __init__(
        self,
        context: PageContext,
        caller: Caller,
        access_of: AccessOf,
        permission_of: Callable[[ServerUrl], Awaitable[str]],
    ) -> None:
        self._window = context.window
        self._context = context
        self._caller = caller
        self._access_of = access_of
        self._permission_of = permission_of
        self._last_signs: dict[ServerUrl, object] = {}
        self._found: dict[ServerUrl, tuple[Trouble, ...]] = {}
        self._examined_at: dict[ServerUrl, float] = {}

    def changed(self, _changes: Changes) -> None:
        """Examine the servers that have just got into another trouble."""
        for server in self._window.servers.values():
            signs = _signs_of(server)
            if self._last_signs.get(server.url) == signs:
                continue
            self._last_signs[server.url] = signs
            self._examined_at.pop(server.url, None)
            if signs is None:
                self._found.pop(server.url, None)
            elif not server.is_leaving:
                self.visit(server.url)

    def visit(self, url: ServerUrl) -> None:
        """Examine a server soon, and show what was found."""
        self._context.soon(self._visited(url))

    def forget(self, url: ServerUrl) -> None:
        """Examine a server again even if its next answer is no different."""
        self._last_signs.pop(url, None)

    def causes_of(self, url: ServerUrl) -> tuple[Trouble, ...]:
        """Return what was found last about a server in trouble."""
        return self._found.get(url, ())

    async def _visited(self, url: ServerUrl) -> None:
        try:
            await self.examine(url)
        except JsException:
            # The rules are fetched from the host of the page, which is gone too.
            server = self._window.servers.get(url)
            self._found[url] = (Trouble.of("doctor_away", server=server.name if server else url),)
            self._context.repaint()

    def examined_at(self, url: ServerUrl) -> float:
        """Return when a server was examined last since its state changed; 0 for never."""
        return self._examined_at.get(url, 0.0)

    async def examine(self, url: ServerUrl) -> tuple[Trouble, ...]:
        """Examine a server now; returns the causes that were found, none if it is removed."""
        await load_part("doctor")
        from page.servers.doctor_rules import Signs, causes

        server = self._window.servers.get(url)
        if server is None:
            return ()
        access, connection = self._access_of(url), server.connection
        signs = Signs(
            str(js.location.href),
            url,
            server.name,
            await self._permission_of(url),
            bool(js.isSecureContext),
            access.mode if access is not None else Mode.NONE,
            is_socket_blocked=connection.is_blocked and not connection.is_flooding,
            refused_mb=max(1, round(server.refused_size / 2**20)) if server.refused_size else None,
        )
        signs = signs._replace(**await self._probe(url, signs.access))
        found = causes(signs)
        self._found[url] = found
        self._examined_at[url] = self._context.world.clock.now()
        self._context.repaint()
        return found

    async def _probe(self, url: ServerUrl, mode: Mode) -> dict[str, Any]:
        """Make the calls that tell causes apart, each only where it can."""
        from page.servers.doctor_rules import plain_of

        read = await self._caller.reach(url, "/prompt", CALL_TIMEOUT)
        if isinstance(read, Answered):
            return {"status": read.status, "is_comfy": _is_comfy(read)}
        if read.failure is Failure.TIMEOUT:
            return {"is_slow": True}
        if read.failure is Failure.REDIRECTED:
            return {"is_redirected": True}
        if await self._has_echo(url):
            bare = None
            if mode in (Mode.BEARER, Mode.BASIC):
                bare = await self._caller.reach(url, "/prompt", CALL_TIMEOUT, is_bare=True)
            status = bare.status if isinstance(bare, Answered) else None
            return {"has_echo": True, "bare_status": status}
        if url.startswith("https:") and not str(js.location.href).startswith("https:"):
            return {"has_plain_echo": await self._has_echo(plain_of(url))}
        return {}

    async def _has_echo(self, url: ServerUrl) -> bool:
        outcome = await self._caller.reach(url, "/prompt", CALL_TIMEOUT, is_opaque=True)
        return not isinstance(outcome, RequestFailed)


def _signs_of(server: Server) -> object:
    """Return the signs that call for an examination; None for a server that is well."""
    if server.reach is Reach.UP:
        connection, refused = server.connection, server.refused_size is not None
        blocked = connection.is_blocked and not connection.is_flooding
        return (blocked, refused) if blocked or refused else None
    code = server.trouble.code if server.trouble else ""
    return code if code in _EXAMINED_AFTER else None


def _is_comfy(answer: Answered) -> bool:
    try:
        read_queue_length(answer.text)
    except MessageError:
        return False
    return answer.status == 200
