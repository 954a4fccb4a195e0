"""Servers that want a token: it goes to them, and nowhere else."""

import json
from typing import Any

import pytest
from aiohttp import web
from PIL import ImageChops
from playwright.sync_api import Page, expect

from simulator.settings import Gate, GateKind
from tests.e2e.background import Background
from tests.e2e.farm import (
    as_file,
    expect_done,
    farm,
    noise,
    open_page,
    picture_of,
    run,
    tasks,
    unfold_form,
    unfold_servers,
)
from tests.e2e.watch import Watch
from tools.dev.listening import end

SECRET = "s3cret+/="

GATES = {
    "bearer": Gate(GateKind.BEARER, SECRET, opens_sockets=True),
    "basic": Gate(GateKind.BASIC, f"me:{SECRET}", opens_sockets=True),
    "query": Gate(GateKind.QUERY, SECRET),
}


def give_token(page: Page, mode: str, secret: str, is_kept: bool = False) -> None:
    """Type another token on the only server's card."""
    card = page.locator(".server.card")
    unfold_servers(page)
    card.get_by_role("button", name="Token…").click()
    card.locator("select").select_option(mode)
    card.locator(".secret").fill(secret)
    if is_kept:
        card.locator("input[type=checkbox]").check()
    card.get_by_role("button", name="Apply").click()


def everything(page: Page) -> str:
    """All that the page shows, keeps for others, logs or exports."""
    kept = page.evaluate(
        """async () => JSON.stringify([
            document.documentElement.outerHTML, {...localStorage}, location.href,
            await tether.flightRecorder.read(), tether.servers(), tether.tasks(), windowJournal(),
        ])"""
    )
    return str(kept)


@pytest.mark.parametrize(
    "mode",
    ["bearer", *(pytest.param(each, marks=pytest.mark.long) for each in GATES if each != "bearer")],
)
def test_a_token_brings_a_picture_and_shows_nowhere(
    watched_page: Page, watch: Watch, background: Background, mode: str
) -> None:
    """Upload, POST, socket and result all pass the gate; what can be copied has no secret."""
    gate = GATES[mode]
    watch.expect("401|Failed to load resource|CORS|WebSocket")
    with farm(background, 1, gate=gate) as one:
        page = open_page(watched_page, one)
        expect(page.locator(".server.card[data-tone=bad]")).to_have_count(1)
        give_token(page, mode, gate.secret)
        expect(page.locator(".server.card[data-tone=good]")).to_have_count(1)
        photo = noise(7)
        run(page, [as_file(photo, "photo.png")])
        expect_done(page, 1)
        (done,) = page.evaluate("windowTasks()")
        assert done["endedBy"] == "socket"
        assert page.locator(".task .result").get_attribute("src").startswith("blob:")
        assert ImageChops.difference(picture_of(page), ImageChops.invert(photo)).getbbox() is None
        result = page.evaluate("(id) => tether.result(id)", done["taskId"])
        assert result["outputs"][0]["url"].startswith("blob:")
        shown = everything(page) + json.dumps(result)
        assert SECRET not in shown and "s3cret" not in shown
        assert "s3cret" in page.evaluate("JSON.stringify({...sessionStorage})")
    seen = [problem for problem in watch.problems if "Tether" in problem]
    assert not any("s3cret" in problem for problem in seen)


