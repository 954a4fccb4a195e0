"""The gallery: what this browser's tasks gave, kept on the device whatever becomes of the rest."""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageOps
from playwright.sync_api import Locator, Page, Route, expect

from simulator.settings import Gate, GateKind
from tests.e2e.background import Background
from tests.e2e.farm import (
    Farm,
    as_file,
    expect_done,
    expect_ready,
    farm,
    fresh_window,
    noise,
    open_page,
    picture_of,
    pixels,
    result_of,
    run,
    run_own,
    tasks,
    unfold_servers,
    until,
    wait_for,
)
from tests.e2e.watch import Watch

PIXELS = """async (image) => {
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL("image/png").split(",")[1];
}"""

KEPT = """async () => {
  const database = await new Promise((done, failed) => {
    const request = indexedDB.open("tether:/:gallery");
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  const found = {};
  for (const store of database.objectStoreNames) {
    found[store] = await new Promise((done) => {
      const request = database.transaction(store).objectStore(store).count();
      request.onsuccess = () => done(request.result);
    });
  }
  database.close();
  return found;
}"""


ALL_KEPT = """Object.entries(sessionStorage).filter(([key]) => key.includes(":task:"))
  .every(([, text]) => JSON.parse(text).kept)"""
"""All tasks of the window are on record as kept."""

STOP_PAINTS = """
  let frames;
  Object.defineProperty(window, "tetherFrames", {
    get: () => (pause, call) => frames(pause, () => window.isPaintStopped || call()),
    set: (given) => { frames = given; },
  });
"""
"""The page is painted until `isPaintStopped` is set."""


@pytest.fixture
def two(background: Background) -> Iterator[Farm]:
    with farm(background) as servers:
        yield servers


def cards(page: Page) -> Locator:
    """The gallery's entries."""
    return page.locator("#gallery .kept")


def open_gallery(page: Page, count: int) -> None:
    """Open it, and wait until it has so many entries in sight."""
    page.locator("#gallery-open").click()
    expect(cards(page)).to_have_count(count)


def close_gallery(page: Page) -> None:
    """Close it, as people do."""
    page.keyboard.press("Escape")
    expect(page.locator("#gallery")).to_be_hidden()


def shown(page: Page, title: str) -> Image.Image:
    """The picture on an entry's card."""
    card = cards(page).filter(has=page.locator(".title", has_text=title))
    return Image.open(BytesIO(b64decode(card.locator("img").evaluate(PIXELS)))).convert("RGB")


def set_budget(page: Page, megabytes: float) -> None:
    """Give the gallery another room, as whoever hosts the page may; before its first result."""
    setting = page.locator("meta[name='tether:gallery-mb']")
    setting.evaluate("(meta, size) => { meta.content = size }", str(megabytes))


