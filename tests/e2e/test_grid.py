"""A sweep as a grid: cells fill, failures are run again in place, all is saved as one."""

import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any
from urllib.request import Request, urlopen
from zipfile import ZipFile

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from page.grid.sweeps import GAP, LEAST, LINE
from tests.e2e.background import Background
from tests.e2e.farm import (
    LOCAL,
    Farm,
    as_file,
    expect_done,
    expect_ready,
    farm,
    noise,
    open_page,
    tasks,
    wait_for,
)
from tests.e2e.test_accessibility import check
from tests.e2e.test_chains import then
from tests.e2e.test_form import field
from tests.e2e.test_sweep import METHOD, SCALE, toggle
from tests.e2e.watch import Watch
from tests.ports import free_port
from tools.comfy.runner import WORK, Inputs, Work
from tools.comfy.server import ComfyServer

AT = "before SaveImage"
COLOURS = {255: (0, 0, 255), 65280: (0, 255, 0), 16711680: (255, 0, 0)}
WIDTHS = (16, 24)
HEIGHT = 12
BAD = {"color": 65280, "width": 24}
MADE = {
    "1": {
        "class_type": "EmptyImage",
        "inputs": {"width": 16, "height": HEIGHT, "batch_size": 1, "color": 0},
    },
    "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "c"}},
}


class Broken:
    """Makes plain pictures, and fails at one of them until it is mended."""

    def __init__(self) -> None:
        self.is_mended = False

    def make(self, inputs: Inputs) -> Work:
        """Do the work of `EmptyImage`."""
        if not self.is_mended and all(inputs[name] == value for name, value in BAD.items()):
            raise ValueError("out of memory")
        return WORK["EmptyImage"](inputs)


@pytest.fixture
def broken() -> Broken:
    """What both servers have in common."""
    return Broken()


@pytest.fixture
def two(background: Background, broken: Broken) -> Iterator[Farm]:
    """Two servers that fail at one value."""
    with farm(background, 0) as found:
        for number in (1, 2):
            server = ComfyServer(
                replace(LOCAL, name=f"gpu-{number}", port=free_port(), pace=0.0),
                work={**WORK, "EmptyImage": broken.make},
                seed=number,
            )
            background.run(server.start())
            found.servers.append(server)
        yield found


def sweep(page: Page, values: dict[str, Any]) -> None:
    """Send a task for each combination."""
    page.evaluate("(given) => tether.submit(given)", {"workflow": MADE, "sweep": values})


def cell(page: Page, row: int, column: int) -> Locator:
    """A cell of the first table."""
    return page.locator("#grid tr").nth(row + 1).locator("td.cell").nth(column)


