"""The end of a server leaves no connection behind, whenever it was made."""

import asyncio
import gc
import socket
from contextlib import suppress

import pytest
from aiohttp import web

from tools.dev.listening import end

PATIENCE = 5


@pytest.mark.parametrize("turns", range(7))
@pytest.mark.filterwarnings("error")
def test_a_connection_that_is_made_in_the_last_moment_is_cut(turns: int) -> None:
    """However far the server has got with it: the other side hears of the end, nothing leaks."""

    async def story() -> None:
        runner = web.AppRunner(web.Application())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        with socket.create_connection(runner.addresses[0][:2]) as client:
            client.setblocking(False)
            for _turn in range(turns):
                await asyncio.sleep(0)
            await end(runner)
            with suppress(ConnectionResetError):
                assert await asyncio.get_running_loop().sock_recv(client, 1) == b""

    asyncio.run(asyncio.wait_for(story(), PATIENCE))
    gc.collect()
