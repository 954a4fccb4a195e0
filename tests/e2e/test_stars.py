"""Results are starred, found again by their stars, and kept longest."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import ImageOps
from playwright.sync_api import Locator, Page, expect

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
    run,
    run_own,
    tasks,
    until,
)
from tests.e2e.test_accessibility import check
from tests.e2e.test_gallery import cards, close_gallery, open_gallery, set_budget, shown
from tests.e2e.test_language import speak
from tests.e2e.watch import Watch


@pytest.fixture
def two(background: Background) -> Iterator[Farm]:
    with farm(background, pace=0.0) as servers:
        yield servers


def star_of(cards: Locator, title: str, name: str = "Star") -> Locator:
    """The star of the card with this title."""
    return cards.filter(has_text=title).get_by_role("button", name=name, exact=True)


def starred(cards: Locator, name: str = "Star") -> Locator:
    """The cards with a star."""
    on = cards.page.get_by_role("button", name=name, exact=True, pressed=True)
    return cards.filter(has=on)


def test_a_star_stays_and_every_tab_shows_it(two: Farm, watched_page: Page, watch: Watch) -> None:
    """Card, large view and gallery show one; buttons for all are about those found."""
    page = open_page(watched_page, two)
    run(page, [as_file(noise(number, 8, 8), f"n{number}.png") for number in range(14)])
    expect_done(page, 14)
    star_of(tasks(page), "n3.png").click()
    tasks(page).filter(has_text="n5.png").locator("[data-action=zoom]").click()
    zoom = page.locator("#zoom")
    zoom.get_by_role("button", name="Star").click()
    expect(zoom.get_by_role("button", name="Star", pressed=True)).to_have_text("★")
    zoom.get_by_role("button", name="Next").click()
    expect(zoom.get_by_role("button", name="Star", pressed=False)).to_have_text("☆")
    page.keyboard.press("Escape")
    expect(starred(tasks(page))).to_have_count(2)
    page.reload()
    expect_ready(page)
    expect_done(page, 14)
    page.locator("#task-kind").select_option("starred")
    expect(tasks(page)).to_have_count(2)
    expect(page.locator("#task-save")).to_have_text("Save results of the 2 found")

    other = fresh_window(watched_page.context, two)
    open_gallery(other, 14)
    expect(starred(cards(other))).to_have_count(2)
    other.get_by_role("button", name="★ Starred").click()
    expect(cards(other)).to_have_count(2)
    expect(other.locator("#gallery-usage")).to_have_text("Found: 2")
    # It stays where it is until something else is looked for.
    star_of(cards(other), "n5.png").click()
    expect(starred(cards(other))).to_have_count(1)
    expect(cards(other)).to_have_count(2)
    expect(tasks(page)).to_have_count(1)
    expect(tasks(page)).to_contain_text("n3.png")
    other.get_by_role("button", name="★ Starred").press("Enter")
    star_of(cards(other), "n7.png").press("Enter")
    expect(star_of(cards(other), "n7.png")).to_be_focused()
    expect(tasks(page)).to_have_count(2)
    other.close()
    ids = page.evaluate("tether.tasks().map((each) => each.taskId)")
    stars = page.evaluate("(ids) => ids.filter((each) => tether.star(each))", ids)
    assert len(stars) == 2
    assert page.evaluate("(id) => tether.star(id, false)", stars[0]) is False
    expect(tasks(page)).to_have_count(1)
    assert page.evaluate("(id) => tether.star(id, true)", stars[0]) is True
    expect(tasks(page)).to_have_count(2)

    page.locator("#task-clear").click()
    expect(tasks(page)).to_have_count(0)
    page.locator("#undo [aria-label=Close]").click()
    page.locator("#task-kind").select_option("")
    expect(tasks(page)).to_have_count(12)
    page.reload()
    expect_ready(page)
    open_gallery(page, 14)
    expect(starred(cards(page))).to_have_count(2)


@pytest.mark.long
def test_the_gallery_is_narrowed_by_workflow_and_server(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """A choice for each, where there are several; all of them narrow together."""
    page = open_page(watched_page, two)
    page.locator("#gallery-open").click()
    expect(page.locator("#gallery-usage")).to_contain_text("Nothing yet")
    expect(page.locator("#gallery-filters")).to_be_hidden()
    close_gallery(page)
    run(page, [as_file(noise(1, 8, 8), "n1.png")], server="gpu-1")
    expect_done(page, 1)
    open_gallery(page, 1)
    expect(page.locator("#gallery-starred")).to_be_visible()
    workflow, server = page.locator("#gallery-workflow"), page.locator("#gallery-server")
    expect(workflow).to_be_hidden()
    expect(server).to_be_hidden()
    close_gallery(page)
    run(page, [as_file(noise(2, 8, 8), "n2.png")], "blur", server="gpu-2")
    expect_done(page, 2)
    run(page, [as_file(noise(3, 8, 8), "n3.png")], "blur", server="gpu-1")
    expect_done(page, 3)
    open_gallery(page, 3)
    expect(workflow.locator("option")).to_have_text(["All workflows", "Blur", "Invert colours"])
    expect(server.locator("option")).to_have_text(["All servers", "gpu-1", "gpu-2"])
    workflow.select_option("Blur")
    expect(cards(page)).to_have_count(2)
    star_of(cards(page), "n3.png").click()
    server.select_option("gpu-2")
    expect(cards(page)).to_have_count(1)
    expect(cards(page)).to_contain_text("n2.png")
    page.locator("#gallery-starred").click()
    expect(cards(page)).to_have_count(0)
    expect(page.locator("#gallery-usage")).to_have_text("Found: 0")
    server.select_option("")
    expect(cards(page)).to_contain_text("n3.png")
    close_gallery(page)
    open_gallery(page, 3)
    expect(workflow).to_have_value("")


def test_a_full_gallery_lets_starred_results_go_last(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """Though they are the oldest."""
    page = open_page(watched_page, two)
    set_budget(page, 1)
    for number, name in enumerate(("first", "second", "third"), 1):
        run(page, [as_file(noise(number, 256, 256), f"{name}.png")])
        expect_done(page, number)
        page.locator("#gallery-open").click()
        card = cards(page).filter(has_text=f"{name}.png")
        expect(card).to_have_count(1)
        if name == "first":
            star_of(cards(page), name).click()
        if name != "third":
            close_gallery(page)
    expect(cards(page)).to_have_count(2)
    expect(cards(page).filter(has_text="second.png")).to_have_count(0)
    expect(starred(cards(page))).to_contain_text("first.png")


FILM = {
    "1": {
        "class_type": "EmptyImage",
        "inputs": {"width": 64, "height": 64, "batch_size": 6, "color": 255},
    },
    "2": {
        "class_type": "SaveWEBM",
        "inputs": {
            "images": ["1", 0],
            "filename_prefix": "v",
            "codec": "vp9",
            "fps": 6.0,
            "crf": 32.0,
        },
    },
}


def test_a_starred_result_is_kept_whatever_becomes_of_its_server(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """A film, which isn't fetched otherwise, and a picture that had been removed."""
    page = open_page(watched_page, two)
    picture = noise(4)
    run(page, [as_file(picture, "four.png")])
    expect_done(page, 1)
    run_own(page, FILM, "film.json")
    expect_done(page, 2)
    open_gallery(page, 2)
    film = cards(page).filter(has_text="film.json")
    expect(film).to_contain_text("only on")
    star_of(cards(page), "film.json").press("Enter")
    expect(film).not_to_contain_text("only on")
    expect(star_of(cards(page), "film.json")).to_be_focused()
    cards(page).filter(has_text="four.png").get_by_role("button", name="Remove").click()
    expect(cards(page)).to_have_count(1)
    close_gallery(page)
    star_of(tasks(page), "four.png").click()
    open_gallery(page, 2)
    for server in two.servers:
        two.background.run(server.stop())
    watch.expect("Failed to load resource|WebSocket")
    page.reload()
    expect_ready(page)
    card = tasks(page).filter(has_text="film.json")
    player = card.locator("video")
    player.evaluate("video => video.play().catch(() => null)")
    expect(player).to_have_attribute("src", re.compile("^blob:"))
    assert player.evaluate("video => video.play().then(() => video.videoWidth)") == 64
    card.get_by_role("button", name="View v_").click()
    large = page.locator("#zoom video")
    assert large.evaluate("video => video.play().then(() => video.videoWidth)") == 64
    page.keyboard.press("Escape")
    open_gallery(page, 2)
    assert shown(page, "four").tobytes() == ImageOps.invert(picture).tobytes()
    film.locator("[data-action=zoom]").click()
    assert large.evaluate("video => video.play().then(() => video.videoWidth)") == 64
    assert large.get_attribute("src").startswith("blob:")


