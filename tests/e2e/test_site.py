"""What `make site` builds, on a plain file server, in a sub-path."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import ImageChops
from playwright.sync_api import BrowserType, Locator, Page, expect

from tests.e2e.background import Background
from tests.e2e.built import ROOT, SERVED, Host, build, tree
from tests.e2e.conftest import opened
from tests.e2e.farm import (
    as_file,
    expect_done,
    expect_ready,
    farm,
    noise,
    open_page,
    own_tasks,
    result_of,
    run,
    until,
)
from tests.e2e.watch import Watch

pytestmark = pytest.mark.xdist_group("site")  # One worker builds what all need.

KEPT = "caches.keys().then((names) => names.map((name) => name.split(' ').at(-1)).sort())"

TITLE = "<title>Tether</title>"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of this tree: the one that is served, if that is a built one."""
    if SERVED != ROOT:
        return SERVED
    return build(tmp_path_factory.mktemp("site") / "dist", ROOT, "--plain")


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of a tree in which a sentence and a module have changed."""
    folder = tmp_path_factory.mktemp("newer")
    changes = {
        "index.html": (TITLE, "<title>Tether, newer</title>"),
        "app/page/notifications/whats_new.py": (
            "VERSION_RECORD =",
            "IS_NEWER = True\nVERSION_RECORD =",
        ),
    }
    return build(folder / "dist", tree(folder / "tree", changes), "--plain")


@pytest.fixture
def host(site: Path, tmp_path: Path) -> Iterator[Host]:
    """A plain file server with the site."""
    host = Host(tmp_path)
    host.put(site)
    host.start()
    yield host
    host.stop()


STARTED = re.compile(r"(?<=unpack\(await firstScreen\);)")

TOLD = """
import gc, json, sitecustomize, sys
specs = {name: getattr(module, "__spec__", None) for name, module in sys.modules.items()}
origins = {name: str(getattr(spec, "origin", "")) for name, spec in specs.items()}
searched = sorted(name for name, origin in origins.items() if ".zip/" in origin)
json.dumps([searched, sitecustomize.written, gc.isenabled() and gc.get_freeze_count() > 0])
"""


def test_a_start_compiles_nothing_and_searches_no_archive(
    watched_page: Page, host: Host, site: Path
) -> None:
    """But for what Python needs before anything of ours runs."""
    page = watched_page
    (file,) = site.glob("assets/site/interpreter-*.mjs")
    changed = STARTED.sub(" window.python = python;", file.read_text())
    answer = {"body": changed, "content_type": "text/javascript"}
    page.route("**/assets/site/interpreter-*.mjs", lambda route: route.fulfill(**answer))
    page.goto(host.url)
    expect_ready(page)
    searched, written, is_collected = json.loads(
        page.evaluate("(code) => python.runPython(code)", TOLD)
    )
    assert searched == ["encodings", "encodings.aliases", "encodings.utf_8", "sitecustomize"]
    assert written == []
    assert is_collected, "garbage isn't collected after the start"


@contextmanager
def main_job_done(
    page: Page, background: Background, host: Host, site: Path, url: str
) -> Iterator[None]:
    """Two photos on two servers, each with the right result; and what is fetched later works."""
    with farm(background, 2, pace=0.3) as two:
        host.put(site, [{"url": each.url, "name": each.settings.name} for each in two.servers])
        open_page(page, url)
        photos = [noise(1), noise(2)]
        run(page, [as_file(photo, f"photo-{n}.png") for n, photo in enumerate(photos)])
        expect_done(page, 2)
        for number, photo in enumerate(photos):
            result = result_of(page, f"photo-{number}")
            assert ImageChops.difference(result, ImageChops.invert(photo)).getbbox() is None
        assert {task["server"] for task in own_tasks(page)} == {each.url for each in two.servers}
        page.locator("#workflow").select_option("blur")
        expect(page.locator("#form .field").first).to_be_visible()
        page.locator("#lanes summary").first.click()
        expect(page.locator("#lanes svg").first).to_be_visible()
        yield


def kept(page: Page, *builds: str) -> None:
    """Wait until the browser keeps these builds whole, and no others."""
    until(page, f"{KEPT}.then((kept) => kept.join() === '{','.join(sorted(builds))}')")
    until(page, "navigator.serviceWorker.ready.then((one) => !one.installing && !one.waiting)")


def notice(page: Page) -> Locator:
    """What tells of another build."""
    return page.locator("#update")


def build_of(page: Page) -> str:
    """The id of the build that a page runs."""
    return page.locator("meta[name='tether:build']").get_attribute("content") or ""


def test_the_main_job(
    watched_page: Page, watch: Watch, background: Background, host: Host, site: Path
) -> None:
    """From a folder of plain files, with nothing of another origin but the two servers."""
    with main_job_done(watched_page, background, host, site, host.url):
        assert build_of(watched_page) in (site / "sw.js").read_text()
        servers = {task["server"] for task in own_tasks(watched_page)}
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(host.url))
    sockets = {server.replace("http", "ws", 1) for server in servers}
    assert watch.origins() == {origin, *servers, *sockets}
    own = [url for url in watch.requests if url.startswith(origin)]
    assert all(url.startswith(host.url) for url in own)
    assert not [url for url in own if url.endswith((".py", ".toml"))]


@pytest.mark.long
def test_the_demo(watched_page: Page, watch: Watch, host: Host) -> None:
    """Its servers, its worker and its work are found under their new names."""
    page = open_page(watched_page, f"{host.url}?demo=1")
    run(page, [as_file(noise(3), "one.png")])
    expect_done(page, 1)
    assert [url for url in watch.requests if re.search(r"/worker-\w+\.mjs$", url)]


def test_after_one_visit_it_opens_without_the_network(
    watched_page: Page, watch: Watch, host: Host
) -> None:
    """The server is gone; the page and all that it fetches later are still there."""
    watch.allow("ERR_CONNECTION_REFUSED")
    page = open_page(watched_page, host.url)
    kept(page, build_of(page))
    host.stop()
    page = open_page(page.context.new_page(), f"{host.url}?demo=1")
    run(page, [as_file(noise(4), "one.png")])
    expect_done(page, 1)


@pytest.mark.long
def test_a_new_build_is_offered_and_an_old_one_put_back_takes_over(
    watched_page: Page, watch: Watch, host: Host, site: Path, newer: Path
) -> None:
    """Nothing happens to an open page until its person reloads it, whatever others do."""
    watch.allow("ERR_CONNECTION_REFUSED")
    page = open_page(watched_page, host.url)
    older = build_of(page)
    kept(page, older)
    other = open_page(page.context.new_page(), host.url)

    host.put(newer)
    page.evaluate("navigator.serviceWorker.ready.then((one) => one.update()).then(() => 0)")
    for each in (page, other):
        expect(notice(each)).to_have_text("A new version is available: Reload")
        expect(each).to_have_title("Tether")
    notice(page).get_by_role("button").click()
    expect(page).to_have_title("Tether, newer")
    expect_ready(page)
    expect(notice(page)).to_be_hidden()
    assert build_of(page) != older
    kept(page, older, build_of(page))

    # What the other has not fetched yet is gone from the server, and still here.
    other.locator("#workflow").select_option("blur")
    expect(other.locator("#form .field").first).to_be_visible()
    notice(other).get_by_role("button").click()
    expect(other).to_have_title("Tether, newer")
    expect_ready(other)
    kept(other, build_of(page))
    other.close()

    host.put(site)
    page.reload()
    expect_ready(page)
    expect(page).to_have_title("Tether")
    kept(page, older)
    expect(notice(page)).to_be_hidden()
    host.stop()
    page.reload()
    expect_ready(page)
    assert build_of(page) == older


@pytest.mark.long
def test_on_plain_http_nothing_is_kept_and_all_works(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    background: Background,
    host: Host,
    site: Path,
) -> None:
    """At a name that is no loopback name for the browser there are no service workers."""
    # A whole Chromium: the shell asks nobody whether the page may call this machine.
    browser = browser_type.launch(**browser_type_launch_args)
    context = opened(browser.new_context())
    watch = Watch(context)
    page = context.new_page()
    url = host.url.replace("127.0.0.1", "lan.test")
    with main_job_done(page, background, host, site, url):
        assert page.evaluate("[isSecureContext, 'serviceWorker' in navigator]") == [False, False]
    watch.verify()
    browser.close()
