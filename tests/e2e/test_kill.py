"""The browser is killed at every step of a task's way: no task is lost, none runs twice."""

import json
import os
from pathlib import Path
from random import Random
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, BrowserType, Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    AT_WORK,
    Farm,
    as_file,
    farm,
    noise,
    open_page,
    own_tasks,
    run,
    tasks,
    until,
    wait_for,
)
from tests.e2e.killed_browser import KilledBrowser

COUNT = 6

GALLERY_WRITES = "gallery"

GATES = ("upload", "answer", AT_WORK, "success", GALLERY_WRITES)
"""Places where servers stop tasks until the browser is dead; at the last one the page does."""

HOLD_GALLERY = """
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (content, name) {
    const request = put.call(this, content, name);
    if (this.name === "contents" && name && !window.isGalleryHeld) {
      window.isGalleryHeld = true;
      const wait = () => { this.get("").onsuccess = wait; };
      wait();
    }
    return request;
  };
"""
"""The transaction in which the first content is written never ends."""


def opened_at(context: BrowserContext, of: Farm, gate: str) -> None:
    """Six tasks are sent, and one has come to a gate."""
    of.hold(at=gate)
    context.add_init_script(HOLD_GALLERY if gate == GALLERY_WRITES else "")
    page = open_page(context.new_page(), of)
    run(page, [as_file(noise(number), f"{number}.png") for number in range(COUNT)])
    expect(tasks(page)).to_have_count(COUNT)
    if gate == GALLERY_WRITES:
        until(page, "window.isGalleryHeld")
    else:
        wait_for(page, lambda: any(server.is_held(gate) for server in of.servers), gate)


def expect_all(killed: KilledBrowser, of: Farm) -> None:
    """The next page takes up all that was accepted, each task has run once, and is kept whole."""
    with killed.open() as context:
        expect_whole(open_page(context.new_page(), of))
    assert of.posts(0) + of.posts(1) == COUNT


def expect_whole(page: Page) -> None:
    """The page shows all tasks, and keeps their results whole."""
    expect(tasks(page, "completed")).to_have_count(COUNT)
    expect(tasks(page)).to_have_count(COUNT)
    wait_for(page, lambda: len(page.evaluate(GALLERY)) == COUNT, "all in the gallery")
    assert not page.evaluate(LACKING)
    page.locator("#gallery-open").click()
    expect(page.locator("#gallery .kept img")).to_have_count(COUNT)


@pytest.fixture
def killed(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> KilledBrowser:
    profile = tmp_path / "profile"
    return KilledBrowser(browser_type, browser_type_launch_args, profile, request.node.nodeid)


@pytest.mark.parametrize("gate", ["answer", pytest.param(GALLERY_WRITES, marks=pytest.mark.long)])
def test_nothing_accepted_is_lost_with_the_browser(
    killed: KilledBrowser, background: Background, gate: str
) -> None:
    """While a POST has no answer, and while results are kept; elsewhere when the power goes."""
    with farm(background, 2) as two:
        with killed.open() as context:
            opened_at(context, two, gate)
            killed.kill()
        two.release(at=gate)
        expect_all(killed, two)


@pytest.mark.fresh_tab
def test_results_that_no_gallery_has_are_shown_by_the_next_page(
    page: Page, background: Background
) -> None:
    """Their tab is closed, not killed: all that it wrote is there."""
    with farm(background, 2) as two:
        page.add_init_script(HOLD_GALLERY)
        open_page(page, two)
        run(page, [as_file(noise(number), f"{number}.png") for number in range(COUNT)])
        expect(tasks(page, "completed")).to_have_count(COUNT)
        until(page, "window.isGalleryHeld")
        page.close()
        again = open_page(page.context.new_page(), two)
        expect_whole(again)
        until(again, NOBODYS)
        assert two.posts(0) + two.posts(1) == COUNT


def test_nothing_accepted_is_lost_with_three_tabs(
    killed: KilledBrowser, background: Background
) -> None:
    """Each tab's tasks are taken up, by whichever tab comes first."""
    with farm(background, 2, is_held=True) as two:
        with killed.open() as context:
            for tab in range(3):
                page = open_page(context.new_page(), two)
                run(page, [as_file(noise(2 * tab + each), f"{tab}{each}.png") for each in (0, 1)])
                expect(tasks(page)).to_have_count(2)
            wait_for(page, lambda: any(server.is_held(AT_WORK) for server in two.servers), AT_WORK)
            killed.kill()
        two.release()
        expect_all(killed, two)


@pytest.mark.long
@pytest.mark.parametrize("gate", GATES)
def test_nothing_accepted_is_lost_when_the_power_goes(
    killed: KilledBrowser, background: Background, tmp_path: Path, gate: str
) -> None:
    """The disk is read as it is at that instant, whatever the browser still had in mind."""
    with farm(background, 2) as two:
        with killed.open() as context:
            opened_at(context, two, gate)
            survivor = killed.kill_and_copy(tmp_path / "survivor")
        two.release(at=gate)
        expect_all(survivor, two)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(int(os.environ.get("KILL_ROUNDS", "2"))))