def test_stars_are_set_on_a_phone_by_keys_and_in_chinese(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """Nothing is wider than the screen; a card that loses its star stays where it is."""
    page = open_page(watched_page, two)
    page.set_viewport_size({"width": 390, "height": 800})
    speak(page, "zh")
    run(page, [as_file(noise(number, 8, 8), f"n{number}.png") for number in range(13)])
    expect_done(page, 13)
    star_of(tasks(page), "n0.png", "星标").press("Enter")
    expect(starred(tasks(page), "星标")).to_have_count(1)
    kind = page.locator("#task-kind")
    kind.select_option(label="★ 已加星标")
    expect(tasks(page)).to_have_count(1)
    check(page, "a starred card")
    star = star_of(tasks(page), "n0.png", "星标")
    star.press("Space")
    expect(star).to_have_attribute("aria-pressed", "false")
    # The card stays until something else is looked for, and nothing moves under the pointer.
    expect(star).to_be_focused()
    kind.select_option("bad")
    kind.select_option(label="★ 已加星标")
    expect(tasks(page)).to_have_count(0)
    kind.select_option("")
    star_of(tasks(page), "n2.png", "星标").press("Space")
    open_gallery(page, 13)
    page.get_by_role("button", name="★ 已加星标").press("Space")
    expect(cards(page)).to_have_count(1)
    check(page, "the starred results of the gallery")
    wide: Any = page.evaluate(
        "[...document.querySelectorAll('#gallery, #gallery *')].filter("
        "(each) => each.getBoundingClientRect().right > innerWidth).length"
    )
    assert wide == 0
    cards(page).locator("[data-action=zoom]").press("Enter")
    expect(page.locator("#zoom").get_by_role("button", name="星标")).to_have_text("★")
    check(page, "a starred result large")
    until(page, "document.documentElement.scrollWidth <= innerWidth")
