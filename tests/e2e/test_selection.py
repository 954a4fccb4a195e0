"""Several tasks are picked out, and one press is about them all."""

import re
from zipfile import ZipFile

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    as_file,
    expect_done,
    farm,
    noise,
    open_page,
    picture_of,
    pixels,
    run,
    run_own,
    tasks,
    wait_for,
)
from tests.e2e.test_language import speak
from tests.e2e.test_stars import FILM
from tests.e2e.watch import Watch


def test_several_are_picked_and_one_press_is_about_them(
    watched_page: Page, background: Background, watch: Watch
) -> None:
    """By mouse, shift key and keyboard: run next, cancel, save, run again and remove."""
    watch.allow("404")  # what is cancelled is gone from its server
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        bar = page.locator("#task-picked")
        told, buttons = bar.get_by_role("status"), bar.get_by_role("button")
        boxes = page.locator("#tasks").get_by_role("checkbox", name="Select")

        def press(name: str) -> None:
            bar.get_by_role("button", name=name, exact=True).click()

        def state(number: int) -> str | None:
            return tasks(page).nth(number).get_attribute("data-state")

        run(page, [as_file(noise(0, 8, 8), "cat.png")])
        expect_done(page, 1)
        expect(boxes).to_have_count(0)
        one.hold()
        run(page, [as_file(noise(number, 8, 8), f"dog-{number}.png") for number in range(8)])
        expect(tasks(page, "running")).to_have_count(1)
        expect(tasks(page, "queued")).to_have_count(1)
        expect(bar).to_be_hidden()

        # By the mouse: one, and all up to another.
        boxes.nth(4).click()
        expect(told).to_have_text("Selected: 1")
        boxes.nth(6).click(modifiers=["Shift"])
        expect(told).to_have_text("Selected: 3")
        speak(page, "zh")
        expect(told).to_have_text("已选：3")
        expect(page.get_by_role("checkbox", name="选择", checked=True)).to_have_count(3)
        speak(page, "en")
        expect(page.get_by_role("checkbox", checked=True)).to_have_count(3)
        expect(buttons).to_have_text(["Run next", "Cancel", "Select all", "Select none"])
        press("Run next")
        expect(bar.get_by_role("button", name="Run next")).to_be_hidden()
        press("Select none")
        expect(bar).to_be_hidden()

        # By the keyboard: all, none, two.
        boxes.nth(0).press("Control+a")
        expect(told).to_have_text("Selected: 9")
        press("Select all")
        page.keyboard.press("Escape")
        expect(bar).to_be_hidden()
        for number in (2, 7):
            boxes.nth(number).press("Space")
        press("Cancel")
        expect(tasks(page, "cancelled")).to_have_count(2)
        assert state(2) == state(7) == "cancelled"
        expect(bar.get_by_role("button", name="Select none")).to_be_focused()
        one.release()
        expect_done(page, 7)

        # What has ended is saved, run again, removed, and put back.
        press("Select none")
        for number in (3, 4):
            boxes.nth(number).check()
        with page.expect_download() as saved:
            press("Save")
        with ZipFile(saved.value.path()) as packed:
            # The server counts: the cat, two that it had, the three that were put first, the third.
            names = ["dog-3-invert_00007_.png", "dog-4-invert_00004_.png"]
            assert sorted(packed.namelist()) == names
        bar.get_by_role("button", name="Run again").dblclick()  # which is one wish
        expect_done(page, 9)
        expect(told).to_have_text("Selected: 2")
        press("Remove")
        expect_done(page, 7)
        expect(bar).to_be_hidden()
        expect(page.locator("#tasks-title")).to_be_focused()
        page.get_by_role("button", name="Undo").click()
        expect(told).to_have_text("Selected: 2")


def test_what_is_out_of_view_stays_selected(watched_page: Page, background: Background) -> None:
    """Its card is empty meanwhile, and its box is made anew; no card moves for the buttons."""
    with farm(background, 2) as two:
        page = open_page(watched_page, two)
        page.set_viewport_size({"width": 390, "height": 600})
        run(page, [as_file(noise(number, 8, 8), f"{number}.png") for number in range(20)])
        expect_done(page, 20)
        first, last = tasks(page).first, tasks(page).last
        first.get_by_role("checkbox").scroll_into_view_if_needed()
        before = first.bounding_box()
        first.get_by_role("checkbox").check()
        expect(page.locator("#task-picked")).to_be_in_viewport()
        assert first.bounding_box() == before
        tasks(page).nth(1).get_by_role("checkbox").focus()  # the card that has it stays
        last.scroll_into_view_if_needed()
        expect(first.get_by_role("checkbox")).to_have_count(0)
        expect(page.locator("#task-picked")).to_be_in_viewport()
        first.scroll_into_view_if_needed()
        expect(first.get_by_role("checkbox")).to_be_checked()


