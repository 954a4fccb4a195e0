"""Fields with several values: a task for each combination of them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    Farm,
    as_file,
    expect_done,
    expect_ready,
    farm,
    noise,
    open_page,
    own_tasks,
    tasks,
    until,
)
from tests.e2e.test_form import field, history
from tests.e2e.watch import Watch

SCALE, METHOD = "2.scale_by", "2.upscale_method"
PREFIX = "3.filename_prefix"
SIZED = ("scale_by", "upscale_method")


@pytest.fixture
def two(background: Background) -> Iterator[Farm]:
    """Two embedded servers."""
    with farm(background) as servers:
        yield servers


def toggle(page: Page, name: str) -> Locator:
    """What gives a field several values."""
    return page.locator(f'[data-field="{name}"] .several')


def ran(of: Farm) -> list[tuple[str, float]]:
    """The methods and scales that ran, on whichever server."""
    runs = (nodes["2"]["inputs"] for number in range(2) for nodes in history(of, number))
    return sorted((inputs["upscale_method"], inputs["scale_by"]) for inputs in runs)


def test_each_combination_is_a_task(two: Farm, watched_page: Page, watch: Watch) -> None:
    """What was chosen is there after a reload; the titles say which is which."""
    page = open_page(watched_page, two)
    page.locator("#workflow").select_option("upscale")
    page.locator("#picture-picker").set_input_files([as_file(noise(1, 16, 12), "p.png")])
    toggle(page, SCALE).click()
    expect(field(page, SCALE)).to_be_focused()
    expect(field(page, SCALE)).to_have_value("2.0")
    field(page, SCALE).fill("1 | 2\n0.5..1.5 step 1")
    expect(page.locator("#run")).to_contain_text("Run 4 on 2 servers")
    expect(page.locator("#form-combine")).to_be_hidden()
    toggle(page, METHOD).click()
    field(page, METHOD).select_option(["area", "bilinear"])
    expect(page.locator("#run")).to_contain_text("Run 8 on 2 servers")
    page.locator("#form-combine").select_option("side")
    page.locator("#run").click()
    expect(page.get_by_role("alert")).to_contain_text("they have 4, 2")
    field(page, SCALE).fill("2\n3")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator("#run")).to_contain_text("Run 2 on 2 servers")
    until(page, "JSON.stringify(sessionStorage).includes('side by side')")
    page.reload()
    expect_ready(page)
    expect(field(page, SCALE)).to_have_value("2\n3")
    expect(field(page, METHOD)).to_have_values(["bilinear", "area"])
    expect(page.locator("#run")).to_contain_text("Run 2 on 2 servers")
    page.locator("#run").click()
    expect_done(page, 2)
    assert ran(two) == [("area", 3), ("bilinear", 2)]
    titles = sorted(task["title"] for task in own_tasks(page))
    assert titles == [
        "p.png (Scale by 2, Upscale method bilinear) · Upscale 2×",
        "p.png (Scale by 3, Upscale method area) · Upscale 2×",
    ]
    toggle(page, SCALE).click()
    expect(field(page, SCALE)).to_have_value("2")
    expect(page.locator("#form-combine")).to_be_hidden()


@pytest.mark.long
def test_values_come_from_a_file(two: Farm, watched_page: Page, watch: Watch) -> None:
    """A line each, or the columns of a table for the fields that they name."""
    page = open_page(watched_page, two)
    page.locator("#workflow").select_option("upscale")
    toggle(page, PREFIX).click()
    lines = page.locator(f'[data-field="{PREFIX}"] textarea')

    def pick(name: str, text: str) -> None:
        file: FilePayload = {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
        with page.expect_file_chooser() as choosing:
            page.get_by_text("From a file (text or CSV)…").click()
        choosing.value.set_files([file])

    pick("prefixes.txt", "one\ntwo\n\nthree\n")
    expect(lines).to_have_value("one\ntwo\nthree")
    expect(page.locator("#run")).to_contain_text("Run 3")
    pick("grid.csv", "Filename_Prefix,scale by,nobody,upscale_method\na,2,x,lanczos\nb,3,y,area\n")
    expect(page.locator("#notices")).to_contain_text("no field of the form is called nobody")
    expect(lines).to_have_value("a\nb")
    expect(field(page, SCALE)).to_have_value("2\n3")
    expect(page.locator("#form-combine")).to_have_value("side")
    expect(page.locator("#run")).to_contain_text("Run 2")
    pick("empty.txt", "\n")
    expect(page.locator("#notices")).to_contain_text("empty.txt has no values")
    page.locator("#picture-picker").set_input_files([as_file(noise(1, 16, 12), "p.png")])
    page.locator("#run").click()
    expect_done(page, 2)
    made = sorted(
        (nodes["3"]["inputs"]["filename_prefix"], *map(nodes["2"]["inputs"].get, SIZED))
        for number in range(2)
        for nodes in history(two, number)
    )
    assert made == [("a", 2, "lanczos"), ("b", 3, "area")], "side by side, in the file's order"


@pytest.mark.browser_context_args(locale="zh-CN")
@pytest.mark.fresh_tab
def test_a_list_of_values_is_made_by_keyboard_alone(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """On a phone, in Chinese."""
    watched_page.set_viewport_size({"width": 390, "height": 844})
    page = open_page(watched_page, two)
    page.locator("#workflow").select_option("upscale")
    page.locator("#picture-picker").set_input_files([as_file(noise(1, 16, 12), "p.png")])
    expect(toggle(page, SCALE)).to_have_attribute("aria-pressed", "false")
    toggle(page, SCALE).focus()
    page.keyboard.press("Space")
    expect(toggle(page, SCALE)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("x")
    page.keyboard.press("Enter")
    page.keyboard.type("3")
    page.locator("#run").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("x")
    expect(field(page, SCALE)).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("2..3")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator("#run").press("Enter")
    expect(tasks(page)).to_have_count(2)
    expect_done(page, 2)
    assert [scale for _, scale in ran(two)] == [2, 3]
