"""The proxies of docs/networks.md, run as they stand there but for ports and folders."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import ImageChops
from playwright.sync_api import Browser, Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    Farm,
    Heard,
    as_file,
    expect_done,
    farm,
    noise,
    open_page,
    picture_of,
    run,
)
from tests.e2e.test_topologies import https

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs/networks.md"


def example(language: str, port: int, two: Farm) -> str:
    """The text of the docs, for this machine."""
    found = re.search(rf"```{language}\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert found is not None
    text = found[1].replace("/srv/tether", str(ROOT))
    for number, server in enumerate(two.servers):
        text = text.replace(f"192.168.1.2{number}:8188", f"127.0.0.1:{server.port}")
    assert "192.168" not in text
    return text.replace("listen 80", f"listen 127.0.0.1:{port}").replace(":80 {", f":{port} {{")


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], port: int) -> Iterator[str]:
    """Run a proxy until it isn't needed; yields its address."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            _wait(process, port)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, process.stderr and process.stderr.read().decode()
        time.sleep(0.05)
    raise AssertionError("the proxy doesn't listen")


@contextmanager
def nginx(two: Farm, folder: Path) -> Iterator[str]:
    """The nginx of the docs."""
    program = found("nginx")
    port = free_port()
    shutil.copy("/etc/nginx/mime.types", folder)
    (folder / "site.conf").write_text(example("nginx", port, two))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log stderr warn; user root;\n"
        "events {}\nhttp { access_log off; "
        + "".join(
            f"{kind}_temp_path {folder}/{kind}; "
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        + f"include {folder}/site.conf; }}\n"
    )
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    with running(command, port) as url:
        yield url


@contextmanager
def caddy(two: Farm, folder: Path) -> Iterator[str]:
    """The Caddy of the docs."""
    program = found("caddy")
    port = free_port()
    (folder / "Caddyfile").write_text("{\n    admin off\n}\n" + example("caddy", port, two))
    command = [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with running(command, port) as url:
        yield url


def found(name: str) -> str:
    """Return a program; tools/setup.sh installs it where there is apt-get."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if path is None:
        pytest.skip(f"{name} is not there, and tools/setup.sh could not install it")
    return path


@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_one_origin_with_a_path_for_each_server(
    watched_page: Page, background: Background, tmp_path: Path, proxy: object
) -> None:
    """No option, no question: upload, submission, sockets and results pass."""
    assert callable(proxy)
    with farm(background, 2, cors=None, pace=0.2) as two, proxy(two, tmp_path) as url:
        heard = Heard()
        heard.follow(watched_page)
        page = open_page(watched_page, url)
        for path in ("/a/", "/b/"):
            page.locator("#server-address").fill(path)
            page.locator("#server-form button").click()
        expect(page.locator(".server.card[data-tone=good]")).to_have_count(2)
        photos = [noise(number, 1024, 800) for number in range(2)]  # more than 1 MB
        for number, photo in enumerate(photos):
            server = f"{url.partition('//')[2]}{'ab'[number]}"
            run(page, [as_file(photo, f"{number}.png", compress_level=0)], server=server)
        expect_done(page, 2)
        assert {task["endedBy"] for task in page.evaluate("windowTasks()")} == {"socket"}
        assert {re.sub(r".*/(\w)/ws.*", r"\1", address) for address in heard.opened} == {"a", "b"}
        # The latest is shown first.
        for number, photo in enumerate(reversed(photos)):
            inverted = ImageChops.invert(photo)
            assert ImageChops.difference(picture_of(page, number), inverted).getbbox() is None


def test_an_https_page_with_a_path_for_its_server(
    browser: Browser, background: Background, tmp_path: Path
) -> None:
    """The proxy's own certificate is the only one; sockets pass as well."""
    folder = tmp_path / "nginx"
    folder.mkdir()
    with farm(background, 2, cors=None) as two, nginx(two, folder) as url:
        port = int(url.rstrip("/").rpartition(":")[2])
        with https(background, tmp_path / "tls", port) as secure:
            context = browser.new_context(ignore_https_errors=True)
            page = open_page(context.new_page(), f"https://127.0.0.1:{secure}/")
            page.locator("#server-address").fill("/a/")
            page.locator("#server-form button[data-say='server.add']").click()
            expect(page.locator(".server.card[data-tone=good]")).to_have_count(1)
            photo = noise(1)
            run(page, [as_file(photo, "photo.png")])
            expect_done(page, 1)
            (done,) = page.evaluate("windowTasks()")
            assert done["endedBy"] == "socket"
            shown = picture_of(page)
            assert ImageChops.difference(shown, ImageChops.invert(photo)).getbbox() is None
            context.close()