def test_results_stay_whatever_becomes_of_page_and_servers(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """A reload, Clear finished, another tab, and servers that are gone: they are still there."""
    page = open_page(watched_page, two)
    pictures = {f"{name}.png": noise(number) for number, name in enumerate(("one", "two"), 1)}
    for number, (name, picture) in enumerate(pictures.items(), 1):
        run(page, [as_file(picture, name)], server=f"gpu-{number}")
    expect_done(page, 2)
    open_gallery(page, 2)
    assert sorted(cards(page).locator(".facts").all_inner_texts())[0].startswith("gpu-1 · ")
    for name, picture in pictures.items():
        assert shown(page, name).tobytes() == ImageOps.invert(picture).tobytes()
    close_gallery(page)
    page.locator("#task-clear").click()
    expect(tasks(page)).to_have_count(0)
    for server in two.servers:
        two.background.run(server.stop())
    watch.expect("Failed to load resource|WebSocket")
    page.reload()
    expect_ready(page)
    expect(page.locator(".server[data-tone=bad]")).to_have_count(2)
    open_gallery(page, 2)
    for name, picture in pictures.items():
        assert shown(page, name).tobytes() == ImageOps.invert(picture).tobytes()
    page.close()
    other = fresh_window(watched_page.context, two)
    open_gallery(other, 2)
    assert shown(other, "two").tobytes() == ImageOps.invert(pictures["two.png"]).tobytes()


def test_cards_take_from_the_gallery_what_it_has(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """After a reload no server sends a picture again, though it is shown, saved and used whole."""
    page = open_page(watched_page, two)
    pictures = [noise(number, 300, 250) for number in range(3)]  # the gallery has thumbnails, too
    run(page, [as_file(each, f"{number}.png") for number, each in enumerate(pictures)])
    expect_done(page, 3)
    open_gallery(page, 3)
    cards(page).filter(has_text="2.png").get_by_role("button", name="Remove").click()
    expect(cards(page)).to_have_count(2)
    close_gallery(page)
    # Once it is on record, too: what is fetched before that is shared with the gallery.
    until(page, ALL_KEPT)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    expect_ready(page)
    for number, picture in enumerate(pictures):
        assert result_of(page, f"{number}.png").tobytes() == ImageOps.invert(picture).tobytes()
    views = [each for each in asked if "/view?" in each]
    assert len(views) == 1, "what was removed comes from its server"
    card = tasks(page).filter(has_text="1.png")
    with page.expect_download() as saved:
        card.get_by_role("link", name="Save").click()
    whole = Image.open(saved.value.path()).convert("RGB")
    assert whole.tobytes() == ImageOps.invert(pictures[1]).tobytes()
    card.locator("[data-action=zoom]").click()
    large = pixels(page.locator("#zoom .after"))
    assert large.tobytes() == ImageOps.invert(pictures[1]).tobytes()
    page.keyboard.press("Escape")
    for server in two.servers:
        two.background.run(server.stop())
    watch.expect("Failed to load resource|WebSocket")
    page.reload()
    expect_ready(page)
    for number, picture in enumerate(pictures[:2]):
        assert result_of(page, f"{number}.png").tobytes() == ImageOps.invert(picture).tobytes()


@pytest.mark.fresh_tab
def test_results_are_kept_though_the_page_is_never_painted(two: Farm, watched_page: Page) -> None:
    """What starts work is what happened, not what is shown: a hidden page is painted late."""
    watched_page.add_init_script(STOP_PAINTS)
    page = open_page(watched_page, two)
    page.evaluate("window.isPaintStopped = true")
    run(page, [as_file(noise(4), "four.png")])
    until(page, "windowTasks().some((task) => task.state === 'completed')")
    expect(tasks(page)).to_have_count(0)
    open_gallery(page, 1)


@pytest.mark.long
def test_a_task_cleared_away_at_once_is_kept_whole(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """Its picture is still on the way when its card goes."""
    page = open_page(watched_page, two)
    held: list[Route] = []
    page.route("**/view?*", lambda route: held.append(route))
    picture = noise(30)
    run(page, [as_file(picture, "thirty.png")])
    expect_done(page, 1)
    wait_for(page, lambda: held, "the picture")
    page.locator("#task-clear").click()
    expect(tasks(page)).to_have_count(0)
    page.locator("#undo [aria-label=Close]").click()
    for route in held:
        route.continue_()
    open_gallery(page, 1)
    assert shown(page, "thirty").tobytes() == ImageOps.invert(picture).tobytes()


@pytest.mark.long
def test_an_entry_runs_again_as_it_was(two: Farm, watched_page: Page, watch: Watch) -> None:
    """Its workflow and its picture are kept with it: the new task gives the same."""
    page = open_page(watched_page, two)
    picture = noise(3)
    run(page, [as_file(picture, "three.png")])
    expect_done(page, 1)
    open_gallery(page, 1)
    close_gallery(page)
    page.locator("#task-clear").click()
    expect(tasks(page)).to_have_count(0)
    open_gallery(page, 1)
    page.get_by_role("button", name="Run again").click()
    expect(page.locator("#gallery-said")).to_contain_text("“three.png · Invert colours” runs again")
    expect_done(page, 1)
    expect(cards(page)).to_have_count(2)
    close_gallery(page)
    assert result_of(page, "three.png").tobytes() == ImageOps.invert(picture).tobytes()
    assert two.posts(0) + two.posts(1) == 2


@pytest.mark.long
def test_a_removal_can_be_undone_and_lasts_otherwise(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """Even where the task's own card is still there when the page is loaded again."""
    page = open_page(watched_page, two)
    run(page, [as_file(noise(4), "four.png")])
    run(page, [as_file(noise(5), "five.png")])
    expect_done(page, 2)
    open_gallery(page, 2)
    cards(page).filter(has_text="four.png").get_by_role("button", name="Remove").click()
    expect(cards(page)).to_have_count(1)
    page.locator("#gallery-undo").click()
    expect(cards(page)).to_have_count(2)
    expect(page.locator("#gallery-undo")).to_be_hidden()
    cards(page).filter(has_text="four.png").get_by_role("button", name="Remove").click()
    expect(cards(page)).to_have_count(1)
    page.reload()
    expect_ready(page)
    expect_done(page, 2)
    open_gallery(page, 1)
    expect(cards(page)).to_contain_text("five.png")


@pytest.mark.long
def test_what_was_removed_is_deleted(two: Farm, watched_page: Page, watch: Watch) -> None:
    """Once it can't be put back; and it stays gone, though its task's card is still there."""
    page = open_page(watched_page, two)
    run(page, [as_file(noise(6), "six.png")])
    expect_done(page, 1)
    open_gallery(page, 1)
    assert page.evaluate(KEPT) == {"entries": 1, "contents": 3, "gone": 0}
    page.get_by_role("button", name="Remove").last.click()
    expect(page.locator("#gallery-usage")).to_contain_text("Nothing yet")
    assert page.evaluate(KEPT) == {"entries": 1, "contents": 3, "gone": 1}
    expect(page.locator("#gallery-undo")).to_be_hidden()
    kept = page.evaluate(
        f"""async () => {{
          const end = performance.now() + 15000;
          let kept;
          do kept = await ({KEPT})(); while (kept.contents && performance.now() < end);
          return kept;
        }}"""
    )
    assert kept == {"entries": 0, "contents": 0, "gone": 1}
    page.reload()
    expect_ready(page)
    run(page, [as_file(noise(7), "seven.png")])
    expect_done(page, 2)
    open_gallery(page, 1)
    assert page.evaluate(KEPT) == {"entries": 1, "contents": 3, "gone": 1}


@pytest.mark.long
def test_the_oldest_make_way_and_it_is_said_once(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """The gallery takes no more room than it is given."""
    page = open_page(watched_page, two)
    set_budget(page, 1)
    for number, name in enumerate(("first", "second", "third"), 1):
        run(page, [as_file(noise(number, 256, 256), f"{name}.png")])
        expect_done(page, number)
        page.locator("#gallery-open").click()
        expect(cards(page).filter(has_text=f"{name}.png")).to_have_count(1)
        if name != "third":
            close_gallery(page)
    expect(cards(page)).to_have_count(2)
    expect(cards(page).filter(has_text="first.png")).to_have_count(0)
    expect(page.locator("#gallery-evicted")).to_have_text("Removed to make room: the oldest 1.")
    close_gallery(page)
    page.reload()
    expect_ready(page)
    open_gallery(page, 2)
    expect(page.locator("#gallery-evicted")).to_be_hidden()
    assert page.evaluate(KEPT)["gone"] == 1


@pytest.mark.long
def test_workflows_stand_together(two: Farm, watched_page: Page, watch: Watch) -> None:
    """The last used is open, the others are folded, and nothing of them is made."""
    page = open_page(watched_page, two)
    for number, workflow in enumerate(("invert", "blur", "invert")):
        run(page, [as_file(noise(number), f"{number}.png")], workflow)
        expect_done(page, number + 1)
    open_gallery(page, 3)
    expect(page.locator("#gallery summary")).to_have_count(1)
    page.locator("#gallery-by").select_option("workflow")
    expect(page.locator("#gallery summary")).to_have_text(["Invert colours2", "Blur1"])
    expect(cards(page)).to_have_count(2)
    page.locator("#gallery summary").nth(1).click()
    expect(cards(page)).to_have_count(3)
    page.locator("#gallery summary").nth(0).click()
    expect(cards(page)).to_have_count(1)
    expect(cards(page)).to_contain_text("1.png · Blur")


@pytest.mark.long
@pytest.mark.fresh_tab
def test_a_tab_that_comes_back_keeps_nothing_twice(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """The browser opens a closed tab again, with its tasks: those are kept already."""
    page = open_page(watched_page, two)
    run(page, [as_file(noise(7), "seven.png")])
    expect_done(page, 1)
    open_gallery(page, 1)
    records = json.dumps(page.evaluate("({...sessionStorage})"))
    page.close()
    other = watched_page.context.new_page()
    other.add_init_script(f"Object.assign(sessionStorage, {records})")
    open_page(other, two)
    expect_done(other, 1)
    run(other, [as_file(noise(8), "eight.png")])
    expect_done(other, 2)
    open_gallery(other, 2)
    assert other.evaluate(KEPT)["entries"] == 2


@pytest.mark.long
def test_large_pictures_have_a_thumbnail_and_videos_their_address(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """Nothing of a video is fetched; what is larger than a few MB is kept small."""
    page = open_page(watched_page, two)
    run(page, [as_file(noise(8, 640, 400), "large.png")])
    expect_done(page, 1)
    video = {
        "1": {
            "class_type": "EmptyImage",
            "inputs": {"width": 64, "height": 64, "batch_size": 6, "color": 255},
        },
        "2": {
            "class_type": "SaveWEBM",
            "inputs": {
                "images": ["1", 0],
                "filename_prefix": "v",
                "codec": "vp9",
                "fps": 6.0,
                "crf": 32.0,
            },
        },
    }
    run_own(page, video, "film.json")
    expect_done(page, 2)
    open_gallery(page, 2)
    picture = cards(page).filter(has_text="large.png").locator("img")
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 480
    link = cards(page).filter(has_text="large.png").locator("a.save")
    assert link.get_attribute("download").endswith(".png")
    assert link.get_attribute("href").startswith("blob:")
    film = cards(page).filter(has_text="film.json")
    expect(film.locator("img, video")).to_have_count(0)
    assert not [
        path
        for server in two.servers
        for _, path, _ in server.requests
        if path.startswith("/view") and "webm" in path
    ]
    film.locator("[data-action=zoom]").click()
    large = page.locator("#zoom video")
    assert large.evaluate("video => video.play().then(() => video.videoWidth)") == 64
    assert "/view?" in large.get_attribute("src")


@pytest.mark.long
def test_results_of_a_server_with_a_token_are_kept_and_used(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """The token goes with the fetch, and is nowhere in what is kept."""
    watch.expect("401|Failed to load resource|CORS|WebSocket")
    gate = Gate(GateKind.BEARER, "s3cret", opens_sockets=True)
    with farm(background, 1, gate=gate) as one:
        page = open_page(watched_page, one)
        card = page.locator(".server.card")
        unfold_servers(page)
        card.get_by_role("button", name="Token…").click()
        card.locator("select").select_option("bearer")
        card.locator(".secret").fill("s3cret")
        card.get_by_role("button", name="Apply").click()
        expect(page.locator(".server.card[data-tone=good]")).to_have_count(1)
        picture = noise(9)
        run(page, [as_file(picture, "nine.png")])
        expect_done(page, 1)
        open_gallery(page, 1)
        assert shown(page, "nine").tobytes() == ImageOps.invert(picture).tobytes()
        assert "s3cret" not in page.locator("#gallery").evaluate("each => each.outerHTML")
        cards(page).get_by_role("button", name="Use as input").click()
        expect(page.locator("#pictures li")).to_have_count(1)
        page.locator("#run").click()
        expect_done(page, 2)
        assert picture_of(page).tobytes() == picture.tobytes()


@pytest.mark.long
def test_a_full_browser_is_told_and_the_task_is_done_all_the_same(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """A quota that is used up stops nobody; it is told once, and what was kept stays."""
    page = open_page(watched_page, two)
    run(page, [as_file(noise(1), "first.png")])
    expect_done(page, 1)
    open_gallery(page, 1)
    close_gallery(page)
    # What a used-up quota does: the browser takes the transaction back.
    page.evaluate(
        """() => {
          const put = IDBObjectStore.prototype.put;
          IDBObjectStore.prototype.put = function (...given) {
            const request = put.apply(this, given);
            const once = () => { try { this.transaction.abort() } catch {} };
            if (this.name === "contents") queueMicrotask(once);
            return request;
          };
        }"""
    )
    for number in (2, 3):
        run(page, [as_file(noise(number), f"{number}.png")])
        expect_done(page, number)
        told = page.locator("#notices", has_text="The browser can't store more results (")
        expect(told).to_have_count(1)
    open_gallery(page, 1)
    expect(cards(page)).to_contain_text("first.png")


@pytest.mark.long
def test_the_demo_has_no_gallery(watched_page: Page, page_server: Any, watch: Watch) -> None:
    """Nothing of a demo is kept."""
    page = open_page(watched_page, f"{page_server.url}?demo=1")
    expect(page.locator("#gallery-open")).to_be_hidden()


@pytest.mark.long
def test_a_kept_result_is_looked_at_as_one_on_a_task_card(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """The same dialog: beside what it was made from, the others by keys, copied, saved, used."""
    page = open_page(watched_page, two)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    pictures = [noise(number, 160, 120) for number in (1, 2)]
    for number, picture in enumerate(pictures, 1):
        run(page, [as_file(picture, f"{number}.png")])
        expect_done(page, number)
    page.locator("#task-clear").click()
    expect(tasks(page)).to_have_count(0)
    open_gallery(page, 2)
    cards(page).filter(has_text="2.png").locator("button.thumb").focus()
    page.keyboard.press("Enter")
    zoom = page.locator("#zoom")
    expect(zoom.locator("h2")).to_have_text("2.png · Invert colours")
    assert pixels(zoom.locator(".after")).tobytes() == ImageOps.invert(pictures[1]).tobytes()
    assert pixels(zoom.locator(".before")).tobytes() == pictures[1].tobytes()
    zoom.get_by_role("button", name="Next").press("ArrowRight")
    expect(zoom.locator("h2")).to_have_text("1.png · Invert colours")
    assert pixels(zoom.locator(".before")).tobytes() == pictures[0].tobytes()
    zoom.get_by_role("button", name="Copy").click()
    expect(zoom).to_contain_text("Copied.")
    with page.expect_download() as found:
        zoom.get_by_role("link", name="Save").click()
    assert found.value.suggested_filename.startswith("1-invert_")
    zoom.get_by_role("button", name="Use as input").click()
    page.keyboard.press("Escape")
    expect(zoom).to_be_hidden()
    expect(page.locator("#gallery")).to_be_visible()
    close_gallery(page)
    expect(page.locator("#pictures li")).to_have_count(1)
    assert len(page.context.pages) == 1


@pytest.mark.long
def test_an_entry_tells_its_values_and_is_found_by_them(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """What was typed in the form stands on the card, as text; every word sought must be there."""
    page = open_page(watched_page, two)
    watched_page.locator("#workflow").select_option("blur")
    radius = page.locator("[data-field$=blur_radius] input")
    for count, value in enumerate(("3", "5"), 1):
        radius.fill(value)
        run(page, [as_file(noise(count), f"{value}<b>.png")], "blur")
        expect_done(page, count)
    run(page, [as_file(noise(4), "cat.png")], server="gpu-1")
    expect_done(page, 3)
    open_gallery(page, 3)
    five = cards(page).filter(has_text="5<b>.png")
    expect(five.locator(".values")).to_have_text("Blur radius: 5 · Sigma: 4.0")
    search = page.get_by_label("Search: workflow, server, values, file")
    search.fill("RADIUS 5 blur")
    expect(cards(page)).to_have_count(1)
    expect(cards(page)).to_contain_text("5<b>.png")
    expect(page.locator("#gallery-usage")).to_have_text("Found: 1")
    search.fill("gpu-1 cat")
    expect(cards(page)).to_contain_text("cat.png")
    page.locator("#gallery-by").select_option("workflow")
    search.fill("png")
    expect(cards(page)).to_have_count(3)
    search.fill("nothing <i>like that")
    expect(page.locator("#gallery-list")).to_have_text("Nothing found for “nothing <i>like that”.")
    expect(page.locator("#gallery-usage")).to_be_hidden()
    expect(cards(page)).to_have_count(0)
    search.press("Escape")  # as browsers have it: first what is sought goes, then the dialog
    expect(cards(page)).to_have_count(1)
    expect(page.locator("#gallery summary")).to_have_count(2)
    search.fill("blur")
    page.locator("#gallery-close").click()
    open_gallery(page, 1)
    expect(search).to_have_value("")


@pytest.mark.long
@pytest.mark.fresh_tab
@pytest.mark.browser_context_args(service_workers="block")
def test_code_that_cannot_be_fetched_is_fetched_later(
    watched_page: Page, two: Farm, watch: Watch
) -> None:
    """The page's host is away: the person is told once, by what they pressed, and loses nothing.

    A service worker would have the code.
    """
    watch.expect("ERR_FAILED")
    watch.allow("Service Worker registration blocked")
    parts = re.compile(r"/(gallery|keeper)[^/]*\.(bin|py)$")
    watched_page.route(parts, lambda route: route.abort())
    page = open_page(watched_page, two)
    with page.expect_request(parts):
        run(page, [as_file(noise(1), "one.png")])
        expect_done(page, 1)
    expect(page.locator("#notices li")).to_have_count(0)
    page.locator("#gallery-open").click()
    expect(page.locator("#notices")).to_contain_text("could not be fetched")
    with page.expect_response(parts):
        page.unroute(parts)
    page.locator("#gallery-open").click()
    expect(page.locator("#gallery img")).to_have_count(1)
