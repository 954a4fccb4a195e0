"""A server that wishes the page ill reaches nothing: no script runs, no other server suffers."""

import json
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageChops
from playwright.sync_api import Dialog, Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    Farm,
    as_file,
    expect_done,
    farm,
    noise,
    open_menu,
    open_page,
    own_tasks,
    result_of,
    run,
    tasks,
    unfold_servers,
    until,
    wait_for,
)
from tests.e2e.hostile import NAMES, HostileServer
from tests.e2e.watch import Watch
from tether.core.windows.transfers import PLACES

SECRET = "s3cret+/="
MANY = 10**6

WITHIN = 60.0
"""Seconds in which the page must answer, far beyond the two or three that it takes alone."""


PRESS_ALL = """card => {
  for (const button of card.querySelectorAll("[data-action=fetch]"))
    if (button.checkVisibility()) button.click();
}"""


@pytest.fixture
def hostile(background: Background) -> Iterator[HostileServer]:
    """The hostile server."""
    server = HostileServer()
    background.run(server.start())
    yield server
    background.run(server.stop())


@pytest.fixture
def good(background: Background) -> Iterator[Farm]:
    """A good server, and the page that knows it."""
    with farm(background, 1, pace=0.3) as one:
        yield one


def add(page: Page, hostile: HostileServer) -> None:
    """Add it, with a token for it alone."""
    token = {"mode": "query", "secret": SECRET, "name": "token"}
    page.evaluate(
        "([url, token]) => tether.addServer(url, {token, name: 'ill'})", [hostile.url, token]
    )


# By the page's own clock, since the driver, too, has to carry 50 MB. Presses come before timers.
BEAT = """() => {
  let last = performance.now();
  window.longest = 0;
  setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 50);
}"""


def press(page: Page) -> float:
    """Press something; returns the seconds in which the page answered nobody since the last."""
    open_menu(page)
    page.locator("#about-open").click()
    page.locator("#about-close").click()
    return float(page.evaluate("() => { const told = longest; longest = 0; return told / 1000 }"))


def ill_card(page: Page, hostile: HostileServer) -> Any:
    """The hostile server's card."""
    return page.locator(f'.server.card[data-server="{hostile.url}"]')


def test_nothing_that_a_server_says_runs_or_goes_to_another(
    watched_page: Page, watch: Watch, background: Background, hostile: HostileServer, good: Farm
) -> None:
    """Scripts in every string, HTML and SVG as results, a redirect to a server that listens."""
    watch.allow("400|Failed to load|CORS|redirect|ERR_FAILED|net::")
    said: list[str] = []

    def note(dialog: Dialog) -> None:
        said.append(dialog.message)

    with farm(background, 1) as thief:
        hostile.elsewhere = thief.servers[0].url
        page = open_page(watched_page, good)
        page.on("dialog", note)
        add(page, hostile)
        name = page.locator(f'#server-choice option[value="{hostile.url}"]').inner_text()
        for number in range(3):
            run(page, [as_file(noise(number), f"ill-{number}.png")], server=name)
        run(page, [as_file(noise(7), "good.png")], server="gpu-1")
        expect_done(page, 2)
        expect(tasks(page, "failed")).to_have_count(2)
        shown = ImageChops.invert(noise(7))
        assert ImageChops.difference(result_of(page, "good.png"), shown).getbbox() is None
        failed = page.locator(".task[data-state=failed]", has_text="onerror=canary=1")
        expect(failed).to_have_count(2)
        ill = page.locator(".task[data-state=completed]", has_text="ill-0.png")
        expect(ill.locator("figure")).to_have_count(len(NAMES))
        for figure in ill.locator("figure").all():
            figure.scroll_into_view_if_needed()
        # All at once: what one of them brings takes others' places in the list.
        ill.evaluate(PRESS_ALL)
        page.locator("#lanes > summary").click()
        page.locator("#runs-open").click()
        page.locator("#runs-server").select_option(hostile.url)
        expect(page.locator("#runs-recent")).to_contain_text("canary")
        page.locator("#runs-close").click()
        unfold_servers(page)
        ill_card(page, hostile).get_by_role("button", name="Recheck").click()
        until(page, "document.querySelectorAll('.task figure .pending').length === 0")
        assert page.evaluate("typeof canary") == "undefined"
        assert page.locator("img[onerror], svg[onload], main script").count() == 0
        assert said == []
        # Its token went to it alone.
        heard = json.dumps([request[:2] for request in thief.servers[0].requests])
        assert "s3cret" not in heard
        assert not any("token" in target for _, target, _ in good.servers[0].requests)
        assert any("token=s3cret" in asked for asked in hostile.asked)
        foreign = {hostile.url, hostile.url.replace("http", "ws"), thief.servers[0].url}
        known = {server.url for server in good.servers} | {good.url.rstrip("/")}
        known |= {url.replace("http", "ws", 1) for url in known}
        assert watch.origins() <= foreign | known


