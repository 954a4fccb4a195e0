"""What a task gives: pictures, videos, texts, other files; and a result as the next input."""

import json
import re
import struct
import wave
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zipfile import ZipFile

import pytest
from PIL import Image, ImageOps
from playwright.sync_api import Download, Page, Route, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    LOCAL,
    Farm,
    as_file,
    expect_done,
    farm,
    noise,
    open_page,
    pixels,
    result_of,
    run,
    run_own,
    tasks,
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


def test_pictures_have_no_player(two: Farm, watched_page: Page, watch: Watch) -> None:
    page = open_page(watched_page, two)
    run(page, [as_file(Image.new("RGB", (8, 8)), "p.png")])
    expect_done(page, 1)
    expect(page.locator(".results img")).to_have_count(1)
    expect(page.locator(".results :is(video, audio)")).to_have_count(0)


def test_a_result_is_looked_at_large_and_beside_what_it_was_made_from(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """By keys: through all results, back to the card; saved and copied as it is."""
    page = open_page(watched_page, two)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    pictures = [noise(number, 160, 120) for number in (1, 2)]
    for number, picture in enumerate(pictures, 1):
        run(page, [as_file(picture, f"{number}.png")])
        expect_done(page, number)
    page.locator(".task", has_text="1.png").locator(".results a[data-action=zoom]").focus()
    page.keyboard.press("Enter")
    zoom = page.locator("#zoom")
    expect(zoom).to_be_visible()
    expect(zoom.locator("h2")).to_have_text("1.png · Invert colours")
    assert pixels(zoom.locator(".after")).tobytes() == ImageOps.invert(pictures[0]).tobytes()
    assert pixels(zoom.locator(".before")).tobytes() == pictures[0].tobytes()
    slider, after = zoom.get_by_label("Before / after"), zoom.locator(".after")
    clip = "image => getComputedStyle(image).clipPath"
    expect(slider).to_have_value("0")
    assert after.evaluate(clip) == "inset(0px 0px 0px 0%)"
    edges = "each => [each.getBoundingClientRect().left, each.getBoundingClientRect().right]"
    assert slider.evaluate(edges) == after.evaluate(edges)
    right, end = slider.evaluate(edges)[1], zoom.get_by_text("After", exact=True)
    written = "each => { const r = new Range(); r.selectNodeContents(each); return r; }"
    box = f"each => ({written})(each).getBoundingClientRect().right"
    assert right - 24 < end.evaluate(box) < right  # In the picture's corner.
    assert end.evaluate("each => each.getClientRects().length") == 1
    assert end.evaluate("each => each.getBoundingClientRect().height") < 30  # One line.
    slider.fill("40")
    assert after.evaluate(clip) == "inset(0px 0px 0px 40%)"  # Before the line what was before.
    zoom.get_by_role("button", name="Full size").click()
    expect(slider).to_be_hidden()
    assert after.evaluate("image => [image.width, image.height]") == [160, 120]
    zoom.get_by_role("button", name="Fit").click()
    expect(slider).to_have_value("0")
    zoom.get_by_role("button", name="Full size").click()
    expect(zoom.locator(".place")).to_have_text("2 of 2")

    zoom.get_by_role("button", name="Previous").press("ArrowLeft")
    expect(zoom.locator("h2")).to_have_text("2.png · Invert colours")
    expect(zoom.locator(".place")).to_have_text("1 of 2")
    expect(zoom.get_by_role("button", name="Full size")).to_be_visible()
    zoom.get_by_role("button", name="Copy").click()
    expect(zoom).to_contain_text("Copied.")
    assert page.evaluate(
        """async () => {
            const [item] = await navigator.clipboard.read();
            const picture = await createImageBitmap(await item.getType("image/png"));
            return [picture.width, picture.height];
        }"""
    ) == [160, 120]
    with page.expect_download() as found:
        zoom.get_by_role("link", name="Save").click()
    assert found.value.suggested_filename.startswith("2-invert_")
    zoom.get_by_role("button", name="Use as input").click()
    expect(page.locator("#pictures li")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(zoom).to_be_hidden()
    assert page.evaluate("document.activeElement.dataset.action") == "zoom"


def test_large_results_have_a_first_and_a_last_one(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """There the way on is closed, by button and by key, and the focus stays where it is."""
    page = open_page(watched_page, two)
    for number in (1, 2, 3):
        run(page, [as_file(noise(number), f"{number}.png")])
        expect_done(page, number)
    page.locator(".task", has_text="2.png").locator(".results a[data-action=zoom]").click()
    zoom = page.locator("#zoom")
    place = zoom.locator(".place")
    back, on = (zoom.get_by_role("button", name=name) for name in ("Previous", "Next"))
    expect(place).to_have_text("2 of 3")
    expect(back).to_be_enabled()
    expect(on).to_be_enabled()
    on.focus()
    page.keyboard.press("Enter")
    expect(place).to_have_text("3 of 3")
    expect(on).to_have_attribute("aria-disabled", "true")
    expect(on).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(place).to_have_text("2 of 3")
    page.keyboard.press("ArrowLeft")
    expect(place).to_have_text("1 of 3")
    expect(back).to_have_attribute("aria-disabled", "true")
    expect(on).to_have_attribute("aria-disabled", "false")
    back.click(force=True)
    page.keyboard.press("ArrowLeft")
    expect(place).to_have_text("1 of 3")
    page.keyboard.press("Escape")
    for number in (3, 2):
        page.locator(".task [data-action=dismiss]").first.click()
        expect(tasks(page)).to_have_count(number - 1)
    page.locator("#undo [aria-label=Close]").click()
    page.locator(".results a[data-action=zoom]").click()
    expect(zoom).to_be_visible()
    expect(on).to_be_hidden()
    expect(back).to_be_hidden()


def test_a_result_in_a_tab_of_its_own_has_its_name_and_stays(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """As a picture in an empty page of ours; also when the page that it came from is gone."""
    page = open_page(watched_page, two)
    picture = noise(1, 160, 120)
    run(page, [as_file(picture, "1.png")])
    expect_done(page, 1)
    page.locator(".task .results a[data-action=zoom]").click()
    with page.context.expect_page() as opened:
        page.locator("#zoom").get_by_role("button", name="Open in a new tab").click()
    own = opened.value
    shown = own.locator("img")
    expect(shown).to_be_visible()
    assert re.fullmatch(r"1-invert_\d+_?\.png", own.title())
    assert shown.get_attribute("alt") == own.title()
    assert own.url == "about:blank"
    page.close()
    assert pixels(shown).tobytes() == ImageOps.invert(picture).tobytes()
    again = "async (image) => (await (await fetch(image.src)).blob()).type"
    assert shown.evaluate(again) == "image/png", "it can still be saved from there"


def test_a_tab_that_the_browser_refuses_is_told(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """Of it the person would hear nothing else."""
    page = open_page(watched_page, two)
    run(page, [as_file(noise(1), "1.png")])
    expect_done(page, 1)
    page.locator(".task .results a[data-action=zoom]").click()
    page.evaluate("() => { window.open = () => null }")
    page.locator("#zoom").get_by_role("button", name="Open in a new tab").click()
    expect(page.locator("#zoom")).to_contain_text("The browser opened no new tab.")


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


def test_what_can_not_be_saved_is_counted(two: Farm, watched_page: Page, watch: Watch) -> None:
    watch.expect("Failed to load resource: net::ERR_")
    page = open_page(watched_page, two)
    page.context.route("**/view?**", lambda route: route.abort())
    run(page, [as_file(noise(number), f"{number}.png") for number in range(2)])
    expect_done(page, 2)
    page.locator("#task-save").click()
    expect(page.locator("#notices")).to_contain_text("2 of 2 results can't be had")
    page.context.unroute("**/view?**")


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


def triangle() -> bytes:
    """A GLB file: one triangle, one metre wide."""
    points = struct.pack("<9f", -0.5, -0.5, 0, 0.5, -0.5, 0, 0, 0.5, 0)
    bounds = {"min": [-0.5, -0.5, 0], "max": [0.5, 0.5, 0]}
    content = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "material": 0}]}],
        "materials": [
            {
                "doubleSided": True,
                "pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 1], "metallicFactor": 0},
            }
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", **bounds}
        ],
        "bufferViews": [{"buffer": 0, "byteLength": len(points)}],
        "buffers": [{"byteLength": len(points)}],
    }
    text = json.dumps(content).encode()
    text += b" " * (-len(text) % 4)
    chunks = b"".join(
        len(chunk).to_bytes(4, "little") + kind + chunk
        for kind, chunk in ((b"JSON", text), (b"BIN\0", points))
    )
    return b"glTF" + struct.pack("<2I", 2, 12 + len(chunks)) + chunks


