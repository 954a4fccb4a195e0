"""The proxies of docs/networks.md and docs/scaling.md, run as they stand there.

Only ports, addresses and folders are others.
"""

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from PIL import ImageChops
from playwright.sync_api import Browser, Page, expect

from tests.e2e.background import Background
from tests.e2e.built import SERVED
from tests.e2e.farm import (
    Farm,
    Heard,
    as_file,
    expect_done,
    farm,
    noise,
    open_page,
    picture_of,
    result_of,
    run,
    tasks,
    unfold_form,
    until,
)
from tests.e2e.hostile import HostileServer
from tests.e2e.test_topologies import https
from tests.e2e.watch import Watch
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs/networks.md"
SCALING = ROOT / "docs/scaling.md"
MANY = 12
ALL_OPEN = "tether.servers().every((each) => each.socket === 'open')"
"""A machine that is busy may have the records before a socket: then tasks end by those."""


def example(language: str, port: int, two: Farm) -> str:
    """The text of the docs, for this machine."""
    text = block(DOCS, language).replace("/srv/tether", str(ROOT))
    for number, server in enumerate(two.servers):
        text = text.replace(f"192.168.1.2{number}:8188", f"127.0.0.1:{server.port}")
    assert "192.168" not in text
    return text.replace("listen 80", f"listen 127.0.0.1:{port}").replace(":80 {", f":{port} {{")


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
        time.sleep(0.05)  # nothing tells when a process listens
    raise AssertionError("the proxy doesn't listen")


@contextmanager
def nginx(two: Farm, folder: Path) -> Iterator[str]:
    """The nginx of the docs."""
    port = free_port()
    with serving(example("nginx", port, two), port, folder) as url:
        yield url
        two.background.leave()


@contextmanager
def fleet(many: Farm, folder: Path) -> Iterator[str]:
    """The nginx for many servers, with the files that the docs' commands make."""
    port = free_port()
    hosts = "".join(f"{each.settings.name} 127.0.0.1:{each.port}\n" for each in many.servers)
    (folder / "hosts").write_text(hosts)
    subprocess.run(["sh", "-ec", block(SCALING, "sh")], cwd=folder, check=True)
    text = block(SCALING, "nginx").replace("/srv/tether", str(SERVED))
    text = text.replace("/srv/fleet", str(folder)).replace("listen 80", f"listen 127.0.0.1:{port}")
    with serving(text, port, folder) as url:
        yield url
        many.background.leave()