def test_a_sweep_fills_a_grid(two: Farm, broken: Broken, watched_page: Page, watch: Watch) -> None:
    """A failure is run again in its place; sheet, ZIP and a reload have all that was made."""
    page = open_page(watched_page, two)
    for server in two.servers:
        page.evaluate(f"tether.addServer('{server.url}')")
    expect(page.locator("#grid-open")).to_be_hidden()
    two.hold(at=AT)
    sweep(page, {"1.color": list(COLOURS), "1.width": list(WIDTHS)})
    page.locator("#grid-open").click()
    grid = page.locator("#grid")
    expect(grid.locator("td.cell")).to_have_count(6)
    expect(page.locator("#grid-title")).to_have_text("script")
    expect(grid.locator("th[scope=col]")).to_have_text(["16", "24"])
    expect(grid.locator("th[scope=row]")).to_have_text(["255", "65280", "16711680"])
    expect(grid.locator("td[data-state=running]").first).to_be_visible()
    expect(grid.locator("img")).to_have_count(0)
    check(page, "a grid of tasks under way")
    two.release(at=AT)

    expect(grid.locator("img")).to_have_count(5)
    bad = cell(page, 1, 1)
    expect(bad).to_have_attribute("data-state", "failed")
    expect(bad).to_contain_text("out of memory")
    check(page, "a grid with a failure")
    broken.is_mended = True
    bad.get_by_role("button", name="Run again: color 65280, width 24").press("Enter")
    expect(grid.locator("img")).to_have_count(6)
    expect(bad).to_have_attribute("data-state", "completed")
    expect(bad).to_be_focused()
    check(page, "a whole grid")

    bad.get_by_role("button", name="color 65280, width 24").click()
    expect(page.locator("#zoom")).to_contain_text("4 of 6")
    page.keyboard.press("Escape")

    with page.expect_download() as drawn:
        grid.get_by_role("button", name="Save as contact sheet").click()
    assert drawn.value.suggested_filename.startswith("tether-grid-20")
    sheet = Image.open(drawn.value.path()).convert("RGB")
    left = sheet.width - 2 * (LEAST + GAP)
    for row, colour in enumerate(COLOURS.values()):
        top = GAP + LINE + row * (HEIGHT + GAP)
        for column in range(2):
            at = left + column * (LEAST + GAP)
            # The second column's pictures are wider than the first one, whose room they get.
            height = HEIGHT if column == 0 else HEIGHT * 16 // 24
            box = (at, top, at + 16, top + height)
            assert set(sheet.crop(box).get_flattened_data()) == {colour}
        label = sheet.crop((GAP, top, left - GAP, top + HEIGHT))
        assert min(label.convert("L").get_flattened_data()) < 100, "the row has a heading"
    assert min(sheet.crop((left, 0, sheet.width, LINE)).convert("L").get_flattened_data()) < 100

    with page.expect_download() as packed:
        grid.get_by_role("button", name="Save files").click()
    with ZipFile(packed.value.path()) as archive:
        assert sorted(archive.namelist()) == sorted(
            f"color {colour}, width {width}.png" for colour in COLOURS for width in WIDTHS
        )
        for colour, rgb in COLOURS.items():
            for width in WIDTHS:
                made = Image.open(BytesIO(archive.read(f"color {colour}, width {width}.png")))
                assert made.size == (width, HEIGHT)
                assert set(made.convert("RGB").get_flattened_data()) == {rgb}
    expect(page.locator("#grid-said")).to_contain_text("Saved: 6 files")

    page.reload()
    expect_ready(page)
    page.locator("#grid-open").click()
    expect(grid.locator("img")).to_have_count(6)
    page.locator("#grid-down").select_option("1")
    expect(grid.locator("th[scope=row]")).to_have_text(["16", "24"])
    expect(grid.locator("th[scope=col]")).to_have_text(["255", "65280", "16711680"])
    expect(grid.locator("img")).to_have_count(6)


@pytest.mark.long
def test_one_of_several_sweeps_is_chosen(two: Farm, watched_page: Page, watch: Watch) -> None:
    """The latest first; with one axis it is a row; once its tasks are removed it is gone."""
    page = open_page(watched_page, two)
    page.evaluate(f"tether.addServer('{two.servers[0].url}')")
    sweep(page, {"1.width": [16, 24]})
    sweep(page, {"1.color": [255, 65280, 16711680], "1.height": [8]})
    page.locator("#grid-open").click()
    grid = page.locator("#grid")
    expect(grid.locator("td.cell img")).to_have_count(3)
    expect(grid.locator("caption")).to_have_text("color")
    expect(page.locator("#grid-down")).to_be_hidden()
    page.locator("#grid-sweep").select_option(index=1)
    expect(grid.locator("td.cell img")).to_have_count(2)
    expect(grid.locator("caption")).to_have_text("width")
    page.keyboard.press("Escape")
    expect(grid).to_be_hidden()
    page.locator("#task-clear").click()
    page.locator("#undo [aria-label=Close]").click()
    expect(page.locator("#grid-open")).to_be_hidden()


