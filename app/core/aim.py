"""Aiming the window at a server by hand, and what it is connected to now.

An aim is no lock: nothing of it is kept, no task is bound by it, and other tasks' connections
stay. It ends when a task takes a lock.
"""

from typing import Any

from app.core.commands import Commands
from app.core.connection import Connection, Phase
from app.core.ids import ServerUrl
from app.core.linking import connect
from app.core.window import Window


def aim(window: Window, server: ServerUrl | None) -> Commands:
    """Aim at a server, which is then connected, or (None) at none."""
    window.aimed = server if server in window.servers else None
    window.is_server_new = True  # what was aimed at may be let go
    return connect(window, window.servers[window.aimed]) if window.aimed else ()


def current(window: Window) -> Connection | None:
    """Return the connection that is meant where only one can be.

    Of the server aimed at, or of the task bound last, or the one that was opened last.
    """
    held = window.locks.report()
    url = window.aimed or (held["server"] if held else None)
    if url in window.servers:
        return window.servers[url].connection
    made = [each.connection for each in window.servers.values() if each.connection.attempt]
    return max(made, key=_freshness, default=None)


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


def _freshness(connection: Connection) -> tuple[bool, float]:
    return connection.phase is Phase.OPEN, connection.open_since