def tone() -> bytes:
    """A WAV file: a second of a tone."""
    file = BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 1, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(128 + (60 if n // 10 % 2 else -60) for n in range(8000)))
    return file.getvalue()


@contextmanager
def giving(page: Page, background: Background, files: Mapping[str, bytes]) -> Iterator[None]:
    """A page whose only server gives these files for each `PreviewAny`."""
    listed = [{"filename": name, "subfolder": "", "type": "output"} for name in files]

    def give(inputs: Inputs) -> Work:
        return Work(ui={"files": listed})

    def answer(route: Route) -> None:
        name = parse_qs(urlsplit(route.request.url).query)["filename"][0]
        headers = {"access-control-allow-origin": "*"}
        route.fulfill(body=files[name], content_type="text/html", headers=headers)

    server = ComfyServer(replace(LOCAL, name="gpu-1"), work={**WORK, "PreviewAny": give})
    background.run(server.start())
    with farm(background, 0) as none:
        open_page(page, none)
        page.evaluate(f"tether.addServer('{server.url}')")
        page.context.route("**/view?filename=**", answer)
        run_own(page, {"1": {"class_type": "PreviewAny", "inputs": {"source": "x"}}})
        expect_done(page, 1)
        yield
    background.run(server.stop())


def test_a_file_that_no_page_can_show_is_saved(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """On a click, under its name, and without a type that could run."""
    page = watched_page
    with giving(page, background, {"chair.fbx": b"<script>"}):
        with page.expect_download() as found:
            page.get_by_role("button", name="Fetch chair.fbx").click()
        assert found.value.suggested_filename == "chair.fbx"
        assert Path(found.value.path()).read_bytes() == b"<script>"


def test_models_sounds_and_films_are_viewed_large(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """Models are turned by hand; of one that can't be read it is said, and it can be saved."""
    page = watched_page
    points = struct.pack("<12f", 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0)
    files = {
        "red.glb": triangle(),
        "grey.stl": bytes(80) + struct.pack("<I", 1) + points + bytes(2),
        "grey.obj": b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
        "bad.glb": b"<script>",
        "slow.stl": b"solid" * 100_000,
        "empty.obj": b"<html>",
        "tone.wav": tone(),
    }
    with giving(page, background, files):
        watch.allow("GL Driver Message|THREE.OBJLoader")  # without a GPU; of what is no model
        zoom, canvas = page.locator("#zoom"), page.locator("#zoom canvas")
        page.get_by_role("button", name="View red.glb").click()
        expect(zoom).to_contain_text("Drag to turn")
        expect(canvas).to_have_attribute("aria-label", "3D model red.glb")
        before = Image.open(BytesIO(canvas.screenshot()))
        red, green, blue = before.convert("RGB").getpixel((before.width // 2, before.height // 2))
        assert red > 2 * max(green, blue)
        box = canvas.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 300, box["y"] + 200)
        page.mouse.down()
        page.mouse.move(box["x"] + 420, box["y"] + 240, steps=3)
        page.mouse.up()
        assert Image.open(BytesIO(canvas.screenshot())).tobytes() != before.tobytes()
        for name in ("grey.stl", "grey.obj"):
            zoom.get_by_role("button", name="Next").click()
            expect(canvas).to_have_attribute("aria-label", f"3D model {name}")
            expect(zoom).to_contain_text("Drag to turn")
        zoom.get_by_role("button", name="Next").click()
        expect(zoom).to_contain_text("bad.glb can't be shown here")
        expect(canvas).to_be_hidden()
        save = zoom.get_by_role("link", name="Save")
        kind = "link => fetch(link.href).then((file) => file.headers.get('content-type'))"
        assert save.evaluate(kind) == "application/octet-stream", "what a server calls HTML"
        with page.expect_download() as found:
            save.click()
        assert found.value.suggested_filename == "bad.glb"
        zoom.get_by_role("button", name="Next").click()
        for name in ("slow.stl", "empty.obj"):
            expect(zoom).to_contain_text(f"{name} can't be shown here")
            zoom.get_by_role("button", name="Next").click()
        sound = zoom.locator("audio")
        assert sound.evaluate("each => each.play().then(() => Math.round(each.duration))") == 1
        expect(zoom.get_by_role("button", name="Use as input")).to_be_hidden()
        zoom.get_by_role("button", name="Close").click()
        expect(sound).to_have_count(0)


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
    assert page.evaluate("addresses.size") == 0
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
    assert page.evaluate("addresses.size") == 1, "that of the preview before"
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
    assert link.evaluate(type_of) == "application/octet-stream"
