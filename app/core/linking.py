"""Brings a window's connections to where its tasks are, by the rules of its binding."""

from app.core.commands import Command, Commands
from app.core.connection import Phase
from app.core.ids import ServerUrl
from app.core.server import Server
from app.core.window import Window


def connect(window: Window, server: Server) -> Commands:
    """Be connected to a server from now on; says nothing when that is under way."""
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
    """A connection's timer ran out; if it is time to dial again, then the bound server."""
    connection = server.connection
    if connection.phase is not Phase.WAITING or attempt != connection.attempt:
        return connection.fired(attempt)
    rules = window.settings.binding
    target = rules.redial(server.url, lambda: favourite(window, server.url))
    if target == server.url:
        return connection.fired(attempt)
    return (*connection.release(), *window.servers[target].connection.connect())


def called(window: Window, bound: ServerUrl) -> ServerUrl:
    """Return where a call about a task of a server goes."""
    return window.settings.binding.call(bound, lambda: favourite(window, bound))


def favourite(window: Window, otherwise: ServerUrl) -> ServerUrl:
    """Return the server with the shortest queue, as far as told; the first of equals."""
    lengths = {
        url: server.queue_remaining or 0
        for url, server in window.servers.items()
        if not server.is_leaving
    }
    return min(lengths, key=lambda url: lengths[url], default=otherwise)
