"""Starts an embedded ComfyUI server: `python -m tools.comfy.server --port 8188 --cors`."""

import argparse
import asyncio
import signal
import sys
from dataclasses import replace
from typing import NamedTuple

from simulator.catalogue import classes_of
from simulator.nodes import NodeClasses
from simulator.settings import MEBIBYTE, Api, Gate, GateKind, Settings
from tools.comfy.frontend import CURE, Frontend, FrontendMissing
from tools.comfy.shell import ComfyServer

__all__ = ["ComfyServer"]


class Command(NamedTuple):
    """What a command line asks for."""

    settings: Settings
    classes: NodeClasses
    has_frontend: bool


def parse_arguments(arguments: list[str]) -> Command:
    """Read a command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.comfy.server",
        description="An embedded ComfyUI server with a few real image nodes, for demos and tests.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=int, default=8188, help="0 takes a free one (default: %(default)s)")
    add(
        "--cors",
        nargs="?",
        const="*",
        metavar="ORIGIN",
        help="like ComfyUI's --enable-cors-header: let pages of other origins in",
    )
    add("--name", default="cpu", help="shown as the device in /system_stats")
    add("--speed", type=_positive, default=1.0, help="divides every duration (default: 1)")
    add(
        "--pace",
        type=_not_negative,
        default=0.0,
        metavar="SECONDS",
        help="spread each node over that time, with progress and previews",
    )
    add("--api", choices=[each.value for each in Api], default=Api.V0_28.value)
    add(
        "--max-upload-size",
        type=_positive,
        default=100.0,
        metavar="MB",
        help="largest request body (default: 100)",
    )
    add(
        "--gate",
        type=parse_gate,
        metavar="KIND:SECRET",
        help="demand bearer:TOKEN, basic:USER:PASSWORD or query:TOKEN (as ?token=TOKEN)",
    )
    add("--models", default="", metavar="A,B", help="upscale models that it lists")
    add("--without", default="", metavar="A,B", help="node classes that it lacks")
    add("--gate-preflight", action="store_true", help="answer OPTIONS with 401 too")
    add("--gate-readable", action="store_true", help="send CORS headers with a 401")
    add("--gate-open-sockets", action="store_true", help="let WebSockets pass the gate")
    add("--no-sockets", action="store_true", help="refuse WebSockets, as some proxies do")
    add(
        "--frontend", action="store_true", help=f"serve ComfyUI's own frontend ({CURE} installs it)"
    )
    given = parser.parse_args(arguments)
    gate: Gate | None = given.gate
    if gate is not None:
        gate = replace(
            gate,
            guards_preflight=given.gate_preflight,
            is_readable=given.gate_readable,
            opens_sockets=given.gate_open_sockets,
        )
    settings = Settings(
        name=given.name,
        host=given.host,
        port=given.port,
        api=Api(given.api),
        cors=given.cors,
        max_upload_size=round(given.max_upload_size * MEBIBYTE),
        pace=given.pace,
        speed=given.speed,
        sockets=not given.no_sockets,
        gate=gate,
    )
    classes = classes_of(_names(given.models), _names(given.without))
    return Command(settings, classes, given.frontend)


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def parse_gate(text: str) -> Gate:
    """Read `kind:secret`."""
    kind, colon, secret = text.partition(":")
    if kind not in [each.value for each in GateKind] or not colon or not secret:
        raise argparse.ArgumentTypeError(
            f"`{text}` is no gate; write bearer:TOKEN, basic:USER:PASSWORD or query:TOKEN"
        )
    return Gate(GateKind(kind), secret)


def ending() -> asyncio.Event:
    """Return an event that SIGINT and SIGTERM set."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, event.set)
    return event


async def serve(command: Command) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        FrontendMissing: It was asked for.
        OSError: The port is taken.
    """
    settings = command.settings
    frontend = Frontend() if command.has_frontend else None
    server = ComfyServer(settings, classes=command.classes, frontend=frontend)
    ended = ending()
    try:
        await server.start()
        release = settings.api.release
        print(f"ComfyUI {release}, embedded, as `{settings.name}`: {server.url}", flush=True)
        await ended.wait()
    finally:
        await server.stop()


def main() -> int:
    """Run the command; return the exit status."""
    command = parse_arguments(sys.argv[1:])
    try:
        asyncio.run(serve(command))
    except FrontendMissing as error:
        print(f"The embedded server can't show a frontend: {error}.", file=sys.stderr)
        return 1
    except OSError as error:
        place = f"{command.settings.host}:{command.settings.port}"
        print(f"The embedded server can't listen on {place}: {error}.", file=sys.stderr)
        print("Is another one running there? Try --port 0 for a free port.", file=sys.stderr)
        return 1
    return 0


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _not_negative(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is below 0 or endless")
    return value


if __name__ == "__main__":
    sys.exit(main())