@pytest.mark.parametrize(
    "call",
    ["GET /prompt", pytest.param("POST /upload/image", marks=pytest.mark.long), "POST /prompt"],
)
def test_no_call_follows_a_redirect_and_the_person_reads_it(
    watched_page: Page, watch: Watch, hostile: HostileServer, good: Farm, call: str
) -> None:
    """To another server, which would take it: it hears nothing, and nothing counts as sent."""
    watch.allow("400|Failed to load|CORS|redirect|ERR_FAILED|net::")
    hostile.elsewhere, hostile.redirected = good.servers[0].url, frozenset({call})
    page = open_page(watched_page, good)
    add(page, hostile)
    if call == "GET /prompt":
        told = "ill sends every call on to another address"  # the doctor's words, unasked
        expect(ill_card(page, hostile).locator(":scope > .trouble")).to_contain_text(told)
    else:
        run(page, [as_file(noise(1), "secret.png")], server="ill")
        told = "ill sends calls on to another address"
        expect(page.locator(".task[data-state=waiting]")).to_contain_text(told)
    assert call in [asked.partition("?")[0] for asked in hostile.asked]
    assert [method for method, _, _ in good.servers[0].requests if method == "POST"] == []
    assert "token" not in json.dumps([target for _, target, _ in good.servers[0].requests])


@pytest.mark.long
def test_results_that_never_end_do_not_keep_pictures_from_their_server(
    watched_page: Page, watch: Watch, hostile: HostileServer, good: Farm
) -> None:
    """They have places of their own, over all tabs."""
    watch.allow("400|Failed to load|CORS|ERR_FAILED|net::")
    hostile.names = tuple(f"endless-{number}.png" for number in range(PLACES + 1))
    page = open_page(watched_page, good)
    add(page, hostile)
    run(page, [as_file(noise(1), "1.png")], server="ill")
    expect_done(page, 1)
    page.locator(".task figure").first.scroll_into_view_if_needed()
    wait_for(page, lambda: hostile.open_bodies == PLACES, "results that never end")
    other = open_page(page.context.new_page(), good)
    add(other, hostile)
    run(other, [as_file(noise(2), "2.png")], server="ill")
    wait_for(other, lambda: len(hostile.beside) > 1, "an upload beside them")
    assert hostile.beside == [0, PLACES]


NODES = json.dumps({str(number): {} for number in range(MANY)})
LONG = "x" * (50 * 10**6)
DEEP = "[" * 10**6

TOO_MUCH = {
    "a string of 50 MB": f'{{"type": "{LONG}", "data": {{}}}}',
    "a million nodes": f'{{"type": "progress_state", "data": {{"nodes": {NODES}}}}}',
    "deep JSON": f'{{"type": "status", "data": {DEEP}',
}


