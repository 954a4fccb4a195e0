"""What a task gives: pictures, videos, texts, other files; and a result as the next input."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from io import BytesIO
from itertools import accumulate
from zipfile import ZipFile

import pytest
from PIL import Image, ImageOps
from playwright.sync_api import Download, Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    LOCAL,
    Farm,
    as_file,
    expect_done,
    farm,
    noise,
    open_page,
    result_of,
    run,
    run_own,
    until,
    wait_for,
)
from tests.e2e.test_identity import ORIGINS, start, tab  # noqa: F401
from tests.e2e.watch import Watch
from tools.comfy.runner import WORK, Inputs, Work
from tools.comfy.server import ComfyServer


@pytest.fixture
def two(background: Background) -> Iterator[Farm]:
    with farm(background) as servers:
        yield servers


def test_a_result_becomes_the_input_of_another_server(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """The file moves there; inverted twice it is what it was, twice as large."""
    page = open_page(watched_page, two)
    picture = noise(4, 16, 12)
    run(page, [as_file(picture, "p.png")], "invert", "gpu-1")
    expect_done(page, 1)
    page.locator("[data-action=use]").click()
    expect(page.locator("#pictures li")).to_have_count(1)
    name = page.locator("#pictures li span").inner_text()
    page.locator("#workflow").select_option("invert")
    page.locator("#server-choice").select_option(label="gpu-2")
    page.locator("#run").click()
    expect_done(page, 2)
    assert result_of(page, f"{name} ·").tobytes() == picture.tobytes()
    assert ImageOps.invert(picture).tobytes() != picture.tobytes()
    assert two.posts(0) == two.posts(1) == 1


@pytest.mark.long
def test_what_the_page_shows_can_be_used_though_its_server_is_gone(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    watch.allow("Failed to load resource: net::ERR_|WebSocket")
    page = open_page(watched_page, two)
    run(page, [as_file(noise(4), "p.png")], "invert", "gpu-1")
    expect_done(page, 1)
    expect(page.locator(".task .result")).to_have_count(1)
    two.background.run(two.servers[0].stop())
    page.locator("[data-action=use]").click()
    expect(page.locator("#pictures li")).to_have_count(1)


def test_a_video_plays_by_ranges_and_is_not_fetched_before(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    page = open_page(watched_page, two)
    workflow = {
        "1": {
            "class_type": "EmptyImage",
            "inputs": {"width": 64, "height": 64, "batch_size": 12, "color": 255},
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
    run_own(page, workflow)
    expect_done(page, 1)
    video = page.locator(".results video")
    expect(video).to_have_attribute("preload", "none")
    address = video.get_attribute("src")
    assert address is not None

    def views() -> list[str]:
        return [
            path
            for server in two.servers
            for _, path, _ in server.requests
            if path.startswith("/view")
        ]

    assert views() == []
    assert video.evaluate("video => video.play().then(() => video.videoWidth)") == 64
    assert views()
    page.get_by_role("button", name="View v_00001_.webm").click()
    large = page.locator("#zoom video")
    expect(large).to_have_attribute("src", address)
    expect(page.locator("#zoom a[download]")).to_have_attribute("target", "_blank")
    assert large.evaluate("video => video.play().then(() => video.videoWidth)") == 64
    page.locator("#zoom").get_by_role("button", name="Close").click()
    expect(page.locator(".results a[download]")).to_have_attribute("href", address)


@pytest.mark.long
def test_pictures_have_no_player(two: Farm, watched_page: Page, watch: Watch) -> None:
    page = open_page(watched_page, two)
    run(page, [as_file(Image.new("RGB", (8, 8)), "p.png")])
    expect_done(page, 1)
    expect(page.locator(".results img")).to_have_count(1)
    expect(page.locator(".results :is(video, audio)")).to_have_count(0)


PADDED = 33 * 2**20
"""Bytes: more than is fetched unasked."""


def padded(inputs: Inputs) -> Work:
    """A picture file with a long tail, which browsers don't mind."""
    work = WORK["SaveImage"](inputs)
    return replace(work, files=tuple(file.ljust(PADDED, b"\0") for file in work.files))


