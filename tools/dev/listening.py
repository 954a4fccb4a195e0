"""Ends a server of aiohttp so that nothing of it is left."""

import asyncio

from aiohttp import web

ACCEPTING = 5
"""Turns of the event loop until the last connection that was accepted is known to the server."""


async def end(runner: web.AppRunner) -> None:
    """Stop listening and cut all connections, without a word.

    That includes one that is accepted in this moment: browsers open some that they never use. A
    server that is closed before it has taken one in leaves it open for ever.
    Source: CPython 3.11, asyncio, `_accept_connection2` and `Server._attach`, read.
    """
    loop = asyncio.get_running_loop()
    for site in runner.sites:
        listening = getattr(site, "_server", None)  # aiohttp tells its sockets in no other way
        for each in listening.sockets if listening is not None else ():
            loop.remove_reader(each.fileno())
    await _turns(runner)
    for site in list(runner.sites):
        await site.stop()
    await _turns(runner)
    await runner.cleanup()


async def _turns(runner: web.AppRunner) -> None:
    """Let connections come in that were accepted, and cut all there are."""
    for _turn in range(ACCEPTING):
        for connection in list(runner.server.connections) if runner.server is not None else ():
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0)
