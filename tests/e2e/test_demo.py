"""The demo: two servers inside the page, for a visitor who has none."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import BrowserContext, FilePayload, Locator, Page, expect

from tests.e2e.farm import (
    as_file,
    expect_done,
    expect_ready,
    give_workflow,
    lock,
    noise,
    open_menu,
    open_page,
    own_tasks,
    run,
    run_own,
    tasks,
    until,
)
from tests.e2e.test_boot import origin
from tests.e2e.watch import Watch
from tools.comfy import pixels

LAZY = re.compile(r"/(app|lazy)/(demo|inpage|simulator)|/(static|assets)/demo/")


def enter(page: Page, address: str) -> Page:
    """Open the demo itself."""
    return open_page(page, f"{address}?demo=1")


def downloaded(card: Locator) -> Image.Image:
    """The result on a card, as the file that the browser saves."""
    with card.page.expect_download() as started:
        card.locator(".results a[data-action=zoom]").click()
        card.page.locator("#zoom").get_by_role("link", name="Save").click()
        card.page.locator("#zoom").get_by_role("button", name="Close").click()
    saved = Image.open(started.value.path()).convert("RGBA")
    assert saved.getchannel("A").getextrema() == (255, 255)
    return saved.convert("RGB")


def card_of(page: Page, title: str) -> Locator:
    """The card of a task."""
    return page.locator(".task", has=page.locator(".title", has_text=title))


def farthest(one: Image.Image, other: Image.Image) -> int:
    """How far apart two pictures are where they differ most."""
    assert one.size == other.size
    return max(high for _low, high in ImageChops.difference(one, other).getextrema())


def workflow_of(class_name: str, **inputs: Any) -> dict[str, Any]:
    """One node between a picture and its result."""
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": "p.png"}},
        "2": {"class_type": class_name, "inputs": {"image": ["1", 0], **inputs}},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "d"}},
    }


def test_a_visitor_without_a_server_inverts_photos(
    watched_page: Page, watch: Watch, plain_server: str
) -> None:
    """By one click, with pictures of the page's own; then with theirs: every pixel is right."""
    page = open_page(watched_page, plain_server)
    assert [url for url in watch.requests if LAZY.search(url)] == []
    page.get_by_role("link", name="Try it without a server").click()
    page.wait_for_url("**/?demo=1&try=1")
    expect_ready(page)
    expect_done(page, 3)
    expect(page.locator(".task .result").first).to_be_visible()
    page.locator("#task-clear").click()
    page.locator("#undo [aria-label=Close]").click()
    expect(tasks(page)).to_have_count(0)
    expect(page.locator("#demo")).to_contain_text("Nothing leaves the browser")
    expect(page.locator("#server-form")).to_be_hidden()
    expect(page.locator(".server.card .name")).to_have_text(
        ["Demo 1 (in this page)", "Demo 2 (in this page)"]
    )
    expect(page.locator(".server.card .state")).to_have_text(["ready", "ready"])
    photos = {f"photo-{number}.png": noise(20 + number, 320, 240) for number in range(4)}
    run(page, [as_file(photo, name) for name, photo in photos.items()])
    expect(tasks(page, "running").locator(".preview").first).to_be_visible()
    expect_done(page, 4)
    assert lock(page) is None
    assert {task["server"] for task in own_tasks(page)} == {
        "http://demo-1.invalid",
        "http://demo-2.invalid",
    }
    for name, photo in photos.items():
        assert farthest(downloaded(card_of(page, name)), ImageChops.invert(photo)) == 0
    assert [url for url in watch.requests if LAZY.search(url)]
    assert watch.origins() == {origin(plain_server)}


@pytest.mark.long
def test_results_can_be_opened_and_are_freed(
    watched_page: Page, watch: Watch, plain_server: str
) -> None:
    """The link opens the picture in a tab; when the card goes, so does the picture."""
    # The browser's own page around a picture has styles, which our policy forbids there too.
    watch.expect("style-src")
    watch.expect("ERR_FILE_NOT_FOUND")
    page = enter(watched_page, plain_server)
    run(page, [as_file(noise(30), "one.png")])
    expect_done(page, 1)
    link = page.locator(".results a[data-action=zoom]")
    with page.context.expect_page() as opened:
        link.click(modifiers=["Control"])
    opened.value.wait_for_load_state()
    assert opened.value.evaluate("document.images[0].naturalWidth") == 64
    opened.value.close()
    address = link.get_attribute("href")
    tasks(page).locator("[data-action=dismiss]").click()
    page.locator("#undo [aria-label=Close]").click()
    until(page, "windowTasks().length === 0")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")
    is_there = """address => new Promise((resolve) => {
        const image = new Image();
        image.onload = () => resolve(true);
        image.onerror = () => resolve(false);
        image.src = address;
    })"""
    assert page.evaluate(is_there, address) is False


