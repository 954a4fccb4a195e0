"""Every cell of the table in docs/networks.md that one machine can make, in Chromium.

A name or an address of the local network leads to this machine, and Chromium is told how public
each port is. A cell ends in a picture, or in the first sentence of what is wrong.
"""

import base64
import hashlib
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageChops
from playwright.sync_api import BrowserType, Page, expect

from simulator.settings import Gate
from tests.e2e.background import Background
from tests.e2e.built import SERVED
from tests.e2e.farm import (
    as_file,
    expect_done,
    farm,
    noise,
    open_page,
    picture_of,
    run,
    unfold_form,
)
from tests.e2e.test_networks import card, expect_cause
from tests.e2e.test_tokens import GATES, give_token
from tests.e2e.tls import Tls
from tools.dev.serve import PageServer

LAN_ADDRESS = "192.168.77.20"
NAMES = ("*.lan", "*.local", "*.example", LAN_ADDRESS)

MIXED = "opened over https"
NO_LEAVE = "doesn't let this page reach"
INSECURE = "opened over plain http"


@dataclass(frozen=True, slots=True)
class Cell:
    """Where the page comes from, where the server is, and what comes of it.

    `leave` says whether the person lets the page onto the local network; `says` is the start of
    the first sentence, or "" for a picture.
    """

    page: str
    server: str
    leave: bool = True
    says: str = ""
    gate: str = ""
    has_sockets: bool = True

    def __str__(self) -> str:
        facts = [self.page, self.server, "" if self.leave else "refused", self.gate]
        return ", ".join(filter(None, [*facts, "" if self.has_sockets else "no socket"]))


FIRST = (Cell("lan", "address"), Cell("https", "loopback"))
"""The page as most people host it, and as a public site with a server at home."""

MORE = (
    Cell("lan", "name", gate="bearer"),
    Cell("public", "loopback", leave=False, says=INSECURE),
    Cell("loopback", "address"),
    Cell("https", "address", leave=False, says=NO_LEAVE),
    Cell("https", "name.example", says=MIXED),
    Cell("https", "self-signed"),
    Cell("lan", "loopback", leave=False),
    Cell("lan", "name"),
    Cell("lan", "self-signed"),
    *(Cell("lan", "name", gate=mode) for mode in GATES if mode != "bearer"),
    Cell("lan", "name", has_sockets=False),
    Cell("loopback", "name"),
    Cell("loopback", "self-signed"),
    Cell("https", "loopback", leave=False, says=NO_LEAVE),
    Cell("https", "address"),
    Cell("https", "name"),
    *(Cell("https", "self-signed", gate=mode) for mode in GATES),
    Cell("https", "self-signed", has_sockets=False),
)

CELLS = (*FIRST, *(pytest.param(cell, marks=pytest.mark.long) for cell in MORE))


def fingerprint(folder: Path) -> str:
    """The hash by which Chromium is told to accept a certificate, as a person would by hand."""
    pem = folder / "cert.pem"
    key = subprocess.run(
        ["openssl", "x509", "-in", pem, "-pubkey", "-noout"], capture_output=True, check=True
    ).stdout.decode()
    lines = [line for line in key.splitlines() if not line.startswith("-----")]
    return base64.b64encode(hashlib.sha256(base64.b64decode("".join(lines))).digest()).decode()


@contextmanager
def https(background: Background, folder: Path, target: int) -> Iterator[int]:
    """The port of a server's https address; the certificate was accepted."""
    folder.mkdir()
    tls = Tls(folder, target)
    background.run(tls.start())
    yield tls.port
    background.run(tls.stop())


@contextmanager
def visit(
    cell: Cell,
    browser_type: BrowserType,
    launch: dict[str, Any],
    background: Background,
    folder: Path,
) -> Iterator[tuple[Page, str]]:
    """A first visit: a page without servers, and the address of the one to be added."""
    with ExitStack() as stack:
        gate: Gate | None = GATES[cell.gate] if cell.gate else None
        one = stack.enter_context(farm(background, 1, gate=gate, sockets=cell.has_sockets))
        site = PageServer(servers=[], root=SERVED)
        background.run(site.start())
        stack.callback(background.run, site.stop())
        port, site_port, accepted = one.servers[0].port, site.port, []
        if cell.server == "self-signed":
            port = stack.enter_context(https(background, folder / "gpu", port))
            accepted.append(fingerprint(folder / "gpu"))
        if cell.page == "https":
            site_port = stack.enter_context(https(background, folder / "page", site_port))
            accepted.append(fingerprint(folder / "page"))
        page_host = {"lan": "page.lan", "loopback": "127.0.0.1"}.get(cell.page, "page.example")
        host = {
            "loopback": "127.0.0.1",
            "address": LAN_ADDRESS,
            "name": "gpu-1.local",
            "name.example": "gpu-1.example",
            "self-signed": "gpu-1.local",
        }[cell.server]
        spaces = []
        if cell.page != "loopback":
            public = "local" if cell.page == "lan" else "public"
            spaces.append(f"127.0.0.1:{site_port}={public}")
        if cell.server != "loopback":
            spaces.append(f"127.0.0.1:{port}=local")
        flags = [
            f"--ip-address-space-overrides={','.join(spaces)}",
            "--host-resolver-rules=" + ", ".join(f"MAP {name} 127.0.0.1" for name in NAMES),
            f"--ignore-certificate-errors-spki-list={','.join(accepted)}",
        ]
        browser = browser_type.launch(**{**launch, "args": [*launch["args"], *flags]})
        stack.callback(browser.close)
        context = browser.new_context()
        if cell.leave:
            context.grant_permissions(["local-network-access"])
        scheme = "https" if cell.page == "https" else "http"
        page = open_page(context.new_page(), f"{scheme}://{page_host}:{site_port}/")
        kind = "https" if cell.server == "self-signed" else "http"
        yield page, f"{kind}://{host}:{port}"


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_picture_or_the_right_first_sentence(
    cell: Cell,
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    background: Background,
    tmp_path: Path,
) -> None:
    """As a person comes to it: the server's address is typed, then a picture is dropped."""
    with visit(cell, browser_type, browser_type_launch_args, background, tmp_path) as (page, url):
        unfold_form(page)
        page.locator("#server-address").fill(url)
        page.locator("#server-form button[data-say='server.add']").click()
        if cell.says:
            expect_cause(page, cell.says)
            return
        if cell.gate:
            expect(page.locator(".server.card[data-tone=bad]")).to_have_count(1)
            give_token(page, cell.gate, GATES[cell.gate].secret)
        expect(card(page)).to_have_attribute("data-tone", "good")
        photo = noise(1)
        run(page, [as_file(photo, "photo.png")])
        expect_done(page, 1)
        assert ImageChops.difference(picture_of(page), ImageChops.invert(photo)).getbbox() is None
        if not cell.has_sockets:
            expect(card(page).locator(".socket")).to_contain_text("WebSocket blocked")
