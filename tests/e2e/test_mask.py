"""The mask of a picture, painted on the page."""

import json
from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import Farm, as_file, expect_done, farm, give_workflow, noise, open_page
from tests.e2e.test_draft import kept_files
from tests.e2e.watch import Watch

INPAINT = json.dumps(
    {
        "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "p"}},
        "3": {"class_type": "PreviewAny", "inputs": {"source": ["1", 1]}},
    }
)
PICTURE = noise(1, 320, 200)


@pytest.fixture
def one(background: Background) -> Iterator[Farm]:
    with farm(background, 1) as servers:
        yield servers


def begin(page: Page, one: Farm, picture: Image.Image = PICTURE) -> None:
    """Choose a workflow that uses a mask, and a picture."""
    open_page(page, one)
    give_workflow(page, INPAINT, "inpaint.json")
    expect(page.locator("#workflow option:checked")).to_have_text("inpaint.json")
    page.locator("#picture-picker").set_input_files([as_file(picture, "photo.png")])
    paint(page)


def paint(page: Page) -> None:
    """Open the dialog for the picture."""
    page.get_by_role("button", name="Mask of photo.png").click()
    expect(page.locator("#mask")).to_be_visible()


def stroke(page: Page, *places: tuple[float, float]) -> None:
    """Draw a line through places of the picture, given as shares of its width and height."""
    box = page.locator("#mask canvas").bounding_box()
    assert box is not None
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()


def press(page: Page, name: str) -> None:
    """Press a button of the dialog."""
    page.locator("#mask").get_by_role("button", name=name, exact=True).click()


def painted(page: Page) -> Image.Image:
    """What is painted, as the dialog shows it: 255 where it is."""
    rows = page.locator("#mask canvas").evaluate(
        """canvas => {
          const {width, height} = canvas;
          const copied = new OffscreenCanvas(width, height);
          const copy = copied.getContext("2d", {willReadFrequently: true});
          copy.drawImage(canvas, 0, 0);
          const {data} = copy.getImageData(0, 0, width, height);
          return Array.from(data.filter((_, place) => place % 4 === 3));
        }"""
    )
    size = page.locator("#mask canvas").evaluate("canvas => [canvas.width, canvas.height]")
    return Image.frombytes("L", tuple(size), bytes(rows))


def uploaded(one: Farm) -> Image.Image:
    """The picture that the server was given last."""
    files = one.servers[0].engine.process.files
    blob = files.find_named("photo.png")
    assert blob is not None
    content = one.servers[0]._blobs.path(blob.blob.key).read_bytes()
    return Image.open(BytesIO(content))


def uploads(one: Farm) -> list[Image.Image]:
    """All pictures that the server was given."""
    server = one.servers[0]
    folders = server.engine.process.files._folders.items()
    files = [each for (root, _), named in folders for each in named.values() if root == "input"]
    contents = (server._blobs.path(each.blob.key).read_bytes() for each in files)
    return [Image.open(BytesIO(content)) for content in contents]


@pytest.mark.long
def test_the_mask_is_the_pictures_alpha_and_its_colours_stay(
    one: Farm, watched_page: Page, watch: Watch
) -> None:
    """As ComfyUI's editor stores it: what is painted is transparent, pixel for pixel."""
    page = watched_page
    begin(page, one)
    stroke(page, (0.2, 0.5), (0.8, 0.5))
    press(page, "Eraser")
    stroke(page, (0.5, 0.3), (0.5, 0.7))
    mask = painted(page)
    assert mask.getpixel((80, 100)) == 255
    assert mask.getpixel((160, 100)) == mask.getpixel((160, 10)) == 0
    press(page, "Use this mask")
    expect(page.locator("#mask")).to_be_hidden()
    page.locator("#run").click()
    expect_done(page, 1)
    sent = uploaded(one)
    assert sent.mode == "RGBA"
    assert sent.convert("RGB").tobytes() == PICTURE.tobytes()
    assert sent.getchannel("A").tobytes() == mask.point(lambda value: 255 - value).tobytes()