@pytest.mark.long
def test_nothing_is_kept_but_the_language(
    watched_page: Page, watch: Watch, plain_server: str
) -> None:
    """No record, no file, no lock; a reload starts afresh, in the language chosen."""
    page = enter(watched_page, plain_server)
    run(page, [as_file(noise(31), "one.png")])
    expect(tasks(page, "running")).to_have_count(1)
    stores = """async () => ({
        local: {...localStorage},
        session: {...sessionStorage},
        files: (await indexedDB.databases()).map((one) => one.name)
            .filter((name) => name.startsWith("tether:")),
        locks: (await navigator.locks.query()).held.map((one) => one.name)
            .filter((name) => name.startsWith("tether:")),
    })"""
    empty: dict[str, Any] = {"local": {}, "session": {}, "files": [], "locks": []}
    assert page.evaluate(stores) == empty
    expect_done(page, 1)
    assert page.evaluate(stores) == empty
    open_menu(page)
    page.locator("#language").select_option("zh")
    expect(page.locator("#run")).to_have_text("运行")
    expect(tasks(page, "completed")).to_have_count(1)
    page.reload()
    expect_ready(page)
    expect(page.locator("#demo")).to_contain_text("这是演示")
    expect(tasks(page)).to_have_count(0)
    (key,) = page.evaluate(stores)["local"]
    assert key.endswith(":language")


@pytest.mark.long
def test_leaving_gives_back_the_ordinary_page_as_it_was(
    watched_page: Page, plain_server: str
) -> None:
    """A task that waits there is neither lost nor done by the demo's servers."""
    page = open_page(watched_page, plain_server)
    run(page, [as_file(noise(32), "waiting.png")])
    page.get_by_role("link", name="Try it without a server").click()
    page.wait_for_url("**/?demo=1&try=1")
    expect_done(page, 3)
    run(page, [as_file(noise(33), "demo.png")])
    expect_done(page, 4)
    expect(tasks(page).filter(has_text="waiting.png")).to_have_count(0)
    page.get_by_role("link", name="Leave the demo").click()
    page.wait_for_url(plain_server)
    expect_ready(page)
    expect(page.locator("#demo")).to_be_hidden()
    expect(page.locator("#server-form")).to_be_visible()
    expect(page.locator(".server.card")).to_have_count(0)
    expect(tasks(page).locator(".title")).to_have_text(["waiting.png · Invert colours"])
    expect(tasks(page, "waiting")).to_have_count(1)


NODES: list[tuple[str, dict[str, Any], Callable[[Image.Image], list[Image.Image]]]] = [
    *(
        (
            "ImageScaleBy",
            {"upscale_method": method, "scale_by": factor},
            lambda photo, m=method, f=factor: pixels.scale_by([photo], m, f),
        )
        for method, factor in (
            ("lanczos", 2.0),
            ("bicubic", 0.6),
            ("bilinear", 1.5),
            ("area", 0.5),
            ("nearest-exact", 3.0),
        )
    ),
    (
        "ImageBlur",
        {"blur_radius": 2, "sigma": 1.0},
        lambda photo: pixels.blur([photo], 2, 1.0),
    ),
    (
        "ImageSharpen",
        {"sharpen_radius": 1, "sigma": 1.0, "alpha": 0.1},
        lambda photo: pixels.sharpen([photo], 1, 1.0, 0.1),
    ),
]


