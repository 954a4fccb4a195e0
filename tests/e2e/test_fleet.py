"""Fifty servers behind deploy/Caddyfile, with the list that deploy/roster writes."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, expect

from deploy.roster.roster import update
from tests.e2e.background import Background
from tests.e2e.built import ROOT, SERVED
from tests.e2e.farm import (
    LOCAL,
    Farm,
    as_file,
    expect_done,
    noise,
    open_page,
    own_tasks,
    run,
    until,
    wait_for,
)
from tests.e2e.test_discovery import later, names
from tests.e2e.test_gallery import ALL_KEPT
from tests.e2e.test_proxies import found, running
from tests.e2e.watch import Watch
from tests.ports import free_port
from tools.comfy.server import ComfyServer

ALL, MOVED, TASKS = 50, 10, 100

A, IN, NO_SUCH_NAME = 1, 1, 3


class Names(asyncio.DatagramProtocol):
    """A DNS server as containers have one: it knows each by its name. Source: RFC 1035, 4.1.

    Args:
        addresses: The IPv4 address of each name.
    """

    def __init__(self, addresses: dict[str, str]) -> None:
        self._addresses = addresses

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        """Note where answers go."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question; of all domains alike, since resolvers try several."""
        end = data.index(b"\0", 12) + 5
        name = data[13 : 13 + data[12]].decode()
        kind = int.from_bytes(data[end - 4 : end - 2], "big")
        address = self._addresses.get(name)
        answer = b""
        if address is not None and kind == A:
            fields = (0xC00C, A, IN, 0, 0, 4)  # the name is that of the question; for 0 seconds
            answer = b"".join(each.to_bytes(2, "big") for each in fields)
            answer += bytes(map(int, address.split(".")))
        status = 0x8180 | (NO_SUCH_NAME if address is None else 0)
        counts = (status, 1, bool(answer), 0, 0)
        head = data[:2] + b"".join(int(each).to_bytes(2, "big") for each in counts)
        self._transport.sendto(head + data[12:end] + answer, addr)


@contextmanager
def fifty(background: Background, folder: Path) -> Iterator[tuple[Farm, str]]:
    """The servers, all of one port, and the address of the proxy."""
    port, at = free_port(), free_port()
    servers = [
        ComfyServer(
            replace(LOCAL, name=f"gpu-{n}", host=f"127.0.1.{n}", port=port, cors=None), seed=n
        )
        for n in range(1, ALL + 1)
    ]
    for server in servers:
        background.run(server.start())
    known = Names({each.settings.name: each.settings.host for each in servers})

    async def resolve() -> asyncio.DatagramTransport:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: known, ("127.0.0.1", 0))
        return transport

    resolver = background.run(resolve())
    text = (ROOT / "deploy/Caddyfile").read_text()
    asked = f"127.0.0.1:{resolver.get_extra_info('sockname')[1]}"
    for old, new in (
        ("/srv/tether", str(SERVED)),
        ("/srv/fleet", str(folder)),
        (":8188", f":{port}"),
        ("flush_interval -1", f"flush_interval -1\ntransport http {{\nresolvers udp/{asked}\n}}"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    (folder / "Caddyfile").write_text(text)
    (folder / "env").write_text(f"PORT={at}\nDOMAIN=.fleet\n")
    command = [found("caddy"), "run", "--config", str(folder / "Caddyfile")]
    command += ["--adapter", "caddyfile", "--envfile", str(folder / "env")]
    with running(command, at) as url:
        yield Farm(background, servers, background.site), url
        background.leave()
    resolver.close()
    for server in servers:
        background.run(server.stop())


def expect_headers(url: str) -> None:
    """What the built site's own `_headers` tells other hosts: the page is new, its files stay."""
    with urlopen(url) as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "frame-ancestors" in answer.headers["Content-Security-Policy"]
        found = re.search(r"assets/[^\"?]+\.css", answer.read().decode())
    assert found is not None
    with urlopen(url + found[0]) as answer:
        assert answer.headers["Cache-Control"].endswith("immutable")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.long
@pytest.mark.fresh_tab
def test_servers_join_and_leave_while_tasks_run_and_nothing_is_lost(
    watched_page: Page, watch: Watch, background: Background, tmp_path: Path
) -> None:
    """Each task runs once; who leaves ends what it has, and who joins gets some of the rest."""
    gpus = [f"gpu-{number}" for number in range(1, ALL + 1)]
    place = tmp_path / "servers.json"
    with fifty(background, tmp_path) as (farm, url):
        if SERVED != ROOT:
            expect_headers(url)
        farm.hold()
        update(place, lambda: gpus[:-MOVED])
        watched_page.clock.install()
        page = open_page(watched_page, url)
        expect(page.locator(".server.card[data-tone=good]")).to_have_count(ALL - MOVED)
        run(page, [as_file(noise(number, 8, 8), f"{number}.png") for number in range(TASKS)])
        full = 2 * (
            ALL - MOVED
        )  # a window gives a server two, while nobody knows how long they take
        wait_for(page, lambda: sum(map(farm.posts, range(ALL))) == full, "all servers have two")
        sent = [farm.posts(number) for number in range(MOVED)]
        update(place, lambda: gpus[MOVED:])
        later(page)
        expect(names(page)).to_have_count(ALL - MOVED + len(sent))
        farm.release()
        expect_done(page, TASKS)
        assert [farm.posts(number) for number in range(MOVED)] == sent
        assert sum(farm.posts(number) for number in range(ALL)) == TASKS
        assert sum(farm.posts(number) for number in range(ALL - MOVED, ALL)) > 0
        assert len({task["promptId"] for task in own_tasks(page)}) == TASKS
        expect(names(page)).to_have_text(gpus[MOVED:])
        until(page, ALL_KEPT)
        for server in farm.servers[:MOVED]:
            background.run(server.stop())
        run(page, [as_file(noise(TASKS, 8, 8), "next.png")])
        expect_done(page, TASKS + 1)
