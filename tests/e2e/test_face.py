"""What makes the page good to have open: at a glance, by keys, on a phone, in a hidden tab."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

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
    unfold_form,
    unfold_servers,
    until,
)
from tests.e2e.test_telling import HIDE


@pytest.fixture
def one(background: Background) -> Iterator[Farm]:
    with farm(background, 1) as servers:
        yield servers


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until something has the focus, as long as a person would."""
    for _ in range(60):
        if target.evaluate("target => target === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key never came to {target}")


@pytest.mark.long
def test_a_card_tells_its_place_and_its_times(watched_page: Page, one: Farm) -> None:
    """How many are before it, for how long it has waited or run, and how long its like take."""
    one.hold()
    page = open_page(watched_page, one)
    run(page, [as_file(noise(number), f"{number}.png") for number in (1, 2)])
    expect(tasks(page, "running")).to_have_count(1)
    # Nobody knows yet how long they take: the second goes there at once.
    expect(tasks(page, "queued")).to_have_count(1)
    queued = tasks(page, "queued").locator(".timing")
    expect(queued).to_contain_text("1 ahead · waiting for")
    card = page.locator(".server.card")
    expect(card.locator(".queue")).to_have_text("2 in queue")
    unfold_servers(page)
    expect(card.locator(".ours")).to_have_text("2 from this window")
    expect(card.locator(".socket")).to_have_text("live updates on")
    expect(tasks(page, "running").locator(".timing")).to_contain_text("running for")
    one.release()
    expect_done(page, 2)
    expect(tasks(page, "completed").locator(".timing").first).to_contain_text("took")
    one.hold()
    run(page, [as_file(noise(3), "3.png")])
    running = tasks(page, "running").locator(".timing")
    expect(running).to_contain_text("running for")
    expect(running).to_contain_text("usually")


def test_a_hidden_tab_has_the_right_title_and_results(watched_page: Page, one: Farm) -> None:
    """No frame ever comes there: a timer brings the page up to date."""
    page = open_page(watched_page, one)
    page.evaluate(HIDE)
    one.hold()
    run(page, [as_file(noise(1), "1.png")])
    until(page, r"/^\d+ % · Tether$/.test(document.title)")
    one.release()
    expect_done(page, 1)
    until(page, "document.title === 'Tether'")


def test_all_is_done_by_keys(watched_page: Page, one: Farm) -> None:
    """A server is added, a task started and cancelled, the gallery opened, the removal undone."""
    page = open_page(watched_page, one)
    card = page.locator(".server.card")
    unfold_servers(page)
    tab_to(page, card.locator("[data-action=remove]"))
    page.keyboard.press("Enter")
    expect(card).to_have_count(0)
    unfold_form(page)
    tab_to(page, page.locator("#server-address"))
    page.keyboard.type(f"127.0.0.1:{one.servers[0].port}")
    page.keyboard.press("Enter")
    expect(page.locator(".server.card[data-tone=good]")).to_have_count(1)
    page.locator("#picture-picker").set_input_files([as_file(noise(1), "1.png")])
    one.hold(at="before ImageBlur")
    tab_to(page, page.locator("#workflow"))
    page.keyboard.type("Blur")
    expect(page.locator("#workflow")).to_have_value("blur")
    tab_to(page, page.locator("#run"))
    page.keyboard.press("Enter")
    expect(tasks(page, "running")).to_have_count(1)  # one that waits there would leave a 404
    tab_to(page, page.locator(".task [data-action=cancel]"))
    page.keyboard.press("Enter")
    expect(tasks(page, "cancelled")).to_have_count(1)
    tab_to(page, page.locator(".task [data-action=dismiss]"))
    page.keyboard.press("Enter")
    expect(tasks(page)).to_have_count(0)
    tab_to(page, page.locator("#undo button").first)
    page.keyboard.press("Enter")
    expect(tasks(page, "cancelled")).to_have_count(1)
    tab_to(page, page.locator("#gallery-open"))
    page.keyboard.press("Enter")
    expect(page.locator("#gallery")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#gallery-open")).to_be_focused()


@pytest.mark.long
@pytest.mark.parametrize("locale", [pytest.param("en", marks=pytest.mark.long), "zh-CN"])
def test_nothing_is_wider_than_a_small_phone(browser: Browser, one: Farm, locale: str) -> None:
    """At work and after, with lanes, form and gallery open; and nothing moves by itself."""
    context = browser.new_context(
        has_touch=True,
        is_mobile=True,
        viewport={"width": 360, "height": 740},
        locale=locale,
        reduced_motion="reduce",
    )
    page = open_page(context.new_page(), one)

    def expect_narrow(state: str) -> None:
        assert page.evaluate("document.documentElement.scrollWidth") == 360, state
        wider = "box => box.scrollWidth - box.clientWidth"
        for box in page.locator("dialog[open], dialog[open] .scroll").all():
            assert box.evaluate(wider) <= 0, state
        assert page.evaluate("document.getAnimations().length") == 0, state

    expect_narrow("before")
    sheet = page.locator("#compose-fold")
    sheet.tap()
    page.locator("#lanes > summary").tap()
    sheet.tap()
    page.locator("#workflow").select_option("sharpen")
    expect(page.locator("#form .field").first).to_be_visible()
    page.locator("#copies").fill("2")
    long = f"{'a-photo-with-a-long-name' * 4}.png"
    page.locator("#picture-picker").set_input_files([as_file(noise(1), long)])
    expect_narrow("form")
    one.hold(at="before ImageSharpen")
    page.locator("#run").tap()
    expect(tasks(page, "running")).to_have_count(1)
    expect_narrow("running")
    one.release(at="before ImageSharpen")
    expect_done(page, 2)
    expect_narrow("done")
    sheet.tap()
    for opener in ("gallery", "collect", "routing", "about", "news"):
        if opener != "gallery":
            open_menu(page)
        page.locator(f"#{opener}-open").tap()
        expect(page.locator("dialog[open]")).to_have_count(1)
        if opener == "gallery":
            expect(page.locator("#gallery .kept")).to_have_count(2)
        expect_narrow(opener)
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
    context.close()
