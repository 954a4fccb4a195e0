"""The topologies of docs/networks.md that one machine can make.

Each brings a picture within a minute of the first visit, or the right first sentence of what is
wrong and the cure to copy.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.sync_api import Browser, BrowserType, Locator, Page, expect

from simulator.settings import Gate, GateKind
from tests.e2e.background import Background
from tests.e2e.built import SERVED
from tests.e2e.farm import as_file, expect_done, farm, noise, open_page, run, unfold_form
from tests.e2e.tls import Tls
from tests.e2e.watch import Watch
from tools.dev.listening import end
from tools.dev.serve import PageServer

NETWORK_NOISE = "Failed to load resource|CORS|WebSocket|ERR_|Mixed Content"


def card(page: Page) -> Locator:
    """The only server's card."""
    return page.locator(".server.card")


def expect_cause(page: Page, sentence: str, cure: str = "") -> None:
    """Wait for what the card says of a server that can't be used."""
    shown = card(page).locator(".trouble, .causes li").filter(has_text=sentence)
    expect(shown.first).to_be_visible()
    if cure:
        expect(card(page).locator(".cure code").filter(has_text=cure).first).to_be_visible()


@pytest.mark.long
def test_a_blocked_socket_costs_the_first_task_ten_seconds_alone(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """The next ones don't wait, and the card has what the proxy lacks."""
    watch.expect(NETWORK_NOISE)
    with farm(background, 1, sockets=False) as one:
        page = open_page(watched_page, one)
        began = time.monotonic()
        run(page, [as_file(noise(1), "first.png")])
        expect_done(page, 1)
        first = time.monotonic() - began
        expect(card(page).locator(".socket")).to_contain_text("WebSocket blocked")
        expect_cause(page, "its WebSocket is blocked", "proxy_set_header Upgrade")
        began = time.monotonic()
        run(page, [as_file(noise(2), "second.png")])
        expect_done(page, 2)
        second = time.monotonic() - began
        print(f"first {first:.1f} s, second {second:.1f} s")
        assert second < first


def test_a_server_that_is_down_has_its_command_to_copy(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """With the page's own origin in it; the button copies it."""
    watch.expect(NETWORK_NOISE)
    with farm(background, 1) as one:
        background.run(one.servers[0].stop())
        page = open_page(watched_page, one)
        origin = one.url.rstrip("/")
        expect_cause(page, "doesn't answer at", f"--enable-cors-header {origin}")
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        card(page).get_by_role("button", name="Copy").click()
        expect(page.locator("#notices")).to_contain_text("Copied")
        copied = page.evaluate("navigator.clipboard.readText()")
        port = one.servers[0].url.rpartition(":")[2]
        assert copied == f"python main.py --port {port} --enable-cors-header {origin}"
        told = page.evaluate(f"tether.doctor('{one.servers[0].url}')")
        assert not told["isWell"] and told["causes"][0]["cure"] == copied


def test_a_server_without_the_cors_option_is_told_from_one_that_is_down(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """The likeliest of two that look the same comes first."""
    watch.expect(NETWORK_NOISE)
    with farm(background, 1, cors=None) as one:
        page = open_page(watched_page, one)
        expect_cause(page, "one of these")
        expect(card(page).locator(".causes li").first).to_contain_text("refuses this page")
        expect_cause(page, "runs but refuses", f"--enable-cors-header {one.url.rstrip('/')}")


@pytest.mark.parametrize("is_readable", [pytest.param(False, marks=pytest.mark.long), True])
def test_options_answered_401_is_told(
    watched_page: Page, watch: Watch, background: Background, is_readable: bool
) -> None:
    """For certain where the proxy lets pages read its refusals."""
    watch.expect(NETWORK_NOISE)
    gate = Gate(GateKind.BEARER, "s3cret", guards_preflight=True, is_readable=is_readable)
    with farm(background, 0) as none, farm(background, 1, gate=gate) as other:
        page = open_page(watched_page, none)
        page.evaluate(f"tether.addServer('{other.servers[0].url}', {{token: 's3cret'}})")
        expect_cause(page, "even for OPTIONS", "return 204")
        first = card(page).locator(":scope > .trouble")
        expect(first).to_contain_text("even for OPTIONS" if is_readable else "one of these")


@pytest.mark.long
@pytest.mark.parametrize(("token", "sentence"), [(None, "Press Token"), ("wrong", "refuses the")])
def test_a_login_that_is_needed_or_wrong_is_told(
    watched_page: Page, watch: Watch, background: Background, token: str | None, sentence: str
) -> None:
    """Where its answer can be read."""
    watch.expect(NETWORK_NOISE)
    gate = Gate(GateKind.BEARER, "s3cret", is_readable=True)
    with farm(background, 0) as none, farm(background, 1, gate=gate) as other:
        page = open_page(watched_page, none)
        page.evaluate(
            "([url, token]) => tether.addServer(url, {token})", [other.servers[0].url, token]
        )
        expect_cause(page, sentence)


async def other_site(_request: web.Request) -> web.Response:
    """Something that lets every page in, and is no ComfyUI."""
    return web.json_response({"hello": 1}, headers={"Access-Control-Allow-Origin": "*"})


@contextmanager
def other_program(background: Background) -> Iterator[int]:
    """The port of something that answers otherwise."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", other_site)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    background.run(runner.setup())
    background.run(web.TCPSite(runner, "127.0.0.1", 0).start())
    yield runner.addresses[0][1]
    background.run(end(runner))


@contextmanager
def hanging_program(_background: Background) -> Iterator[int]:
    """The port of something that takes calls and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.long
@pytest.mark.parametrize(
    ("program", "sentence"),
    [(other_program, "but not like ComfyUI"), (hanging_program, "takes too long")],
)
def test_what_answers_but_is_no_server_to_use(
    watched_page: Page, watch: Watch, background: Background, program: Any, sentence: str
) -> None:
    """Another program at that address, or one that hangs."""
    watch.allow(NETWORK_NOISE)
    with farm(background, 0) as none, program(background) as port:
        page = open_page(watched_page, none)
        unfold_form(page)
        page.locator("#server-address").fill(f"127.0.0.1:{port}")
        page.locator("#server-form button[data-say='server.add']").click()
        expect_cause(page, sentence)


@pytest.mark.long
def test_a_proxy_that_refuses_large_pictures_has_its_line_to_copy(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """The limit that it needs is in it; the task goes on elsewhere, or says so."""
    watch.expect("413")
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        headers = {"Access-Control-Allow-Origin": "*"}
        page.route("**/upload/image", lambda route: route.fulfill(status=413, headers=headers))
        run(page, [as_file(noise(1, 1024, 800), "large.png", compress_level=0)])
        expect_cause(page, "don't get to", "client_max_body_size 100m;")


def test_two_addresses_of_one_server_are_noticed(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """By a task of ours that both know."""
    watch.allow(NETWORK_NOISE)
    with farm(background, 0) as none, farm(background, 1, host="127.0.0.1") as other:
        page = open_page(watched_page, none)
        port = other.servers[0].port
        page.evaluate(f"tether.addServer('http://127.0.0.1:{port}', {{name: 'first'}})")
        page.evaluate(f"tether.addServer('http://localhost:{port}', {{name: 'second'}})")
        run(page, [as_file(noise(1), "photo.png")])
        expect_done(page, 1)
        second = page.locator(".server.card").nth(1)
        expect(second.locator(".duplicate")).to_contain_text("another address of first")


@contextmanager
def page_elsewhere(
    browser_type: BrowserType, launch: dict[str, Any], background: Background, servers: list[str]
) -> Iterator[Page]:
    """A tab of a Chromium for which the page is on the internet, on a name of its own."""
    site = PageServer(servers=servers, root=SERVED)
    background.run(site.start())
    flags = [
        f"--ip-address-space-overrides=127.0.0.1:{site.port}=public",
        "--host-resolver-rules=MAP page.test 127.0.0.1, MAP gpu.example 127.0.0.1",
        f"--unsafely-treat-insecure-origin-as-secure=http://page.test:{site.port}",
    ]
    browser: Browser = browser_type.launch(**{**launch, "args": [*launch["args"], *flags]})
    try:
        page = browser.new_page()
        yield open_page(page, f"http://page.test:{site.port}/")
    finally:
        browser.close()
        background.run(site.stop())


def test_a_local_server_is_called_after_a_click_and_with_leave(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any], background: Background
) -> None:
    """Never on load; then it works like any other."""
    with farm(background, 1) as one:
        server = one.servers[0]
        with page_elsewhere(
            browser_type, browser_type_launch_args, background, [server.url]
        ) as page:
            expect(card(page).get_by_role("button", name="Connect")).to_be_visible()
            assert page.evaluate("tether.servers()") == [] and not server.requests
            page.context.grant_permissions(["local-network-access"])
            card(page).get_by_role("button", name="Connect").click()
            expect(page.locator(".server.card[data-tone=good]")).to_have_count(1)
            run(page, [as_file(noise(1), "photo.png")])
            expect_done(page, 1)


@pytest.mark.long
def test_a_local_server_without_leave_says_so(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any], background: Background
) -> None:
    """Chromium without a window refuses what it would ask; the site's settings are to copy."""
    with (
        farm(background, 1) as one,
        page_elsewhere(
            browser_type, browser_type_launch_args, background, [one.servers[0].url]
        ) as page,
    ):
        card(page).get_by_role("button", name="Connect").click()
        expect_cause(page, "doesn't let this page reach", "chrome://settings/content")


@contextmanager
def https(background: Background, folder: Path, target: int) -> Iterator[str]:
    """The https address of a local server; its certificate is nobody's."""
    tls = Tls(folder, target)
    background.run(tls.start())
    try:
        yield f"https://127.0.0.1:{tls.port}"
    finally:
        background.run(tls.stop())


@pytest.mark.long
def test_a_certificate_that_is_not_trusted_is_among_the_causes(
    watched_page: Page, watch: Watch, background: Background, tmp_path: Path
) -> None:
    """With the address to open in a tab once; accepted there, it works."""
    watch.expect(NETWORK_NOISE)
    with (
        farm(background, 0) as none,
        farm(background, 1) as other,
        https(background, tmp_path, other.servers[0].port) as url,
    ):
        page = open_page(watched_page, none)
        page.evaluate(f"tether.addServer('{url}')")
        expect_cause(page, "doesn't trust the certificate", url)


@pytest.mark.long
def test_an_https_page_calls_loopback_and_no_other_plain_server(
    browser: Browser, background: Background, tmp_path: Path
) -> None:
    """Mixed content is told by the addresses; https to https passes everything."""
    with (
        farm(background, 0) as none,
        farm(background, 1) as other,
        https(background, tmp_path, none.page.port) as site,
    ):
        server = other.servers[0]
        with https(background, tmp_path, server.port) as secure:
            context = browser.new_context(ignore_https_errors=True)
            page = open_page(context.new_page(), site)
            page.evaluate(f"tether.addServer('http://8.8.8.8:{server.port}')")
            expect_cause(page, "opened over https", f"https://8.8.8.8:{server.port}")
            page.evaluate(f"tether.removeServer('http://8.8.8.8:{server.port}')")
            for number, address in enumerate((server.url, secure), 1):
                assert page.evaluate(f"tether.addServer('{address}')")["state"] == "up"
                run(page, [as_file(noise(number), f"{number}.png")])
                expect_done(page, number)
                page.evaluate(f"tether.removeServer('{address}')")
            context.close()