def test_pictures_and_values_of_the_form_are_axes(
    background: Background, watched_page: Page, watch: Watch
) -> None:
    """Three of them: a table for each value of the one that is neither rows nor columns."""
    with farm(background, 1, pace=0.0) as one:
        page = open_page(watched_page, one)
        page.locator("#workflow").select_option("upscale")
        files = [as_file(noise(number, 16, 12), f"{number}.png") for number in (1, 2)]
        page.locator("#picture-picker").set_input_files(files)
        toggle(page, SCALE).click()
        field(page, SCALE).fill("1\n2")
        toggle(page, METHOD).click()
        field(page, METHOD).select_option(["area", "bilinear"])
        expect(page.locator("#run")).to_contain_text("Run 8")
        page.locator("#run").click()
        expect_done(page, 8)
        page.locator("#grid-open").click()
        grid = page.locator("#grid")
        expect(page.locator("#grid-title")).to_have_text("Upscale 2×")
        expect(grid.locator("table")).to_have_count(2)
        expect(grid.locator("th[scope=row]")).to_have_text(["1.png", "2.png"] * 2)
        sizes = grid.locator("tr:nth-child(2) td:nth-child(2) img")
        wait_for(
            page,
            lambda: sizes.evaluate_all("all => all.every((each) => each.naturalWidth)"),
            "the pictures of both tables",
        )
        page.locator("#grid-across").select_option(label="Picture")
        expect(grid.locator("th[scope=col]")).to_have_text(["1.png", "2.png"] * 2)


def test_a_picture_is_there_while_it_is_in_sight(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """One that couldn't be fetched is on a press; the keyboard reaches those out of sight."""
    page = open_page(watched_page, two)
    page.evaluate(f"tether.addServer('{two.servers[0].url}')")
    watch.expect("Failed to load resource")
    page.route("**/view?**", lambda route: route.abort())
    sweep(page, {"1.color": list(range(24))})
    expect_done(page, 24)
    page.locator("#grid-open").click()
    grid = page.locator("#grid")
    first, last = grid.locator("td.cell").first, grid.locator("td.cell").last
    again = first.get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    check(page, "a grid with a picture that can't be had")
    page.unroute("**/view?**")
    again.press("Enter")
    expect(first.locator("img")).to_be_visible()
    expect(first.get_by_role("button", name="View color 0")).to_be_visible()
    expect(last.locator("img")).to_have_count(0)
    last.get_by_role("button", name="View color 23").focus()
    expect(last.locator("img")).to_be_visible()
    expect(first.locator("img")).to_have_count(0)
    expect(last.get_by_role("button", name="View color 23")).to_be_focused()
    first.get_by_role("button", name="View color 0").scroll_into_view_if_needed()
    expect(first.locator("img")).to_be_visible()


def test_a_cell_says_that_its_chain_is_held_up(
    background: Background, watched_page: Page, watch: Watch
) -> None:
    """It belongs to the last task; the first one is run again from it."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        (server,) = one.servers
        one.hold(at=AT)
        page.locator("#workflow").select_option("upscale")
        toggle(page, SCALE).click()
        field(page, SCALE).fill("1\n2")
        then(page, "Blur")
        page.locator("#picture-picker").set_input_files(as_file(noise(1), "one.png"))
        page.locator("#run").click()
        expect(tasks(page)).to_have_count(4)
        page.locator("#grid-open").click()
        grid = page.locator("#grid")
        after = [re.compile("^after “one.png.* ·")] * 2
        expect(grid.locator("td[data-state=waiting]")).to_have_text(after)
        wait_for(page, lambda: server.is_held(AT), AT)
        urlopen(Request(f"http://127.0.0.1:{server.port}/interrupt", b"", method="POST")).close()
        one.release(at=AT)
        expect(tasks(page, "completed")).to_have_count(2)
        expect(grid.locator("td.cell img")).to_have_count(1)
        held = grid.locator("td[data-state=waiting]")
        expect(held).to_contain_text("which was stopped. Run that again")
        check(page, "a grid with a chain that is held up")
        held.get_by_role("button", name="Run again: ").press("Enter")
        expect(grid.locator("td.cell img")).to_have_count(2)