@pytest.mark.parametrize("tabs", [1, 3])
def test_nothing_accepted_is_lost_at_any_moment(
    killed: KilledBrowser, background: Background, seed: int, tabs: int
) -> None:
    """What is done is in the gallery, and the rest on a card."""
    moment = Random(seed).uniform(0.1, 12.0)
    with farm(background, 2, pace=0.5) as two:
        with killed.open() as context:
            pages = [open_page(context.new_page(), two) for _ in range(tabs)]
            for tab, page in enumerate(pages):
                files = [as_file(noise(tab * COUNT + n), f"{tab}-{n}.png") for n in range(COUNT)]
                run(page, files[: COUNT // tabs])
            pages[0].wait_for_timeout(moment * 1000)  # a random moment is what is tested
            accepted = sum(tasks(page).count() for page in pages)
            killed.kill()
        with killed.open() as context:
            page = open_page(context.new_page(), two)

            def is_settled() -> bool:
                # One that was accepted after the count comes as well; one posted twice never does.
                return accepted <= len(done_of(page)) == two.posts(0) + two.posts(1)

            wait_for(page, is_settled, f"{accepted} done, each posted once")


def done_of(page: Page) -> set[str]:
    """The names of all tasks that are done, on a card or in the gallery."""
    cards = [task["title"] for task in own_tasks(page) if task["state"] == "completed"]
    kept = [json.loads(text)["title"] for text in page.evaluate(GALLERY)]
    return {title.split(" · ")[0] for title in (*cards, *kept)}


OPEN_GALLERY = """
  const all = await indexedDB.databases();
  if (!all.some((one) => one.name === "tether:/:gallery")) return [];
  const database = await new Promise((done, failed) => {
    const request = indexedDB.open("tether:/:gallery");
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  const read = (store, how) => new Promise((done) => {
    const request = database.transaction(store).objectStore(store)[how]();
    request.onsuccess = () => done(request.result);
  });
  const entries = await read("entries", "getAll");
  const names = await read("contents", "getAllKeys");
  database.close();
"""

NOBODYS = """
  Object.entries(localStorage).filter(([key]) => key.includes(":entry:"))
    .every(([, text]) => JSON.parse(text).task === "")
"""
"""No other window would take up anything any more."""

GALLERY = f"async () => {{ {OPEN_GALLERY} return entries; }}"
"""All entries of the gallery."""

LACKING = f"""async () => {{
  {OPEN_GALLERY}
  const needed = entries.flatMap((entry) => Object.keys(JSON.parse(entry).sizes));
  return needed.filter((name) => !names.includes(name));
}}"""
"""The contents that entries of the gallery count on, and that aren't there."""
