"""The demo, as a process on real ports."""

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools.dev.demo import DEFAULT_PORTS, free_ports, greeting, remembered_ports

ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def demo(memory: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a demo; hand over the process and what it says once it listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.dev.demo", "--memory", str(memory), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            if "Ctrl-C" in line:
                break
        yield process, said
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def end(process: subprocess.Popen[str], number: int) -> str:
    """Send a signal; return what the process says until it ends."""
    process.send_signal(number)
    said, _ = process.communicate(timeout=20)
    return said


def fetched(url: str) -> str:
    """Return what a server answers."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def three_free_ports() -> list[int]:
    """Return ports that nobody used a moment ago."""
    return free_ports("127.0.0.1", (0, 0, 0))


def test_demo_serves_the_page_its_list_of_servers_and_both_servers(tmp_path: Path) -> None:
    """The page tells of both servers, relative to its own host, and both answer."""
    wanted = three_free_ports()
    with demo(tmp_path / "demo.json", "--ports", *map(str, wanted)) as (process, said):
        page = re.search(r"http://\S+", said)
        assert page is not None
        assert "<title>" in fetched(page[0])
        servers = json.loads(fetched(f"{page[0]}servers.json"))
        assert [entry["url"] for entry in servers] == [f":{port}" for port in wanted[1:]]
        assert len({entry["name"] for entry in servers}) == 2
        for entry in servers:
            stats = json.loads(fetched(f"http://127.0.0.1{entry['url']}/system_stats"))
            assert "system" in stats
        end(process, signal.SIGTERM)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_demo_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """It exits with 0, without a traceback, and its ports are free again."""
    wanted = three_free_ports()
    with demo(tmp_path / "demo.json", "--ports", *map(str, wanted)) as (process, _):
        said = end(process, number)
        assert "Traceback" not in said
        assert "has ended" in said
        assert process.returncode == 0
    assert free_ports("127.0.0.1", wanted) == wanted


def test_taken_ports_are_replaced_and_the_choice_is_remembered(tmp_path: Path) -> None:
    """Somebody else has all three; the next start has the ports of this one, by itself."""
    memory = tmp_path / "demo.json"
    taken = []
    with socket.socket() as page, socket.socket() as first, socket.socket() as second:
        for holder in (page, first, second):
            holder.bind(("127.0.0.1", 0))
            holder.listen(1)
            taken.append(holder.getsockname()[1])
        with demo(memory, "--ports", *map(str, taken)) as (process, said):
            chosen = json.loads(memory.read_text())
            assert not set(chosen) & set(taken)
            assert f"{taken[0]} was taken: {chosen[0]} instead." in said
            assert f"127.0.0.1:{chosen[0]}/" in said
            end(process, signal.SIGINT)
    with demo(memory) as (process, said):
        assert json.loads(memory.read_text()) == chosen
        assert "taken" not in said
        end(process, signal.SIGINT)


def test_a_host_that_is_not_ours_is_said_plainly(tmp_path: Path) -> None:
    """No traceback: who, what, and what to do."""
    with demo(tmp_path / "demo.json", "--host", "192.0.2.77") as (process, said):
        assert process.wait(10) == 1
        assert "Traceback" not in said
        assert "cannot listen on 192.0.2.77" in said
        assert "without HOST" in said


def test_a_spoilt_memory_is_forgotten(tmp_path: Path) -> None:
    """Whatever var/demo.json holds, the demo starts with usable ports."""
    memory = tmp_path / "demo.json"
    for spoilt in ("", "{", "[1]", '["a", "b", "c"]', "[true, 1, 2]"):
        memory.write_text(spoilt)
        assert remembered_ports(memory, DEFAULT_PORTS) == DEFAULT_PORTS


def test_ports_are_never_the_same() -> None:
    """One that is wanted twice is given once."""
    (wanted,) = free_ports("127.0.0.1", (0,))
    assert len(set(free_ports("127.0.0.1", (wanted, wanted, wanted)))) == 3


def test_greeting_names_an_address_that_other_machines_can_open() -> None:
    """Nobody can open http://0.0.0.0 from elsewhere."""
    said = greeting("0.0.0.0", DEFAULT_PORTS, DEFAULT_PORTS)
    assert "0.0.0.0" not in said
    assert ":8000/" in said
