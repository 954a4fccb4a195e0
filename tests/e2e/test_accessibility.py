"""Every state of the page passes axe-core, light and dark."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.e2e.background import Background
from tests.e2e.conftest import opened
from tests.e2e.farm import (
    Farm,
    as_file,
    expect_done,
    farm,
    give_workflow,
    noise,
    open_menu,
    open_page,
    run,
    run_own,
    tasks,
    unfold_form,
    unfold_servers,
)
from tests.e2e.test_mask import INPAINT

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"

RUN = """
async (rules) => {
  const some = rules.length ? {runOnly: rules} : {};
  const found = await axe.run(document, {resultTypes: ["violations"], ...some});
  return found.violations.map((each) => ({
    rule: each.id, help: each.help, where: each.nodes.map((node) => node.target.join(" ")),
    why: each.nodes[0].failureSummary,
  }));
}
"""

FAILING = {
    "1": {
        "class_type": "EmptyImage",
        "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0},
    },
    "2": {"class_type": "TetherRaise", "inputs": {"image": ["1", 0], "message": "boom"}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}},
}


def check(page: Page, state: str) -> None:
    """Let axe-core look at the page as it is, light and dark: there colours alone differ."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    look(page, "dark", f"{state}, dark", ["color-contrast"])
    look(page, "light", state, [])


def look(page: Page, scheme: Literal["light", "dark"], state: str, rules: list[str]) -> None:
    """Look in one colour scheme, by these rules alone if any are named."""
    page.emulate_media(color_scheme=scheme)
    # Colours fade in; axe looks at one moment.
    page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")
    violations: list[dict[str, Any]] = page.evaluate(RUN, rules)
    assert not violations, f"{state}:\n{json.dumps(violations, indent=1)}"


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty tab, which a test may leave in either colour scheme."""
    return opened(context).new_page()


@pytest.fixture
def two(background: Background) -> Iterator[Farm]:
    with farm(background, 2, pace=0.2) as servers:
        yield servers


def test_a_first_visit(page: Page, background: Background) -> None:
    """Without any server; and with one that can't be used."""
    with farm(background, 0) as none:
        open_page(page, none)
        check(page, "first visit")
        unfold_form(page)
        page.locator("#server-access summary").click()
        check(page, "token fields")
        page.locator("#server-address").fill("ftp://files")
        page.locator("#server-form button[data-say='server.add']").click()
        check(page, "a bad address")
        page.evaluate("tether.addServer('127.0.0.1:9')")
        expect(page.locator(".cure").first).to_be_visible()
        check(page, "a server that is down, with the Doctor's cure")
        unfold_servers(page)
        page.locator(".server.card [data-action=rename]").click()
        page.locator(".address-field").fill("ftp://files")
        page.keyboard.press("Enter")
        check(page, "its name and address, which is none")


@pytest.mark.long
def test_at_work_and_after(page: Page, two: Farm) -> None:
    """Running with previews, done, failed; form, lanes, and what was removed."""
    open_page(page, two)
    two.hold(at="step 2 of ImageInvert")
    run(page, [as_file(noise(number), f"{number}.png") for number in range(6)])
    expect(page.locator(".task .preview:visible").first).to_be_visible()
    check(page, "running")
    page.locator("#lanes summary").first.click()
    expect(page.locator("#lanes svg").first).to_be_visible()
    check(page, "lanes")
    page.locator("#workflow").select_option("blur")
    expect(page.locator("#form .field").first).to_be_visible()
    check(page, "form")
    two.release(at="step 2 of ImageInvert")
    expect_done(page, 6)
    page.locator("#tasks").get_by_role("checkbox").first.check()
    check(page, "one is selected")
    give_workflow(page, INPAINT, "inpaint.json")
    page.locator("#picture-picker").set_input_files([as_file(noise(1), "p.png")])
    page.locator("#pictures .mask").click()
    expect(page.locator("#mask canvas")).to_be_visible()
    check(page, "the mask of a picture")
    page.locator("#mask [data-action=cancel]").click()
    page.locator("#pictures [data-action=remove]").click()
    run_own(page, FAILING)
    expect(tasks(page, "failed")).to_have_count(1)
    page.locator(".task[data-state=failed] summary").click()
    check(page, "a failed task, its traceback unfolded")
    page.locator(".task[data-state=failed] [data-action=dismiss]").click()
    check(page, "undo")


@pytest.mark.long
def test_what_is_off_and_what_is_lost(page: Page, background: Background, two: Farm) -> None:
    """A server that is killed with a task, and started anew; and what is looked for among many."""
    open_page(page, two)
    two.hold()
    run(page, [as_file(noise(number, 8, 8), f"{number}.png") for number in range(14)])
    expect(tasks(page, "running")).to_have_count(2)
    background.run(two.servers[0].kill())
    expect(page.locator(".server.card[data-tone=bad]")).to_have_count(1)
    check(page, "one of two servers is off")
    background.run(two.servers[0].start())
    expect(tasks(page, "lost").first).to_be_visible()
    check(page, "a task is lost")
    two.release()
    page.locator("#copies").fill("50")
    run(page, [as_file(noise(99, 8, 8), "many.png")])
    expect(tasks(page)).to_have_count(64)
    expect(tasks(page).last.locator(".view")).to_have_count(0)
    check(page, "a sheet whose end is out of view")
    page.locator("#task-search").fill("1")
    expect(page.locator("#task-found")).to_be_visible()
    check(page, "what is looked for")


@pytest.mark.long
def test_on_a_phone_in_chinese(browser: Browser, two: Farm) -> None:
    """The sheet for a new task folded and open, the large view, the menu."""
    size: ViewportSize = {"width": 390, "height": 844}
    context = browser.new_context(viewport=size, has_touch=True, is_mobile=True, locale="zh-CN")
    opened(context)
    page = open_page(context.new_page(), two)
    run(page, [as_file(noise(1, 300, 200), "one.png")])
    expect_done(page, 1)
    expect(page.locator("#compose")).to_be_hidden()
    check(page, "a result")
    page.locator(".task .results a[data-action=zoom]").click()
    expect(page.locator("#zoom")).to_be_visible()
    check(page, "the large view")
    page.keyboard.press("Escape")
    open_menu(page)
    check(page, "the menu")
    page.keyboard.press("Escape")
    page.locator("#compose-fold").click()
    expect(page.locator("#run")).to_be_visible()
    check(page, "the sheet for a new task")
    context.close()


@pytest.mark.long
def test_dialogs(page: Page, two: Farm) -> None:
    """Each one opened as a person does, and closed by Escape."""
    open_page(page, two)
    run(page, [as_file(noise(1, 300, 200), "one.png")])
    expect_done(page, 1)
    for opener, dialog in (
        ("#collect-open", "#collect"),
        ("#about-open", "#about"),
        ("#runs-open", "#runs"),
        ("#routing-open", "#routing-test"),
        ("#gallery-open", "#gallery"),
        (".task .results a[data-action=zoom]", "#zoom"),
    ):
        if page.locator("#menu").locator(opener).count():
            open_menu(page)
        page.locator(opener).click()
        expect(page.locator(dialog)).to_be_visible()
        if dialog == "#routing-test":
            check(page, dialog)
            page.locator("#routing-start").click()
            expect(page.locator("#routing-summary")).to_contain_text("12 scenes")
        check(page, dialog)
        page.keyboard.press("Escape")
        expect(page.locator(dialog)).to_be_hidden()