@pytest.mark.long
def test_too_much_in_one_piece_is_not_read(
    watched_page: Page, watch: Watch, background: Background, hostile: HostileServer, good: Farm
) -> None:
    """As a frame and as an answer; the page stays usable, and the good server's task ends well."""
    watch.allow("400|Failed to load|CORS|redirect|ERR_FAILED|net::")
    page = open_page(watched_page, good)
    add(page, hostile)
    run(page, [as_file(noise(1), "good-1.png")], server="gpu-1")
    page.evaluate(f"ensureWebSocketConnection('{hostile.url}')")
    page.evaluate(BEAT)
    slowest: dict[str, float] = {}
    for what, frame in TOO_MUCH.items():
        background.run(hostile.say(frame))
        slowest[what] = press(page)
        for path in ("/prompt", "/system_stats", "/queue", "/history", "/api/jobs"):
            hostile.answers[path] = frame
        unfold_servers(page)
        ill_card(page, hostile).locator("[data-action=ask]").click()
        slowest[f"{what}, asked for"] = press(page)
    print({what: f"{seconds:.1f} s" for what, seconds in slowest.items()})
    assert max(slowest.values()) < WITHIN
    expect(ill_card(page, hostile).locator(":scope > .trouble")).to_contain_text("not like ComfyUI")
    run(page, [as_file(noise(2), "good-2.png")], server="gpu-1")
    expect_done(page, 2)


def progress(number: int) -> str:
    """A frame that tells something new each time."""
    data = {"prompt_id": "nobody's", "node": "1", "value": number % 100, "max": 100}
    return json.dumps({"type": "progress", "data": data})


@pytest.mark.long
def test_a_flood_of_frames_is_cut_off_and_told(
    watched_page: Page, watch: Watch, background: Background, hostile: HostileServer, good: Farm
) -> None:
    """Frames without end at full speed: the page answers a click, and other servers go on."""
    watch.allow("WebSocket|Failed to load|net::")
    page = open_page(watched_page, good)
    add(page, hostile)
    page.evaluate(f"ensureWebSocketConnection('{hostile.url}')")

    page.evaluate(BEAT)

    async def begin() -> None:
        hostile.flood(progress)

    background.run(begin())
    began = time.monotonic()
    run(page, [as_file(noise(number), f"good-{number}.png") for number in range(3)], server="gpu-1")
    waits = [press(page) for _ in range(5)]
    expect_done(page, 3)
    expect(ill_card(page, hostile)).to_contain_text("sends more messages")
    lasted = time.monotonic() - began
    waits.append(press(page))
    print(f"silent for {waits}, cut off after {lasted:.1f} s and {hostile.has_flooded} frames")
    assert max(waits) < WITHIN
    assert all(task["endedBy"] == "socket" for task in own_tasks(page))


def bomb() -> bytes:
    """A small PNG whose workflow unpacks to 500 MB."""
    packer = zlib.compressobj()
    packed = b"".join(packer.compress(b"{" * 10**6) for _ in range(500)) + packer.flush()
    chunk = b"zTXt" + b"workflow\0\0" + packed
    sized = (len(chunk) - 4).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)
    return b"\x89PNG\r\n\x1a\n" + sized + b"\0\0\0\0IEND\xae\x42\x60\x82"


@pytest.mark.long
def test_files_of_strangers_are_refused_in_plain_words(
    watched_page: Page, watch: Watch, good: Farm, tmp_path: Path
) -> None:
    """100 MB, a depth of 100,000, 100,000 nodes, and a picture that is a bomb."""
    node = {"class_type": "SaveImage", "inputs": {}}
    files = {
        "long.json": (b'{"1": "' + b"x" * 100 * 10**6 + b'"}', "more than 8000000 characters"),
        "deep.json": (b"[" * 10**5 + b"]" * 10**5, "not JSON (nested too deeply)"),
        "wide.json": (
            json.dumps({str(n): node for n in range(10**5)}).encode(),
            "more than 20000 nodes",
        ),
        "bomb.png": (bomb(), "contains no workflow"),
    }
    page = open_page(watched_page, good)
    page.evaluate(BEAT)
    for name, (content, told) in files.items():
        file = tmp_path / name
        file.write_bytes(content)
        page.locator("#workflow-picker").set_input_files([file])
        notice = page.locator("#notices", has_text=name)
        expect(notice).to_contain_text(told)
        silent = press(page)
        print(f"{name}: {silent:.1f} s")
        assert silent < WITHIN
    run(page, [as_file(noise(1), "good.png")])
    expect_done(page, 1)
