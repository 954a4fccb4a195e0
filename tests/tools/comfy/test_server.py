"""The command line."""

import asyncio
import signal
import socket
import sys

import aiohttp
import pytest

from simulator.catalogue import CATALOGUE
from simulator.settings import Api, Gate, GateKind, Settings
from tests.tools.comfy.wire import run
from tools.comfy.server import parse_arguments


def test_without_arguments_it_is_like_comfyui() -> None:
    """Loopback, port 8188, no CORS."""
    settings, classes, has_frontend = parse_arguments([])
    assert settings == Settings()
    assert CATALOGUE.keys() < classes.keys()
    assert not has_frontend


def test_every_option_arrives() -> None:
    """In the settings."""
    text = (
        "--host 0.0.0.0 --port 0 --cors http://a --name gpu-1 --speed 2 --pace 1.5 --api 0.3.64 "
        "--max-upload-size 1 --gate basic:me:pass --gate-preflight --gate-readable "
        "--gate-open-sockets --no-sockets --frontend "
        "--models a.pth,b/c.pth --without ImageBlur"
    )
    settings, classes, has_frontend = parse_arguments(text.split())
    assert has_frontend
    assert "ImageBlur" not in classes
    assert classes["UpscaleModelLoader"].required[0].type == ("a.pth", "b/c.pth")
    assert settings == Settings(
        name="gpu-1",
        host="0.0.0.0",
        port=0,
        api=Api.V0_3_64,
        cors="http://a",
        max_upload_size=1024 * 1024,
        pace=1.5,
        speed=2.0,
        sockets=False,
        gate=Gate(
            GateKind.BASIC,
            "me:pass",
            guards_preflight=True,
            is_readable=True,
            opens_sockets=True,
        ),
    )
    assert parse_arguments(["--cors"])[0].cors == "*"


@pytest.mark.parametrize(
    "arguments",
    [
        "--gate token",
        "--gate other:x",
        "--gate bearer:",
        "--speed 0",
        "--speed inf",
        "--pace -1",
        "--api 1.0",
        "--port x",
    ],
)
def test_bad_options_are_refused(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With a sentence that names them."""
    with pytest.raises(SystemExit):
        parse_arguments(arguments.split())
    assert arguments.split()[0] in capsys.readouterr().err


async def start(*arguments: str) -> asyncio.subprocess.Process:
    """The command as a process."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tools.comfy.server", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_told_to_end(number: signal.Signals) -> None:
    """It says where, and ends cleanly, open sockets or not."""

    async def story() -> None:
        process = await start("--port", "0", "--cors", "--name", "gpu-1")
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        assert line.startswith("ComfyUI 0.28.1, embedded, as `gpu-1`: http://127.0.0.1:")
        async with aiohttp.ClientSession(line.split()[-1]) as session:
            listening = await session.ws_connect("/ws")
            process.send_signal(number)
            _, errors = await process.communicate()
            assert (process.returncode, errors) == (0, b"")
            await listening.close()

    run(story)


def test_a_taken_port_is_explained() -> None:
    """Exit code 1 and what to do."""

    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            process = await start("--port", str(taken.getsockname()[1]))
            _, errors = await process.communicate()
        assert process.returncode == 1
        assert b"can't listen on 127.0.0.1" in errors
        assert b"--port 0" in errors

    run(story)
