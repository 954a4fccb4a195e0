"""The values of a form are kept under names, and travel as a file."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

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
    until,
)
from tests.e2e.test_form import field, two  # noqa: F401
from tests.e2e.test_sweep import METHOD, SCALE, ran, toggle
from tests.e2e.watch import Watch


def choice(page: Page) -> Locator:
    """The list of presets."""
    return page.locator("#preset")


def expect_chosen(page: Page, name: str) -> None:
    """Wait until the list says what the form shows."""
    expect(choice(page).locator("option:checked")).to_have_text(name)


def keep(page: Page, name: str) -> None:
    """Keep what is typed, by the keyboard."""
    page.once("dialog", lambda dialog: dialog.accept(name))
    page.get_by_role("button", name="Keep as a preset…").press("Enter")


def begin(page: Page) -> None:
    """Choose a workflow with a form."""
    page.locator("#workflow").select_option("upscale")
    expect_chosen(page, "The workflow's own")


def test_values_are_kept_under_a_name_and_filled_in_again(
    two: Farm,  # noqa: F811
    watched_page: Page,
    watch: Watch,
) -> None:
    """In all windows, after a reload, with lists of values; and they are what runs."""
    page = open_page(watched_page, two)
    other = fresh_window(page.context, two)
    begin(page)
    begin(other)
    field(page, SCALE).fill("3")
    expect_chosen(page, "As typed below")
    keep(page, "large")
    expect_chosen(page, "large")
    toggle(page, SCALE).click()
    field(page, SCALE).fill("2\n3")
    field(page, METHOD).select_option("area")
    expect_chosen(page, "As typed below")
    keep(page, "a grid")
    page.get_by_role("button", name="Favourite").click()
    expect_chosen(page, "★ a grid")
    names = ["The workflow's own", "★ a grid", "large"]
    expect(choice(other).locator("option")).to_have_text(names)
    choice(other).select_option("★ a grid")
    expect(other.locator("#run")).to_contain_text("Run 2")
    choice(page).select_option("large")
    expect(field(page, SCALE)).to_have_value("3")
    expect(field(page, METHOD)).to_have_value("lanczos")
    field(page, SCALE).fill("7")
    choice(page).select_option("The workflow's own")
    expect(field(page, SCALE)).to_have_value("2.0")
    choice(page).select_option("As typed below")
    expect(field(page, SCALE)).to_have_value("7")
    choice(page).select_option("The workflow's own")
    expect(field(page, SCALE)).to_have_value("2.0")
    expect(page.get_by_role("button", name="Keep as a preset…")).to_be_hidden()
    choice(page).select_option("large")
    until(page, "JSON.stringify(sessionStorage).includes('scale_by')")
    page.reload()
    expect_ready(page)
    expect_chosen(page, "large")
    page.locator("#picture-picker").set_input_files([as_file(noise(1, 16, 12), "p.png")])
    page.locator("#run").press("Enter")
    expect_done(page, 1)
    assert ran(two) == [("lanczos", 3)]
    page.locator("#workflow").select_option("blur")
    expect(choice(page).locator("option")).to_have_text(names[:1])


@pytest.mark.long
def test_a_preset_is_deleted_by_one_who_means_it(
    two: Farm,  # noqa: F811
    watched_page: Page,
    watch: Watch,
) -> None:
    """What is typed stays; one without a name isn't kept."""
    page = open_page(watched_page, two)
    begin(page)
    field(page, SCALE).fill("3")
    keep(page, "  ")
    expect(page.locator("#notices")).to_contain_text("A preset needs a name.")
    keep(page, "large")
    expect_chosen(page, "large")
    said: list[str] = []

    def answer(dialog: Dialog) -> None:
        said.append(dialog.message)
        if len(said) > 1:
            dialog.accept()
        else:
            dialog.dismiss()

    page.on("dialog", answer)
    delete = page.get_by_role("button", name="Delete this preset")
    delete.press("Enter")
    expect_chosen(page, "large")
    delete.press("Enter")
    expect_chosen(page, "As typed below")
    expect(field(page, SCALE)).to_have_value("3")
    assert said == ["Delete the preset “large”?"] * 2


@pytest.mark.long
@pytest.mark.browser_context_args(locale="zh-CN")
@pytest.mark.fresh_tab
def test_presets_travel_as_a_file(
    watched_page: Page, background: Background, tmp_path: Path
) -> None:
    """From one browser to another, on a phone, in Chinese; another file is refused."""
    with farm(background, 1) as one:
        page = watched_page
        page.set_viewport_size({"width": 390, "height": 844})
        open_page(page, one)
        page.locator("#workflow").select_option("upscale")
        field(page, SCALE).fill("3")
        page.once("dialog", lambda dialog: dialog.accept("大图"))
        page.get_by_role("button", name="存为预设…").click()
        expect_chosen(page, "大图")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.get_by_text("预设文件").click()
        with page.expect_download() as saving:
            page.get_by_role("button", name="全部存为文件").click()
        file = tmp_path / saving.value.suggested_filename
        saving.value.save_as(file)
        assert json.loads(file.read_text())["presets"][0]["values"] == {SCALE: "3"}
        page.evaluate("localStorage.clear()")
        page.reload()
        expect_ready(page)
        expect_chosen(page, "下方填写的")
        page.get_by_text("预设文件").click()
        other = tmp_path / "other.json"
        other.write_text("{}")
        for given, told in ((other, "other.json"), (file, "已从文件载入 1 个预设")):
            with page.expect_file_chooser() as choosing:
                page.get_by_text("从文件载入…").click()
            choosing.value.set_files(given)
            expect(page.locator("#notices")).to_contain_text(told)
        expect_chosen(page, "大图")
