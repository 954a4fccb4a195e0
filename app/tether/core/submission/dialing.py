"""Which servers a window is connected to: those of its tasks, and one that a script aims at."""

from typing import Any

from tether.core.commands import Command, Commands
from tether.core.ids import ServerUrl
from tether.core.model.connection import Connection, Phase
from tether.core.model.server import Server
from tether.core.model.window import Window


def connect(window: Window, server: Server) -> Commands:
    """Stay connected to a server from now on; return nothing when that is under way."""
    rules = window.settings.binding
    target = rules.aim(server.url, lambda: favourite(window, server.url))
    open_to = tuple(
        url for url, each in window.servers.items() if each.connection.phase is not Phase.IDLE
    )
    kept = rules.keep(open_to, target)
    commands: list[Command] = []
    for url in open_to:
        if url not in kept:
            commands += window.servers[url].connection.release()
    if target in kept:
        commands += window.servers[target].connection.connect()
    return tuple(commands)


def fired(window: Window, server: Server, attempt: int) -> Commands:
    """A connection's timer ran out; when the next attempt is due, dial the bound server."""
    connection = server.connection
    if connection.phase is not Phase.WAITING or attempt != connection.attempt:
        return connection.fired(attempt)
    rules = window.settings.binding
    target = rules.redial(server.url, lambda: favourite(window, server.url))
    if target == server.url:
        return connection.fired(attempt)
    return (*connection.release(), *window.servers[target].connection.connect())


def called(window: Window, bound: ServerUrl) -> ServerUrl:
    """Return the server that a call about a task of this one goes to."""
    return window.settings.binding.call(bound, lambda: favourite(window, bound))


def favourite(window: Window, otherwise: ServerUrl) -> ServerUrl:
    """Return the server with the shortest known queue; the first of equals."""
    lengths = {
        url: server.queue_remaining or 0
        for url, server in window.servers.items()
        if not server.is_leaving
    }
    return min(lengths, key=lambda url: lengths[url], default=otherwise)


def aim(window: Window, server: ServerUrl | None) -> Commands:
    """Aim at a server, which is then connected, or (None) at none.

    An aim is no lock: it isn't stored, binds no task, and leaves the connections of other tasks
    alone. It ends when a task takes a lock.
    """
    window.aimed = server if server in window.servers else None
    window.pending.server_set_changed()  # the server aimed at before may be released
    return connect(window, window.servers[window.aimed]) if window.aimed else ()


def current(window: Window) -> Connection | None:
    """Return the connection of the server aimed at, of the task bound last, or the latest one."""
    held = window.locks.report()
    url = window.aimed or (held["server"] if held else None)
    if url in window.servers:
        return window.servers[url].connection
    made = [each.connection for each in window.servers.values() if each.connection.attempt]
    return max(made, key=lambda each: (each.phase is Phase.OPEN, each.open_since), default=None)


def status(window: Window) -> dict[str, Any]:
    """Describe the connections as plain values.

    `{isConnected, currentServer, lockedServer, aimed, connections: [{server, state, clientId,
    attempt}]}`; the first is about `currentServer`.
    """
    held, now = window.locks.report(), current(window)
    is_used = now is not None and now.phase is not Phase.IDLE
    return {
        "isConnected": now is not None and now.phase is Phase.OPEN,
        "currentServer": now.server if now is not None and (is_used or window.aimed) else None,
        "lockedServer": window.aimed or (held["server"] if held else None),
        "aimed": window.aimed,
        "connections": [
            {
                "server": url,
                "state": server.connection.phase.value,
                "clientId": server.connection.client_id,
                "attempt": server.connection.attempt,
            }
            for url, server in window.servers.items()
        ],
    }
