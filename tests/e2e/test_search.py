"""Results by the hundred: looked for, and shown on and on."""

from zipfile import ZipFile

from playwright.sync_api import Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import as_file, expect_done, farm, noise, open_page, run, tasks, until
from tests.e2e.watch import Watch

CARDS = "document.querySelectorAll('.task').length"


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


def test_the_next_cards_come_as_one_scrolls_and_nothing_jumps(
    watched_page: Page, background: Background
) -> None:
    """60 after a reload; whatever ends meanwhile, what is looked at stays in its place."""
    with farm(background, 2) as two:
        page = open_page(watched_page, two)
        for part in range(2):
            files = [as_file(noise(part, 8, 8), f"{part}-{number}.png") for number in range(45)]
            run(page, files)
            expect(page.locator("#pictures li")).to_have_count(0)
            until(page, f"tether.stats().tasks.completed === {45 * (part + 1)}")
        page.reload()
        until(page, f"{CARDS} === 60")
        page.locator("#task-more").scroll_into_view_if_needed()
        until(page, f"{CARDS} === 90")
        expect(page.locator("#task-more")).to_be_hidden()
        late = 4
        two.hold()
        run(page, [as_file(noise(9, 8, 8), f"late-{number}.png") for number in range(late)])
        expect(tasks(page, "running").first).to_be_attached()
        card = page.locator(".task", has_text="0-20.png")
        card.scroll_into_view_if_needed()
        expect(card.locator(".result")).to_be_visible()
        page.wait_for_function("() => new Promise((done) => requestAnimationFrame(done))")
        before = card.bounding_box()
        two.release()
        until(page, f"tether.stats().tasks.completed === {90 + late}")
        expect(tasks(page, "completed")).to_have_count(90 + late)
        after = card.bounding_box()
        assert before is not None and after is not None
        assert abs(after["y"] - before["y"]) < 5
