"""`make demo`: the page and two embedded servers, in one process, until Ctrl-C.

Ports that are taken are replaced by free ones, which are remembered in
`var/demo.json`, so that the next start has the same addresses: the page's
storage belongs to its port, and its saved tasks to their servers' ports.
"""

import argparse
import asyncio
import errno
import json
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path

from simulator.settings import Settings
from tools.comfy.server import ComfyServer, ending
from tools.dev.serve import PageServer

MEMORY = Path(__file__).resolve().parents[2] / "var" / "demo.json"

# Of the page, and of each server.
DEFAULT_PORTS = (8000, 8188, 8189)
NAMES = ("demo-1", "demo-2")
EVERY_ADDRESS = "0.0.0.0"
# How many ports from the wanted one on are tried before any free one is taken.
NEAR = 20


def remembered_ports(memory: Path, defaults: Sequence[int]) -> Sequence[int]:
    """Return the ports of the last start, or the defaults when there was none."""
    try:
        ports = json.loads(memory.read_text())
    except (FileNotFoundError, ValueError):
        return defaults
    fits = isinstance(ports, list) and len(ports) == len(defaults)
    return ports if fits and all(type(port) is int for port in ports) else defaults


def remember_ports(memory: Path, ports: Sequence[int]) -> None:
    """Save the ports for the next start."""
    memory.parent.mkdir(exist_ok=True)
    memory.write_text(json.dumps(list(ports)))


def free_ports(host: str, wanted: Sequence[int]) -> list[int]:
    """Return the wanted ports, with a free one, if possible a near one, for each that is taken.

    Raises:
        OSError: This machine has no such address.
    """
    with ExitStack() as held:
        return [_free_port(host, port, held) for port in wanted]


def _free_port(host: str, wanted: int, held: ExitStack) -> int:
    """Bind, and stay bound until all ports are chosen, so that no two are the same."""
    for port in (*range(wanted, min(wanted + NEAR, 65_536)), 0):
        probe = held.enter_context(socket.socket())
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            # Without listening, two sockets that both allow reuse may share a port.
            probe.listen(1)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
        else:
            bound: int = probe.getsockname()[1]
            return bound
    raise OSError(errno.EADDRINUSE, "no port is free")


@asynccontextmanager
async def running(host: str, pace: float, ports: Sequence[int]) -> AsyncIterator[PageServer]:
    """Serve the page and the servers on these ports; stop everything at the end.

    Raises:
        OSError: A port was taken in the meantime.
    """
    page_port, *server_ports = ports
    async with AsyncExitStack() as stack:
        entries = []
        for name, port in zip(NAMES, server_ports, strict=True):
            server = ComfyServer(Settings(name=name, host=host, port=port, cors="*", pace=pace))
            await server.start()
            stack.push_async_callback(server.stop)
            # Without a host: whoever opens the page from another machine finds them there too.
            entries.append({"url": f":{port}", "name": name})
        yield await stack.enter_async_context(PageServer(page_port, entries, host))


def greeting(host: str, ports: Sequence[int], wanted: Sequence[int]) -> str:
    """Return what to tell the person who started the demo."""
    page_port, *server_ports = ports
    address = network_address() if host == EVERY_ADDRESS else host
    servers = " and ".join(str(port) for port in server_ports)
    lines = ["", f"    Tether is at  http://{address}:{page_port}/", ""]
    lines.append(f"    Two embedded ComfyUI servers work for it, on ports {servers}.")
    replaced = [
        f"{taken} was taken: {port} instead."
        for port, taken in zip(ports, wanted, strict=True)
        if port != taken
    ]
    if replaced:
        lines.append(f"    {' '.join(replaced)}")
    lines += ["    Open the address in two tabs. Ctrl-C ends the demo.", ""]
    return "\n".join(lines)


def network_address() -> str:
    """Return the address by which other machines reach this one, as far as it knows."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # A documentation address: choosing a route sends nothing.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        address: str = probe.getsockname()[0]
        return address


async def serve(host: str, pace: float, wanted: Sequence[int], memory: Path) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        OSError: This machine has no such address.
    """
    ended = ending()
    ports = free_ports(host, wanted)
    async with running(host, pace, ports):
        remember_ports(memory, ports)
        print(greeting(host, ports, wanted), flush=True)
        await ended.wait()
    print("\n    The demo has ended.", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.dev.demo", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help=f"{EVERY_ADDRESS}: the whole network")
    parser.add_argument(
        "--pace", type=float, default=1.0, help="seconds that each node takes, to be watched"
    )
    parser.add_argument(
        "--ports", type=int, nargs=3, metavar=("PAGE", "FIRST", "SECOND"), help="if they are free"
    )
    parser.add_argument("--memory", type=Path, default=MEMORY, help="where ports are remembered")
    options = parser.parse_args(arguments)
    # Named ports are wanted ones again at every start; without them the last start's are.
    wanted = options.ports or remembered_ports(options.memory, DEFAULT_PORTS)
    try:
        asyncio.run(serve(options.host, options.pace, wanted, options.memory))
    except OSError as error:
        print(f"The demo cannot listen on {options.host}: {error.strerror}.", file=sys.stderr)
        print("Start it again, or without HOST.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
