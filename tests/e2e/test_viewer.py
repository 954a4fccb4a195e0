"""A result in the large view: beside what it was made from, and in a tab of its own."""

import json
import re
import struct
import wave
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image, ImageOps
from playwright.sync_api import Page, Route, expect

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
    run,
    run_own,
    tasks,
)
from tests.e2e.watch import Watch
from tools.comfy.runner import WORK, Inputs, Work
from tools.comfy.server import ComfyServer


@pytest.fixture
def two(background: Background) -> Iterator[Farm]:
    with farm(background) as servers:
        yield servers


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


@pytest.mark.long
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


@pytest.mark.long
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


@pytest.mark.long
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


@pytest.mark.long
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