@pytest.mark.long
def test_two_films_are_compared_and_run_in_step(
    watched_page: Page, background: Background, watch: Watch
) -> None:
    """What a person does to one, the other does as well; a film and a picture aren't compared."""
    with farm(background, 2) as two:
        page = open_page(watched_page, two)
        for number, name in enumerate(("first.json", "second.json"), 1):
            run_own(page, FILM, name)
            expect_done(page, number)
        run(page, [as_file(noise(1), "cat.png")])
        expect_done(page, 3)
        compare = page.get_by_role("button", name="Compare", exact=True)
        for title in ("first", "second"):
            box_of(page, title).click()
        box_of(page, "cat").click()
        box_of(page, "second").click()
        expect(page.locator("#task-picked")).to_contain_text("2")
        expect(compare).to_be_hidden()
        box_of(page, "second").click()
        box_of(page, "cat").click()
        compare.click()
        films = page.locator("#zoom video")
        expect(page.locator("#zoom figcaption")).to_have_text(["second.json", "first.json"])
        for at in (0, 1):
            one, other = films.nth(at), films.nth(1 - at)
            one.evaluate("(film) => { film.loop = true; return film.play(); }")
            until_film(other, "(film) => !film.paused")
            one.evaluate("(film) => film.pause()")
            until_film(other, "(film) => film.paused")
            one.evaluate("(film, time) => { film.currentTime = time; }", 0.3 + 0.3 * at)
            until_film(other, f"(film) => Math.abs(film.currentTime - {0.3 + 0.3 * at}) < 0.1")
        assert films.evaluate_all("films => films.map((film) => film.muted)") == [True, False]


def until_film(film: Locator, state: str) -> None:
    """Wait until a film is in a state."""
    wait_for(film.page, lambda: film.evaluate(state), state)


def box_of(page: Page, title: str) -> Locator:
    """The box by which a task is selected."""
    card = page.locator(".task", has=page.locator(".title", has_text=title))
    return card.get_by_role("checkbox", name="Select")


@pytest.mark.long
def test_two_results_are_compared_with_the_values_in_which_they_differ(
    watched_page: Page, background: Background, watch: Watch
) -> None:
    """Left and right of one slider, under their titles; of three nothing is compared."""
    with farm(background, 2) as two:
        page = open_page(watched_page, two)
        page.locator("#workflow").select_option("blur")
        radius = page.locator("[data-field$=blur_radius]")
        expect(radius).to_be_visible()
        radius.get_by_role("button", name="Several values").click()
        radius.locator("textarea").fill("2\n5\n9")
        run(page, [as_file(noise(1, 96, 64), "cat.png")], "blur")
        expect_done(page, 3)
        boxes = page.locator("#tasks").get_by_role("checkbox", name="Select")
        compare = page.get_by_role("button", name="Compare", exact=True)
        boxes.nth(0).click()
        expect(compare).to_be_hidden()
        boxes.nth(1).click()
        expect(compare).to_be_visible()
        boxes.nth(2).click()
        expect(compare).to_be_hidden()
        boxes.nth(1).click()
        compare.click()
        viewer = page.locator("#zoom")
        expect(viewer.locator(".sides span")).to_have_text(
            [re.compile(r"^cat\.png \(.*2\)"), re.compile(r"^cat\.png \(.*9\)")]
        )
        table = viewer.get_by_role("table", name="Values that differ")
        expect(table.get_by_role("row").nth(1)).to_have_text("Blur radius29")
        expect(table.get_by_role("row")).to_have_count(2)
        left, right = pixels(viewer.locator(".before")), pixels(viewer.locator(".after"))
        assert {left.tobytes(), right.tobytes()} == {
            picture_of(page, number).tobytes() for number in (0, 2)
        }
        assert left.tobytes() == picture_of(page, 0).tobytes()
        expect(viewer.get_by_role("button")).to_have_text(["Close", "Full size"])
        viewer.get_by_role("button", name="Full size").click()
        expect(viewer.get_by_role("slider")).to_have_value("50")
        for picture in (viewer.locator(".before"), viewer.locator(".after")):
            assert picture.evaluate("each => each.width") == 96
        page.keyboard.press("Escape")
        # A single result has no table, and all of its buttons.
        page.locator(".task .result").first.click()
        expect(viewer.locator(".sides span")).to_have_text(["Before", "After"])
        expect(viewer.locator("table")).to_be_hidden()
        expect(viewer.get_by_role("button", name="Use as input")).to_be_visible()