@pytest.mark.long
def test_the_nodes_do_what_the_embedded_servers_do(watched_page: Page, plain_server: str) -> None:
    """Pixel by pixel, but for rounding: these keep fractions where Pillow rounds in between."""
    # Not too glaring: Pillow cuts off what exceeds white in between as well.
    photo = noise(34, 61, 43).point(lambda value: 64 + value // 2)
    page = enter(watched_page, plain_server)
    for number, (class_name, inputs, expected) in enumerate(NODES, 1):
        page.locator("#picture-picker").set_input_files([as_file(photo, f"{number}.png")])
        run_own(page, workflow_of(class_name, **inputs))
        expect_done(page, number)
        result = downloaded(card_of(page, f"{number}.png"))
        assert farthest(result, expected(photo)[0]) <= 2, (class_name, inputs)


@pytest.mark.long
def test_every_shipped_workflow_runs(watched_page: Page, plain_server: str) -> None:
    """And gives a picture of the right size that is another one."""
    photo = noise(35)
    page = enter(watched_page, plain_server)
    for number, workflow in enumerate(("upscale", "blur", "sharpen"), 1):
        run(page, [as_file(photo, f"{workflow}.png")], workflow)
        expect_done(page, number)
        result = downloaded(card_of(page, f"{workflow}.png"))
        assert result.size == ((128, 96) if workflow == "upscale" else (64, 48))
        assert workflow == "upscale" or farthest(result, photo) > 50


def broken(picture: FilePayload) -> FilePayload:
    """A picture of which only the head is there."""
    return {**picture, "buffer": picture["buffer"][:40]}


def test_bad_input_is_told_as_with_real_servers(watched_page: Page, plain_server: str) -> None:
    """No picture, no picture at all, a broken one, a node that the demo lacks, bad JSON."""
    page = enter(watched_page, plain_server)
    notices = page.locator("#notices")
    page.locator("#run").click()
    expect(page.locator("#compose .trouble")).to_contain_text("This workflow needs a picture")
    text: FilePayload = {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"}
    page.locator("#picture-picker").set_input_files([text])
    expect(notices).to_contain_text("a.png is not a picture")
    expect(page.locator("#pictures li")).to_have_count(0)
    page.locator("#picture-picker").set_input_files([broken(as_file(noise(36), "cut.png"))])
    expect(notices).to_contain_text("cut.png is broken or cut off")
    expect(page.locator("#pictures li")).to_have_count(0)
    give_workflow(page, "{")
    expect(notices).to_contain_text("mine.json: The workflow file is not JSON")
    # Of a kind that this browser may not know, so its server is asked.
    strange: FilePayload = {**as_file(noise(36), "broken.png"), "mimeType": "image/x-strange"}
    run(page, [broken(strange)])
    expect(card_of(page, "broken.png").locator(".trouble")).to_contain_text(
        "Node 1 (LoadImage) failed: "
    )
    empty = {"width": 16, "height": 16, "batch_size": 1, "color": 0}
    run_own(
        page, {**workflow_of("ImageInvert"), "1": {"class_type": "EmptyImage", "inputs": empty}}
    )
    expect(tasks(page).first.locator(".trouble")).to_contain_text(
        "Node 1 (EmptyImage) failed: the demo has no EmptyImage, but a ComfyUI server has"
    )
    give_workflow(page, '{"1": {"class_type": "KSampler", "inputs": {}}}')
    expect(page.locator("#server-choice option:disabled")).to_have_count(2)
    page.locator("#run").click()
    expect(page.locator("#compose .trouble")).to_contain_text("None of your servers has all that")
    expect(page.locator("#form-lacks")).to_contain_text("KSampler")


@pytest.mark.long
def test_without_its_worker_the_demo_says_so(watched_page: Page, plain_server: str) -> None:
    """Every task fails with the reason, also one that comes later; none waits for ever."""
    watched_page.context.route(re.compile(r"/worker[\w-]*\.mjs$"), lambda route: route.abort())
    page = enter(watched_page, plain_server)
    for name in ("one.png", "two.png"):
        run(page, [as_file(noise(41), name)])
        expect(card_of(page, name).locator(".trouble")).to_contain_text(
            re.compile(r"worker[\w-]*\.mjs can't be loaded")
        )


@pytest.mark.long
def test_a_running_task_can_be_cancelled(watched_page: Page, plain_server: str) -> None:
    """Its server goes on with the next one."""
    page = enter(watched_page, plain_server)
    server = "Demo 2 (in this page)"
    run(page, [as_file(noise(37), "one.png"), as_file(noise(38), "two.png")], server=server)
    card_of(page, "one.png").locator("[data-action=cancel]").click()
    expect(tasks(page, "cancelled")).to_have_count(1)
    expect_done(page, 1)


@pytest.fixture
def lan_page(context: BrowserContext, plain_server: str) -> Page:
    """The demo on plain http, at a name that is no loopback name for the browser."""
    return enter(context.new_page(), plain_server.replace("127.0.0.1", "lan.test"))


@pytest.mark.long
def test_the_demo_works_from_an_insecure_origin(lan_page: Page) -> None:
    """What only secure pages have isn't used; transparent colours are inverted as well."""
    page = lan_page
    assert page.evaluate("isSecureContext") is False
    photo = noise(39)
    clear = photo.copy()
    clear.putalpha(noise(40).getchannel("R"))
    jpeg = BytesIO()
    photo.save(jpeg, format="JPEG", quality=95, subsampling=0)
    camera: FilePayload = {"name": "c.jpg", "mimeType": "image/jpeg", "buffer": jpeg.getvalue()}
    run(page, [as_file(photo, "plain.png"), as_file(clear, "clear.png"), camera])
    expect_done(page, 3)
    inverted = ImageChops.invert(photo)
    assert farthest(downloaded(card_of(page, "plain.png")), inverted) == 0
    assert farthest(downloaded(card_of(page, "clear.png")), inverted) == 0
    decoded = Image.open(jpeg).convert("RGB")
    assert farthest(downloaded(card_of(page, "c.jpg")), ImageChops.invert(decoded)) <= 2