def test_a_large_result_is_shown_by_a_smaller_copy_and_fetched_whole_on_a_click(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """Its size is said; the gallery has its thumbnail."""
    watch.allow("ERR_ABORTED")
    server = ComfyServer(replace(LOCAL, name="gpu-1"), work={**WORK, "SaveImage": padded})
    background.run(server.start())
    with farm(background, 0) as none:
        page = open_page(watched_page, none)
        page.evaluate(f"tether.addServer('{server.url}')")
        run(page, [as_file(noise(4), "p.png")])
        expect_done(page, 1)
        offer = page.locator(".results [data-action=fetch]")
        expect(offer).to_contain_text("(33 MB)")
        expect(page.locator(".results .result")).to_have_count(1)
        expect(page.locator(".results .save")).to_have_count(0)
        page.locator("#gallery-open").click()
        expect(page.locator("#gallery .kept img")).not_to_have_js_property("naturalWidth", 0)
        page.keyboard.press("Escape")
        offer.click()
        expect(page.locator(".results .save")).to_have_count(1)
        assert result_of(page, "p.png").tobytes() == ImageOps.invert(noise(4)).tobytes()
        page.locator(".task [data-action=again]").click()
        expect_done(page, 2)
    background.run(server.stop())


def test_all_results_are_saved_by_one_press(two: Farm, watched_page: Page, watch: Watch) -> None:
    """In one file, under their photos' names; once, however often it is pressed."""
    page = open_page(watched_page, two)
    pictures = [noise(number, 16, 12) for number in range(3)]
    run(page, [as_file(picture, f"{number}.png") for number, picture in enumerate(pictures)])
    expect_done(page, 3)
    saved_files: list[Download] = []
    page.on("download", lambda each: saved_files.append(each))
    with page.expect_download() as saving:
        page.evaluate("for (const _ of [1, 2, 3]) document.getElementById('task-save').click()")
    assert re.fullmatch(r"tether-20\d\d-\d\d-\d\d\.zip", saving.value.suggested_filename)
    with ZipFile(saving.value.path()) as archive:
        assert archive.testzip() is None
        files = {name.partition("-")[0]: archive.read(name) for name in archive.namelist()}
    assert len(files) == 3
    for number, picture in enumerate(pictures):
        made = Image.open(BytesIO(files[str(number)])).convert("RGB")
        assert made.tobytes() == ImageOps.invert(picture).tobytes()
    assert len(saved_files) == 1


@pytest.mark.long
def test_what_can_not_be_saved_is_counted(two: Farm, watched_page: Page, watch: Watch) -> None:
    watch.expect("Failed to load resource: net::ERR_")
    page = open_page(watched_page, two)
    page.context.route("**/view?**", lambda route: route.abort())
    run(page, [as_file(noise(number), f"{number}.png") for number in range(2)])
    expect_done(page, 2)
    page.locator("#task-save").click()
    expect(page.locator("#notices")).to_contain_text("2 of 2 results can't be had")
    page.context.unroute("**/view?**")


@pytest.mark.long
def test_a_result_that_cannot_be_had_says_so_and_can_be_tried_again(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    watch.expect("Failed to load resource: net::ERR_")
    page = open_page(watched_page, two)
    watched_page.context.route("**/view?**", lambda route: route.abort())
    run(page, [as_file(noise(4), "p.png")], "invert", "gpu-1")
    expect_done(page, 1)
    expect(page.locator(".results .trouble")).to_contain_text("can't be fetched from its server")
    watched_page.context.unroute("**/view?**")
    page.locator(".results [data-action=fetch]").click()
    assert result_of(page, "p.png").tobytes() == ImageOps.invert(noise(4)).tobytes()


# From a page's own record of what it fetched: [start, end] of each bulk transfer, in ms.
SPANS = """
([server, path]) => performance.getEntriesByType("resource")
  .filter((each) => each.name.startsWith(server + path))
  .map((each) => [each.startTime, each.responseEnd].map((at) => performance.timeOrigin + at))
"""


def most_at_once(spans: list[tuple[float, float]]) -> int:
    """How many spans overlap at most; those that only touch don't."""
    steps = sorted([(start, 1) for start, _ in spans] + [(end - 1, -1) for _, end in spans])
    counts = list(accumulate(step for _, step in steps))
    return max(counts)


@pytest.mark.long
@ORIGINS
def test_two_uploads_and_two_results_of_a_server_at_a_time_over_all_tabs(
    tab: Page,  # noqa: F811
    background: Background,
    is_secure: bool,
) -> None:
    """Calls of the page find a connection that is free.

    On plain http pages tell each other by storage; on a busy machine that news may be late, and
    one more then passes at once.
    """
    with farm(background, 1) as one:
        pages = [start(tab, one, is_secure)]
        pages += [open_page(tab.context.new_page(), pages[0].url) for _ in range(2)]
        for page in pages:
            page.evaluate("performance.setResourceTimingBufferSize(1000)")
            slow = page.context.new_cdp_session(page)
            slow.send(
                "Network.emulateNetworkConditions",
                {
                    "offline": False,
                    "latency": 0,
                    "downloadThroughput": 2e6,
                    "uploadThroughput": 2e6,
                },
            )
        photos = [as_file(noise(number, 600, 400), f"{number}.png") for number in range(9)]
        for number, page in enumerate(pages):
            page.locator("#picture-picker").set_input_files(photos[3 * number : 3 * number + 3])
        for page in pages:
            page.locator("#run").click()
        for page in pages:
            page.bring_to_front()
            expect_done(page, 3)
            expect(page.locator(".task .result")).to_have_count(3)
        server = page.evaluate("tether.servers()[0].url")
        for path in ("/upload/", "/view"):
            spans = [span for page in pages for span in page.evaluate(SPANS, [server, path])]
            assert len(spans) == 9
            assert most_at_once(spans) in ((2,) if is_secure else (2, 3))


COUNT_ADDRESSES = """() => {
  window.addresses = new Set();
  const {createObjectURL, revokeObjectURL} = URL;
  URL.createObjectURL = (content) => {
    const address = createObjectURL(content);
    addresses.add(address);
    return address;
  };
  URL.revokeObjectURL = (address) => {
    addresses.delete(address);
    revokeObjectURL(address);
  };
}"""
LEFT = "addresses.size === 0"
"""The browser keeps what has an address, a picture of 20 MB too, for as long as the page lives."""


def is_at(of: Farm, place: str) -> bool:
    """Whether a task stands at a place, on any server."""
    return any(server.is_held(place) for server in of.servers)


def test_every_address_of_a_picture_is_given_back(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """Of chosen pictures, previews, results, the large view and the gallery."""
    page = open_page(watched_page, two)
    page.evaluate(COUNT_ADDRESSES)
    page.locator("#picture-picker").set_input_files([as_file(noise(1), "1.png")])
    expect(page.locator("#pictures li")).to_have_count(1)
    assert page.evaluate("addresses.size") == 1
    page.get_by_role("button", name="Remove 1.png").click()
    until(page, "addresses.size === 0")
    slow = {"image": ["1", 0], "steps": 12, "step_ms": 10, "seed": 1, "previews": True}
    page.locator("#picture-picker").set_input_files([as_file(noise(2), "2.png")])
    expect(page.locator("#pictures li")).to_have_count(1)
    places = [f"step {step} of TetherSlow" for step in range(2, 12)]
    for place in places:
        two.hold(at=place)
    run_own(
        page,
        {
            "1": {"class_type": "LoadImage", "inputs": {"image": "x.png"}},
            "2": {"class_type": "TetherSlow", "inputs": slow},
            "3": {
                "class_type": "SaveImage",
                "inputs": {"images": ["2", 0], "filename_prefix": "s"},
            },
        },
    )
    preview = page.locator(".task .preview")
    # A preview may be dropped, as any hint: the next one comes with the next step.
    seen: set[str | None] = set()
    for place in places:
        wait_for(page, partial(is_at, two, place), place)
        page.wait_for_timeout(300)
        seen.add(preview.get_attribute("src"))
        if len(seen - {None}) == 2:
            break
        two.release(at=place)
    assert len(seen - {None}) == 2
    until(page, "addresses.size === 1")  # That of the preview before.
    for place in places:
        two.release(at=place)
    expect_done(page, 1)
    expect(page.locator(".task .result")).to_have_count(1)
    page.locator(".results a[data-action=zoom]").click()
    expect(page.locator("#zoom .before")).to_have_attribute("src", re.compile("^blob:"))
    page.keyboard.press("Escape")
    page.locator("#gallery-open").click()
    expect(page.locator("#gallery .kept img")).to_have_count(1)
    page.keyboard.press("Escape")
    page.locator("#task-clear").click()
    page.locator("#undo [aria-label=Close]").click()
    until(page, LEFT)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml"])
def test_a_result_that_could_run_loses_its_type(
    two: Farm, watched_page: Page, watch: Watch, kind: str
) -> None:
    """Whatever its name says: opened in a tab, it would be a page of this origin."""
    page = open_page(watched_page, two)
    body = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    allowed = {"access-control-allow-origin": "*"}
    page.route(
        "**/view?**",
        lambda route: route.fulfill(body=body, content_type=kind, headers=allowed),
    )
    run(page, [as_file(noise(4), "p.png")])
    expect_done(page, 1)
    link = page.locator(".results a[data-action=zoom]")
    link.scroll_into_view_if_needed()
    type_of = "async (link) => (await (await fetch(link.href)).blob()).type"
    # What its name says is as harmless: so the gallery has it, which may have fetched it first.
    assert link.evaluate(type_of) in ("application/octet-stream", "image/png")
