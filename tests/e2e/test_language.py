"""Another language, where the page stands: nothing is loaded again, nothing is lost."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    Farm,
    as_file,
    expect_done,
    farm,
    noise,
    open_menu,
    open_page,
    run,
    tasks,
    unfold_servers,
    until,
    wait_for,
)

NAMES = re.compile(
    r"[\w-]+\.(png|json)|gpu-\d|https?://\S+|127\.0\.0\.1:\d+|Tether|ComfyUI|English|中文|"
    r"Python|PyTorch|Image\w+|torch|NVIDIA|\bCPU\b|\bGB\b|\bMB\b|\bs\b|bicubic|lanczos|bilinear|"
    r"PNG|JPEG|WebP|GIF|Upscale 2×|Result|Invert|\w+_\w+"
)
"""What is called the same in all languages."""

SHOWN = """() => {
  const said = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const box = walker.currentNode.parentElement;
    if (box.checkVisibility({visibilityProperty: true}) && !box.closest("script, mpy-config"))
      said.push(walker.currentNode.textContent);
  }
  for (const name of ["aria-label", "placeholder", "title"])
    for (const each of document.querySelectorAll(`main [${name}]`))
      if (each.checkVisibility()) said.push(each.getAttribute(name));
  return said;
}"""


@pytest.fixture
def two(background: Background) -> Iterator[Farm]:
    with farm(background, 2) as servers:
        yield servers


def left(page: Page, other: str) -> list[str]:
    """What is shown in another language, which has these letters."""
    said = [NAMES.sub("", text).strip() for text in page.evaluate(SHOWN)]
    return [text for text in said if re.search(other, text)]


def speak(page: Page, language: str) -> None:
    open_menu(page)
    page.locator("#language").select_option(language)
    expect(page.locator("html")).to_have_attribute("lang", language)
    page.keyboard.press("Escape")


@pytest.mark.long
def test_all_that_is_shown_changes_its_language_and_nothing_else_changes(
    watched_page: Page, two: Farm
) -> None:
    """Tasks of all kinds, an open timeline, a filled form, notices; other tabs, too."""
    page = open_page(watched_page, two)
    other = open_page(page.context.new_page(), page.url)
    page.bring_to_front()
    run(page, [as_file(noise(1), "done.png")])
    expect_done(page, 1)
    expect(page.locator(".task .result")).to_have_count(1)
    two.hold()
    run(page, [as_file(noise(number), f"{number}.png") for number in range(2, 8)])
    expect(tasks(page, "running")).to_have_count(2)
    expect(tasks(page, "waiting")).to_have_count(2)
    page.locator(".task[data-state=waiting] [data-action=cancel]").last.click()
    expect(tasks(page, "cancelled")).to_have_count(1)
    page.locator("#lanes > summary").click()
    expect(page.locator("#lanes .bar.item")).to_have_count(7)
    unfold_servers(page)
    page.locator("#workflow").select_option("upscale")
    page.locator("[data-field$=scale_by] input").fill("3")
    page.locator("[data-field$=upscale_method] select").select_option("bilinear")
    page.locator("#copies").fill("2")
    page.locator("#server-choice").select_option(label="gpu-2")
    page.locator("#lanes-stretch").select_option("300")
    chosen = [as_file(noise(8, 16, 12), "p.png"), as_file(noise(9, 16, 12), "q.png")]
    page.locator("#picture-picker").set_input_files(chosen)
    page.locator("#picture-picker").set_input_files(
        [{"name": "text.png", "mimeType": "image/png", "buffer": b"no picture"}]
    )
    expect(page.locator("#notices")).to_contain_text("text.png")
    page.evaluate("window.isTheSame = true")

    speak(page, "zh")
    until(page, "document.querySelector('#run').textContent.includes('运行')")
    until(other, "document.querySelector('#run').textContent.includes('运行')")
    expect(tasks(page, "cancelled").locator(".state")).to_have_text("已取消")
    wait_for(page, lambda: not left(page, "[A-Za-z]{2}"), "all in Chinese")
    wait_for(page, lambda: not left(other, "[A-Za-z]{2}"), "all in Chinese in the other tab")
    assert page.evaluate("window.isTheSame"), "the page was loaded again"
    assert page.locator("#pictures li span").all_text_contents() == ["p.png", "q.png"]
    expect(page.locator("#workflow")).to_have_value("upscale")
    expect(page.locator("[data-field$=scale_by] input")).to_have_value("3")
    expect(page.locator("[data-field$=upscale_method] select")).to_have_value("bilinear")
    expect(page.locator("#copies")).to_have_value("2")
    expect(page.locator("#server-choice option:checked")).to_have_text("gpu-2")
    expect(page.locator("#lanes-stretch")).to_have_value("300")
    expect(page.locator("#notices .notice")).to_have_count(1)

    speak(page, "en")
    expect(tasks(page, "cancelled").locator(".state")).to_have_text("cancelled")
    chinese = r"[\u4e00-\u9fff]"
    wait_for(page, lambda: not left(page, chinese), "all in English again")
    page.locator("#run").click()
    two.release()
    expect_done(page, 10)
    assert two.posts(0) + two.posts(1) == 10


def test_a_language_that_cannot_be_had_is_not_pretended(watched_page: Page, two: Farm) -> None:
    """The choice goes back to what is spoken, and a notice says why."""
    page = open_page(watched_page, two)
    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('no network')); }")
    open_menu(page)
    page.locator("#language").select_option("zh")
    expect(page.locator("#notices")).to_contain_text("could not be fetched")
    expect(page.locator("#language")).to_have_value("en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.evaluate("localStorage['tether:/:language']") is None