def block(docs: Path, language: str) -> str:
    """The first text of a language in the docs."""
    found = re.search(rf"```{language}\n(.*?)```", docs.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


@contextmanager
def serving(site: str, port: int, folder: Path) -> Iterator[str]:
    """An nginx of its own, with this site."""
    program = found("nginx")
    shutil.copy("/etc/nginx/mime.types", folder)
    (folder / "site.conf").write_text(site)
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
        two.background.leave()


def found(name: str) -> str:
    """Return a program; tools/dev/setup.sh installs it where there is apt-get."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if path is None:
        pytest.skip(f"{name} is not there, and tools/dev/setup.sh could not install it")
    return path


@pytest.mark.parametrize("proxy", [nginx, pytest.param(caddy, marks=pytest.mark.long)])
def test_one_origin_with_a_path_for_each_server(
    watched_page: Page, background: Background, tmp_path: Path, proxy: object
) -> None:
    """No option, no question: upload, submission, sockets and results pass."""
    assert callable(proxy)
    with farm(background, 2, cors=None, is_held=True) as two, proxy(two, tmp_path) as url:
        heard = Heard()
        heard.follow(watched_page)
        page = open_page(watched_page, url)
        for number, path in enumerate(("/a/", "/b/"), 1):
            unfold_form(page)
            page.locator("#server-address").fill(path)
            page.locator("#server-form button").click()
            # The form folds when the first server is there.
            expect(page.locator(".server.card")).to_have_count(number)
        expect(page.locator(".server.card[data-tone=good]")).to_have_count(2)
        photos = [noise(number, 1024, 800) for number in range(2)]  # more than 1 MB
        for number, photo in enumerate(photos):
            server = f"{url.partition('//')[2]}{'ab'[number]}"
            run(page, [as_file(photo, f"{number}.png", compress_level=0)], server=server)
        expect(tasks(page, "running")).to_have_count(2)
        until(page, ALL_OPEN)
        two.release()
        expect_done(page, 2)
        assert {task["endedBy"] for task in page.evaluate("windowTasks()")} == {"socket"}
        assert {re.sub(r".*/(\w)/ws.*", r"\1", address) for address in heard.opened} == {"a", "b"}
        for name in ("KSampler%20%2F%2FInspire", "workflow%2FName"):
            with urlopen(f"{url}a/object_info/{name}") as answer:
                assert answer.read() == b"{}"
            assert two.servers[0].requests[-1][1] == f"/object_info/{name}"
        for number, photo in enumerate(photos):
            shown = result_of(page, f"{number}.png")
            assert ImageChops.difference(shown, ImageChops.invert(photo)).getbbox() is None


KEPT = """async (load) => {
  localStorage.setItem("kept", "yes");
  await load();
  return localStorage.getItem("kept");
}"""
BY_PAGE = KEPT.replace("load()", "fetch('/a/prompt', {credentials: 'omit'})")
BY_PLAYER = KEPT.replace(
    "load()",
    """new Promise((resolve) => {
      const player = document.createElement("video");
      player.onerror = resolve;
      player.src = "/a/view?filename=x.mp4";
    })""",
)


@pytest.mark.parametrize("proxy", [nginx, pytest.param(caddy, marks=pytest.mark.long)])
def test_a_server_under_the_pages_origin_can_not_clear_what_the_page_keeps(
    watched_page: Page, watch: Watch, background: Background, tmp_path: Path, proxy: object
) -> None:
    """Chromium lets no call without cookies clear anything, but a player: there the proxy helps."""
    assert callable(proxy)
    watch.allow("Failed to load resource|Clear-Site-Data|Cleared data")
    hostile = HostileServer()
    background.run(hostile.start())
    servers: Any = [hostile, hostile]
    with proxy(Farm(background, servers, background.site), tmp_path) as url:
        found = {}
        for origin in (f"{hostile.url}/", url):
            hostile.headers = {}  # or it could clear what is being written
            watched_page.goto(f"{origin}static/i18n/en.json")
            hostile.headers = {"Clear-Site-Data": '"storage"'}
            found[origin] = [watched_page.evaluate(by) for by in (BY_PAGE, BY_PLAYER)]
        assert found == {f"{hostile.url}/": ["yes", None], url: ["yes", "yes"]}
    background.run(hostile.stop())


@pytest.mark.long
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
            unfold_form(page)
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


@pytest.mark.long
def test_many_servers_behind_one_origin_by_a_map(
    watched_page: Page, background: Background, tmp_path: Path
) -> None:
    """Each path is one server, with its own socket; names and queries arrive as they were sent."""
    with farm(background, MANY, cors=None, is_held=True) as many, fleet(many, tmp_path) as url:
        heard = Heard()
        heard.follow(watched_page)
        page = open_page(watched_page, url)
        cards = page.locator(".server.card[data-tone=good]")
        expect(cards).to_have_count(MANY)
        photo = noise(1, 1024, 800)  # more than 1 MB
        run(page, [as_file(photo, f"{n}.png", compress_level=0) for n in range(MANY)])
        expect(tasks(page, "running")).to_have_count(MANY)
        until(page, ALL_OPEN)
        many.release()
        expect_done(page, MANY)
        ended = page.evaluate("windowTasks()")
        assert {task["endedBy"] for task in ended} == {"socket"}
        assert len({task["server"] for task in ended}) == MANY
        prefixes = {re.sub(r".*(/gpu/.*)/ws.*", r"\1", address) for address in heard.opened}
        assert prefixes == {f"/gpu/{each.settings.name}" for each in many.servers}
        shown = picture_of(page)
        assert ImageChops.difference(shown, ImageChops.invert(photo)).getbbox() is None
        odd = "gpu-7/object_info/Power%20Lora%20(rgthree)%2FA?x=%26y"
        with urlopen(f"{url}gpu/{odd}") as answer:
            assert json.load(answer) == {}
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"{url}gpu/nobody/prompt")
        assert many.servers[6].requests[-1][1] == f"/{odd.partition('/')[2]}"
