"""A network that fails on command, between a page and one ComfyUI server.

`python -m tools.chaos.control http://127.0.0.1:8188 --port 8288 --control-port 8289`, then
`curl -d '{"frames": ["executed"]}' http://127.0.0.1:8289/swallow`, and `curl -d '' …/heal`.
"""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence

from aiohttp import web

from tools.chaos.faults import FAULTS
from tools.chaos.proxy import ChaosProxy


class Control:
    """The endpoint that activates faults: `POST /{fault}`, and ends them: `POST /heal`.

    It has a port of its own, since the proxy's may be down.
    """

    def __init__(self, proxy: ChaosProxy, port: int = 0) -> None:
        self._proxy = proxy
        self._port = port
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: The port is taken.
        """
        app = web.Application()
        app.router.add_post("/{name}", self._told)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close the port."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _told(self, request: web.Request) -> web.Response:
        name, text = request.match_info["name"], await request.text()
        try:
            if name == "heal":
                await self._proxy.heal()
            else:
                await self._proxy.fault(name, **(json.loads(text) if text else {}))
        except (ValueError, TypeError) as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from None
        return web.Response(text=f"{name}\n")


async def serve(proxy: ChaosProxy, control: Control) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        OSError: A port is taken.
    """
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    await proxy.start()
    try:
        await control.start()
        print(f"The faulty network is at {proxy.url}, its control at {control.url}", flush=True)
        await ended.wait()
    finally:
        await control.stop()
        await proxy.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.chaos.control",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"  {name:11} {what}" for name, what in FAULTS.items()),
    )
    parser.add_argument("upstream", help="the server, e.g. http://127.0.0.1:8188")
    parser.add_argument("--port", type=int, default=8288)
    parser.add_argument("--control-port", type=int, default=8289)
    given = parser.parse_args(arguments)
    proxy = ChaosProxy(given.upstream.rstrip("/"), given.port)
    try:
        asyncio.run(serve(proxy, Control(proxy, given.control_port)))
    except OSError as error:
        print(f"A port is taken: {error}. Try --port 0 --control-port 0.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