@pytest.mark.long
def test_a_painting_is_taken_back_inverted_and_gone_on_with(
    one: Farm, watched_page: Page, watch: Watch
) -> None:
    """By its buttons and by keys; what was given up or used is there when it is opened again."""
    page = watched_page
    begin(page, one)
    blank = painted(page).tobytes()
    assert not any(blank)
    stroke(page, (0.5, 0.5))
    dot = painted(page).tobytes()
    assert any(dot)
    press(page, "Invert")
    assert painted(page).tobytes() == bytes(255 - value for value in dot)
    page.keyboard.press("Control+z")
    assert painted(page).tobytes() == dot
    page.keyboard.press("]")
    stroke(page, (0.1, 0.5), (0.9, 0.5))
    line = painted(page).tobytes()
    press(page, "Undo")
    assert painted(page).tobytes() == dot
    page.keyboard.press("e")
    expect(page.get_by_role("button", name="Eraser")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#mask")).to_be_hidden()
    paint(page)
    assert painted(page).tobytes() == dot
    stroke(page, (0.1, 0.5), (0.9, 0.5))
    assert painted(page).tobytes() == line
    page.keyboard.press("Control+z")
    press(page, "Use this mask")
    expect(page.get_by_role("button", name="Mask of photo.png")).to_be_focused()
    paint(page)
    assert painted(page).tobytes() == dot
    press(page, "Undo")
    assert painted(page).tobytes() == blank
    press(page, "Use this mask")
    expect(page.locator("#mask")).to_be_hidden()
    page.locator("#run").click()
    expect_done(page, 1)
    assert uploaded(one).mode == "RGB"


def test_a_mask_that_a_picture_has_is_painted_on_and_its_colours_stay_after_a_reload(
    one: Farm, watched_page: Page, watch: Watch
) -> None:
    """Where it is transparent, too: a canvas would have made that black."""
    page = watched_page
    masked = PICTURE.copy()
    alpha = Image.new("L", PICTURE.size, 255)
    alpha.paste(0, (0, 0, 160, 200))
    masked.putalpha(alpha)
    begin(page, one, masked)
    assert painted(page).tobytes() == alpha.point(lambda value: 255 - value).tobytes()
    stroke(page, (0.75, 0.5), (0.8, 0.5))
    press(page, "Use this mask")
    expect(page.get_by_role("button", name="Mask of photo.png")).to_be_focused()
    kept_files(page, 2)
    page.reload()
    expect(page.locator("#workflow option:checked")).to_have_text("inpaint.json")
    paint(page)
    mask = painted(page)
    assert mask.getpixel((40, 40)) == mask.getpixel((240, 100)) == 255
    stroke(page, (0.75, 0.2), (0.8, 0.2))
    mask = painted(page)
    press(page, "Use this mask")
    expect(page.locator("#mask")).to_be_hidden()
    page.locator("#run").click()
    expect_done(page, 1)
    sent = uploaded(one)
    assert sent.convert("RGB").tobytes() == PICTURE.tobytes()
    assert sent.getchannel("A").tobytes() == mask.point(lambda value: 255 - value).tobytes()


TWO_PICTURES = json.dumps(
    {
        **json.loads(INPAINT),
        "4": {"class_type": "LoadImage", "inputs": {"image": "b.png"}},
        "5": {"class_type": "PreviewAny", "inputs": {"source": ["4", 1]}},
        "6": {"class_type": "SaveImage", "inputs": {"images": ["4", 0], "filename_prefix": "q"}},
        "7": {"class_type": "LoadImage", "inputs": {"image": "c.png"}},
        "8": {"class_type": "SaveImage", "inputs": {"images": ["7", 0], "filename_prefix": "r"}},
    }
)


def test_a_picture_in_a_field_of_the_form_is_painted_on_as_those_in_the_list(
    one: Farm, watched_page: Page, watch: Watch
) -> None:
    """Where its input's mask is used; what was painted can be gone on with, and lasts a reload."""
    page = watched_page
    open_page(page, one)
    give_workflow(page, TWO_PICTURES, "two.json")
    field, plain = (page.locator(f"#form [data-field='{each}.image']") for each in "47")
    button = field.get_by_role("button", name="Mask of photo.png")
    expect(field.locator("input")).to_be_visible()
    expect(button).to_be_hidden()
    for each in (field, plain):
        each.locator("input").set_input_files([as_file(PICTURE, "photo.png")])
    page.locator("#picture-picker").set_input_files([as_file(noise(7, 64, 64), "other.png")])
    expect(plain.get_by_role("button", name="Mask")).to_have_count(0)
    button.press("Enter")
    expect(page.locator("#mask")).to_be_visible()
    stroke(page, (0.2, 0.5), (0.8, 0.5))
    line = painted(page).tobytes()
    press(page, "Use this mask")
    expect(button).to_be_focused()
    button.press("Enter")
    expect(page.locator("#mask")).to_be_visible()
    assert painted(page).tobytes() == line
    press(page, "Invert")
    mask = painted(page)
    press(page, "Use this mask")
    expect(button).to_be_focused()
    kept_files(page, 4)
    page.reload()
    expect(page.locator("#workflow option:checked")).to_have_text("two.json")
    expect(button).to_be_visible()
    page.locator("#run").click()
    expect_done(page, 1)
    sent = uploads(one)
    assert [each.mode for each in sent].count("RGBA") == 1
    masked = next(each for each in sent if each.mode == "RGBA")
    assert masked.convert("RGB").tobytes() == PICTURE.tobytes()
    assert masked.getchannel("A").tobytes() == mask.point(lambda value: 255 - value).tobytes()


@pytest.mark.long
def test_masks_are_offered_where_a_workflow_uses_them(
    one: Farm, watched_page: Page, watch: Watch
) -> None:
    """And are given with a finger, too, beside which another one does nothing."""
    page = watched_page
    open_page(page, one)
    tall = noise(1, 200, 500)
    page.locator("#picture-picker").set_input_files([as_file(tall, "photo.png")])
    button = page.get_by_role("button", name="Mask of photo.png")
    expect(button).to_be_hidden()
    give_workflow(page, INPAINT, "inpaint.json")
    paint(page)
    box = page.locator("#mask canvas").bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    assert box["y"] + box["height"] < page.evaluate("innerHeight")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    palm = {"x": x, "y": y + 0.4 * box["height"], "id": 2}
    for kind, points in (
        ("touchStart", [{"x": x - 40, "y": y, "id": 1}]),
        ("touchStart", [{"x": x - 40, "y": y, "id": 1}, palm]),
        ("touchMove", [{"x": x + 40, "y": y, "id": 1}, {**palm, "x": x + 20}]),
        ("touchEnd", []),
    ):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.detach()
    mask = painted(page)
    assert mask.getpixel((100, 250)) == 255
    assert mask.getpixel((100, 400)) == mask.getpixel((100, 450)) == 0
    press(page, "Cancel")
    expect(page.locator("#mask")).to_be_hidden()
