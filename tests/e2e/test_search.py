"""Results by the hundred: looked for, and shown on and on."""

from zipfile import ZipFile

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import as_file, expect_done, expect_ready, farm, noise, open_page, run, tasks
from tests.e2e.watch import Watch


@pytest.mark.long
def test_tasks_are_looked_for_and_buttons_for_all_are_about_those_found(
    watched_page: Page, background: Background, watch: Watch
) -> None:
    """By picture, workflow, server and state; each is for what is seen, no more."""
    watch.allow("404")  # what is cancelled is gone from its server
    with farm(background, 2) as two:
        page = open_page(watched_page, two)
        find, field, kind = (page.locator(f"#task-{each}") for each in ("find", "search", "kind"))
        run(page, [as_file(noise(number, 8, 8), f"cat-{number}.png") for number in range(7)])
        expect_done(page, 7)
        expect(find).to_be_hidden()
        dogs = [as_file(noise(number, 8, 8), f"dog-{number}.png") for number in range(10)]
        run(page, dogs[:6], "blur")
        expect_done(page, 13)
        two.hold(at="before ImageBlur")
        run(page, dogs[6:], "blur")
        expect(tasks(page, "running")).to_have_count(2)
        for text, count in (("dog", 10), ("DOG done", 6), ("blur 7", 1), ("cow", 0), ("", 17)):
            field.fill(text)
            expect(tasks(page)).to_have_count(count)
        field.fill("cow")
        expect(page.locator("#task-found")).to_have_text("Found: 0")
        expect(page.locator("#task-none")).to_be_hidden()
        field.fill("gpu-1")
        expect(tasks(page, "running")).to_have_count(1)
        field.fill("")
        kind.select_option("live")
        expect(tasks(page)).to_have_count(4)
        field.fill("dog-9")
        expect(tasks(page)).to_have_count(1)
        page.locator(".task [data-action=cancel]").click()
        expect(tasks(page)).to_have_count(0)
        field.fill("")
        expect(tasks(page)).to_have_count(3)
        page.locator("#task-cancel").click()
        expect(tasks(page)).to_have_count(0)
        kind.select_option("bad")
        expect(tasks(page, "cancelled")).to_have_count(4)
        page.locator("#task-clear").click()
        expect(tasks(page)).to_have_count(0)
        kind.select_option("")
        expect(tasks(page, "completed")).to_have_count(13)
        field.fill("cat")
        expect(tasks(page)).to_have_count(7)
        tasks(page).last.scroll_into_view_if_needed()
        expect(page.locator(".task .result")).to_have_count(7)
        with page.expect_download() as saved:
            page.locator("#task-save").click()
        with ZipFile(saved.value.path()) as packed:
            assert len(packed.namelist()) == 7
            assert all(name.startswith("cat-") for name in packed.namelist())
        page.locator("#task-clear").click()
        field.fill("")
        expect(tasks(page)).to_have_count(6)


FILLED = "document.querySelectorAll('.task > .view').length"
STEADY = """async () => {
  let before;
  do {
    before = scrollY + document.querySelectorAll(".task > .view").length;
    for (let frame = 0; frame < 10; frame++) await new Promise(requestAnimationFrame);
  } while (before !== scrollY + document.querySelectorAll(".task > .view").length);
}"""
"""Wait until scrolling moves nothing any more."""


def top_of(card: Locator) -> float:
    """How far a card is from the top of the window, in pixels."""
    return float(card.evaluate("(card) => card.getBoundingClientRect().top"))


def test_cards_are_there_where_one_scrolls_and_nothing_jumps(
    watched_page: Page, background: Background
) -> None:
    """Whatever ends meanwhile, and over a reload, what is looked at stays in its place."""
    with farm(background, 2) as two:
        page = open_page(watched_page, two)
        for part in range(2):
            files = [as_file(noise(part, 8, 8), f"{part}-{number}.png") for number in range(30)]
            run(page, files)
            expect_done(page, 30 * (part + 1))
        height = page.evaluate("document.documentElement.scrollHeight")
        assert page.evaluate(FILLED) < 45, "it has only what is near"
        late = 4
        two.hold()
        run(page, [as_file(noise(9, 8, 8), f"late-{number}.png") for number in range(late)])
        expect(tasks(page, "running").first).to_be_attached()
        place = tasks(page).nth(40)
        place.scroll_into_view_if_needed()
        expect(place.locator(".result")).to_be_visible()
        name = str(place.locator(".title").text_content())
        card = page.locator(".task", has_text=name)
        page.evaluate(STEADY)
        expect(tasks(page).nth(5).locator(".view")).to_have_count(0)  # what was left behind
        before = top_of(card)
        two.release()
        expect_done(page, 60 + late)
        assert top_of(card) == pytest.approx(before, abs=5)
        page.reload()
        expect_ready(page)
        expect(card.locator(".result")).to_be_visible()
        assert top_of(card) == pytest.approx(before, abs=5)
        page.evaluate("scrollTo(0, 0)")
        expect(page.locator(".task", has_text="late-0.png").locator(".result")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollHeight") == pytest.approx(
            height, rel=0.1
        )
        page.evaluate("scrollTo(0, 1e6)")
        expect(page.locator(".task", has_text="0-29.png").locator(".result")).to_be_visible()


@pytest.mark.long
def test_hundreds_of_results_are_one_sheet(watched_page: Page, background: Background) -> None:
    """All are found, and shown where one looks; the page holds the pictures of those near."""
    with farm(background, 2, pace=0.0) as two:
        page = open_page(watched_page, two)
        page.once("dialog", lambda dialog: dialog.accept())
        page.locator("#copies").fill("49")
        run(page, [as_file(noise(number, 8, 8), f"{number}.png") for number in range(10)])
        expect_done(page, 490)
        page.reload()
        expect_ready(page)
        expect(tasks(page, "completed")).to_have_count(490)
        for where in (1e6, 20_000, 0, 45_000):
            page.evaluate("(top) => scrollTo(0, top)", where)
            page.evaluate(STEADY)
            assert 0 < page.evaluate(FILLED) < 60
            seen = page.evaluate(SEEN_CARD)
            expect(page.locator(f"[data-task={seen}] .result")).to_be_visible()
        page.locator("#task-search").fill("7.png")
        expect(tasks(page)).to_have_count(49)
        expect(page.locator("#task-save")).to_have_text("Save results of the 49 found")


SEEN_CARD = """() => document.elementFromPoint(innerWidth / 2, innerHeight / 2)
  .closest(".task").dataset.task"""