@pytest.mark.long
def test_a_token_is_remembered_only_on_request(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """A new tab asks again, unless the person has said "remember"."""
    watch.expect("401|Failed to load resource|CORS|WebSocket")
    with farm(background, 1, gate=GATES["bearer"]) as one:
        page = open_page(watched_page, one)
        good = ".server.card[data-tone=good]"
        give_token(page, "bearer", SECRET)
        expect(page.locator(good)).to_have_count(1)
        page.reload()
        expect(page.locator(good)).to_have_count(1)
        other = open_page(page.context.new_page(), one)
        expect(other.locator(".server.card[data-tone=bad]")).to_have_count(1)
        give_token(other, "bearer", SECRET, is_kept=True)
        expect(other.locator(good)).to_have_count(1)
        third = open_page(page.context.new_page(), one)
        expect(third.locator(good)).to_have_count(1)


@pytest.mark.long
def test_a_login_typed_in_the_address_becomes_basic(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """The address is kept without it."""
    watch.allow("401|Failed to load resource|CORS|WebSocket")
    with farm(background, 0) as none, farm(background, 1, gate=GATES["basic"]) as other:
        page = open_page(watched_page, none)
        server = other.servers[0]
        unfold_form(page)
        page.locator("#server-address").fill(f"http://me:s3cret%2B%2F%3D@127.0.0.1:{server.port}")
        page.locator("#server-form button").click()
        expect(page.locator(".server.card[data-tone=good]")).to_have_count(1)
        assert [each["url"] for each in page.evaluate("tether.servers()")] == [server.url]
        assert "s3cret" not in everything(page)


@pytest.mark.long
def test_a_script_gives_a_token(watched_page: Page, watch: Watch, background: Background) -> None:
    """As text a Bearer's, or with its mode."""
    watch.allow("401|Failed to load resource|CORS|WebSocket")
    given: dict[str, Any] = {
        "bearer": SECRET,
        "query": {"mode": "query", "secret": SECRET, "name": "token"},
    }
    with farm(background, 0) as none:
        page = open_page(watched_page, none)
        for mode, token in given.items():
            with farm(background, 1, gate=GATES[mode]) as other:
                row = page.evaluate(
                    "([url, token]) => tether.addServer(url, {token})",
                    [other.servers[0].url, token],
                )
                assert row["state"] == "up"


def test_no_redirect_carries_a_token_elsewhere(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """The call fails instead, and the other server hears nothing."""
    watch.allow("redirect|Failed to load resource|CORS|WebSocket|Failed to fetch")
    with farm(background, 1) as thief, farm(background, 0) as none:
        redirect = Redirect(thief.servers[0].url)
        background.run(redirect.start())
        try:
            page = open_page(watched_page, none)
            row = page.evaluate(
                "([url, token]) => tether.addServer(url, {token})",
                [redirect.url, {"mode": "query", "secret": SECRET}],
            )
            assert row["state"] != "up"
            assert not [t for _, t, _ in thief.servers[0].requests if "s3cret" in t]
            assert redirect.asked
        finally:
            background.run(redirect.stop())
    assert tasks(page).count() == 0


class Redirect:
    """A server that sends everybody somewhere else."""

    def __init__(self, target: str) -> None:
        self._target = target
        self.asked: list[str] = []
        self.url = ""

    async def start(self) -> None:
        """Listen."""

        async def answer(request: web.Request) -> web.Response:
            self.asked.append(request.path_qs)
            headers = {"Location": self._target + request.path_qs}
            cors = {"Access-Control-Allow-Origin": "*"}
            return web.Response(status=307, headers={**headers, **cors})

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close the port."""
        await end(self._runner)


@pytest.mark.long
def test_a_token_that_is_used_is_in_no_field_any_more(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """On its server's card, and where a server is added: whoever comes next reads nothing."""
    watch.allow("401|Failed to load resource|CORS|WebSocket")
    typed = "[...document.querySelectorAll('input')].map((field) => field.value).join()"
    with farm(background, 0) as none, farm(background, 1, gate=GATES["bearer"]) as other:
        page = open_page(watched_page, none)
        unfold_form(page)
        page.locator("#server-address").fill(other.servers[0].url)
        page.locator("#server-access summary").click()
        page.locator("#server-access select").select_option("bearer")
        page.locator("#server-access .secret").fill(SECRET)
        page.locator("#server-form button").click()
        expect(page.locator(".server.card[data-tone=good]")).to_have_count(1)
        assert SECRET not in page.evaluate(typed)
        give_token(page, "bearer", SECRET)
        expect(page.locator(".server.card .secret")).to_have_count(0)
        assert SECRET not in page.evaluate(typed)
