"""What is chosen and not run yet stays: over a reload, a crash; not longer."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from simulator.catalogue import classes_of
from tests.e2e.background import Background
from tests.e2e.farm import (
    Farm,
    as_file,
    expect_done,
    expect_ready,
    farm,
    give_workflow,
    noise,
    open_page,
    tasks,
    until,
)
from tests.e2e.test_eligibility import with_model
from tests.e2e.test_storage import expect_kept
from tests.e2e.watch import Watch


@pytest.fixture
def two(background: Background) -> Iterator[Farm]:
    """Two servers that know a model."""
    with farm(background, 2, (classes_of(["fine.pth"]),) * 2) as servers:
        yield servers


def kept_files(page: Page, count: int) -> None:
    """Wait until so many files of the draft are kept."""
    until(
        page,
        f"JSON.parse(sessionStorage['tether:/:draft'] ?? '{{\"files\":[]}}').files.length=={count}",
    )


def listed(page: Page) -> list[str]:
    """The names of the pictures that are chosen."""
    return page.locator("#pictures li span").all_text_contents()


def test_a_reload_brings_back_what_is_not_run_yet_and_no_more(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """One that was taken off or has become a task doesn't come back; its file goes with it."""
    page = open_page(watched_page, two)
    picker = page.locator("#picture-picker")
    picker.set_input_files([as_file(noise(number), f"{number}.png") for number in range(3)])
    kept_files(page, 3)
    page.get_by_role("button", name="Remove 1.png").click()
    expect_kept(page, files=2, uses=2, entries=0)
    page.reload()
    expect_ready(page)
    assert listed(page) == ["0.png", "2.png"]
    page.locator("#run").click()
    expect_done(page, 2)
    picker.set_input_files([as_file(noise(7), "7.png")])
    kept_files(page, 1)
    page.reload()
    expect_ready(page)
    assert listed(page) == ["7.png"]
    expect(tasks(page)).to_have_count(2)
    page.get_by_role("button", name="Remove 7.png").click()
    page.locator("#task-clear").click()
    page.locator("#undo [aria-label=Close]").click()
    expect_kept(page, files=0, uses=0, entries=2)


@pytest.mark.long
def test_a_workflow_of_ones_own_is_there_again(two: Farm, watched_page: Page, watch: Watch) -> None:
    """With what was typed in its form."""
    page = open_page(watched_page, two)
    give_workflow(page, json.dumps(with_model("fine.pth")))
    fields = page.locator("#form input[type=text], #form input:not([type])")
    expect(fields.first).to_be_attached()
    place = fields.first.evaluate("(field) => field.closest('[data-field]').dataset.field")
    fields.first.fill("other")
    kept_files(page, 1)
    page.reload()
    expect_ready(page)
    expect(page.locator("#workflow option:checked")).to_have_text("mine.json")
    again = page.locator(f'[data-field="{place}"] input')
    expect(again).to_have_value("other")
    kept_files(page, 1)


@pytest.mark.long
def test_a_file_that_the_browser_lost_is_named(two: Farm, watched_page: Page, watch: Watch) -> None:
    """The others come back."""
    page = open_page(watched_page, two)
    chosen = [as_file(noise(number), f"{number}.png") for number in range(2)]
    page.locator("#picture-picker").set_input_files(chosen)
    kept_files(page, 2)
    page.evaluate(
        """() => new Promise((done) => {
          const digest = JSON.parse(sessionStorage["tether:/:draft"]).files[0][1];
          indexedDB.open("tether:/:files").onsuccess = ({target: {result: database}}) => {
            const transaction = database.transaction("files", "readwrite");
            transaction.objectStore("files").delete(digest);
            transaction.oncomplete = () => { database.close(); done(); };
          };
        })"""
    )
    page.reload()
    expect_ready(page)
    assert listed(page) == ["1.png"]
    expect(page.locator("#notices")).to_contain_text("no longer has 0.png")


@pytest.mark.long
def test_a_duplicated_tab_has_no_share_in_the_draft(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """It is a window of its own: what it runs is not what the other has chosen."""
    page = open_page(watched_page, two)
    page.locator("#picture-picker").set_input_files([as_file(noise(1), "1.png")])
    kept_files(page, 1)
    with page.context.expect_page() as opened:
        page.evaluate("() => { window.open(location.href) }")
    copy = opened.value
    expect_ready(copy)
    assert listed(copy) == []
    copy.close()
    page.reload()
    expect_ready(page)
    assert listed(page) == ["1.png"]
