"""How the page tells of its tasks while nobody looks at it: by its icon, and by a notification."""

import re
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    Farm,
    as_file,
    expect_done,
    farm,
    noise,
    open_page,
    run,
    run_own,
    tasks,
    until,
)
from tests.e2e.watch import Watch

NOTIFICATION = re.compile(r"/notifications/offer\.py$|/lazy/offer[^/]*\.bin$")
"""The code that asks for leave: of the source tree, or of a built site."""

HIDE = """() => {
  Object.defineProperty(document, "visibilityState", {get: () => "hidden", configurable: true});
  Object.defineProperty(document, "hidden", {get: () => true, configurable: true});
  window.requestAnimationFrame = () => 0;
  document.dispatchEvent(new Event("visibilitychange"));
}"""
"""A test's browser never hides a page: say that it is hidden, and give it no more frames."""

SHOW = """() => {
  delete document.visibilityState;
  delete document.hidden;
  document.dispatchEvent(new Event("visibilitychange"));
}"""

NOTE_NOTIFICATIONS = """
  window.notified = [];
  window.takenAway = 0;
  let permission = "default";
  window.Notification = class extends EventTarget {
    static get permission() { return permission; }
    static async requestPermission() { return permission = "granted"; }
    constructor(title, options) { super(); notified.push(options?.body ?? ""); }
    close() { takenAway += 1; }
  };
"""
"""A test's browser has nobody to ask, and nowhere to show."""

FAILING = {
    "1": {
        "class_type": "EmptyImage",
        "inputs": {"width": 16, "height": 16, "batch_size": 1, "color": 0},
    },
    "2": {"class_type": "TetherRaise", "inputs": {"image": ["1", 0], "message": "boom"}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "t"}},
}

COUNT_CHANGES = """() => {
  window.icons = [];
  const icon = document.querySelector("link[rel=icon]");
  new MutationObserver(() => icons.push(icon.href)).observe(icon, {attributeFilter: ["href"]});
}"""


def test_the_icon_shows_how_far_the_tasks_are(watched_page: Page, background: Background) -> None:
    """Though the page is hidden; it changes seldom, and is its own again at the end."""
    with farm(background, 1, pace=1.5) as one:
        page = open_page(watched_page, one)
        own = page.locator("link[rel=icon]").get_attribute("href")
        assert own is not None and own.endswith(".svg")
        page.evaluate(HIDE)
        page.evaluate(COUNT_CHANGES)
        run(page, [as_file(noise(1), "1.png")])
        expect_done(page, 1)
        icons = [unquote(address) for address in page.evaluate("icons")]
        steps = [icon.partition('dasharray="')[2].partition(" ")[0] for icon in icons]
        assert steps[-1] == "" and "" not in steps[:-1], "it ends idle"
        numbers = [int(step) for step in steps[:-1]]
        assert len(numbers) > 1 and numbers == sorted(set(numbers))
        assert all(address.startswith("data:") for address in page.evaluate("icons"))


def test_the_icon_shows_a_failure_until_it_is_removed(
    watched_page: Page, background: Background
) -> None:
    """Red, once nothing runs any more."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        run_own(page, FAILING)
        expect(tasks(page, "failed")).to_have_count(1)
        until(page, "document.querySelector('link[rel=icon]').href.includes('b3261e')")
        page.locator(".task [data-action=dismiss]").click()
        until(page, "!document.querySelector('link[rel=icon]').href.includes('b3261e')")


def long_task(page: Page, of: Farm) -> None:
    """Let a task run for so long that the page offers to tell of its end."""
    of.hold()
    run(page, [as_file(noise(1), "1.png")])


def told(page: Page) -> list[str]:
    """What the notifications said, other than to find out whether there can be any."""
    return [text for text in page.evaluate("notified") if text]


def notifying(page: Page) -> Page:
    """Note what the browser is asked to show; it grants what it is asked for."""
    page.add_init_script(NOTE_NOTIFICATIONS)
    return page


@pytest.mark.fresh_tab
def test_the_page_tells_when_its_tasks_are_done(
    watched_page: Page, background: Background, watch: Watch
) -> None:
    """If that was wanted when a task took long; while it is hidden; and of all that ended."""
    with farm(background, 1) as one:
        page = open_page(notifying(watched_page), one)
        long_task(page, one)
        yes = page.get_by_role("button", name="Tell me when it is done")
        expect(yes).to_be_visible()
        assert page.evaluate("Notification.permission") == "default"
        yes.press("Enter")
        expect(yes).to_be_hidden()
        until(page, "Notification.permission === 'granted'")
        one.release()
        expect_done(page, 1)
        assert told(page) == [], "the person has seen it"
        one.hold()
        run(page, [as_file(noise(number), f"{number}.png") for number in (2, 3)])
        run_own(page, FAILING)
        page.evaluate(HIDE)
        one.release()
        expect(tasks(page, "failed")).to_have_count(1)
        expect_done(page, 3)
        until(page, "notified.filter(Boolean).length === 1")
        assert told(page) == ["2 tasks done, 1 failed"]
        page.evaluate(SHOW)
        until(page, "takenAway === 1")


@pytest.mark.long
@pytest.mark.fresh_tab
@pytest.mark.parametrize("is_here", [True, False])
def test_no_thanks_is_for_good(
    watched_page: Page, background: Background, watch: Watch, is_here: bool
) -> None:
    """Nothing is asked, nothing is offered in the next window, and nothing is told."""
    with farm(background, 1) as one:
        page = open_page(notifying(watched_page), one)
        long_task(page, one)
        no = page.get_by_role("button", name="No, thanks")
        expect(no).to_be_visible()
        if is_here:
            no.click()
        else:  # the person says so in another tab
            watch.allow("favicon")
            other = page.context.new_page()
            other.goto(f"{one.url}servers.json")
            other.evaluate("localStorage.setItem('tether:/:tell', 'no')")
        expect(page.locator(".offer")).to_have_count(0)
        assert page.evaluate("localStorage.getItem('tether:/:tell')") == "no"
        page.evaluate(HIDE)
        one.release()
        expect_done(page, 1)
        assert told(page) == []
        assert page.evaluate("Notification.permission") == "default"


@pytest.mark.long
@pytest.mark.fresh_tab
def test_what_the_browser_forbids_is_not_offered(
    watched_page: Page, background: Background
) -> None:
    """Nothing could come of it: so it is on plain http, where permission is always denied."""
    with farm(background, 1) as one:
        watched_page.add_init_script(
            "Object.defineProperty(Notification, 'permission', {get: () => 'denied'})"
        )
        page = open_page(watched_page, one)
        long_task(page, one)
        with page.expect_response(NOTIFICATION):
            pass
        page.wait_for_timeout(500)  # that nothing comes of the code is what is tested
        expect(page.locator(".offer")).to_have_count(0)


@pytest.mark.long
@pytest.mark.fresh_tab
def test_a_long_batch_of_short_tasks_is_offered_to_be_told_of_until_it_is_done(
    watched_page: Page, background: Background
) -> None:
    """No single one is long; and an offer that nobody took goes with the work."""
    with farm(background, 1, pace=1.0) as one:
        page = open_page(notifying(watched_page), one)
        run(page, [as_file(noise(number), f"{number}.png") for number in range(12)])
        offer = page.locator(".offer")
        expect(offer).to_contain_text("Tell me when it is done")
        assert int(page.evaluate("tether.stats().tasks.completed")) > 0
        expect_done(page, 12)
        expect(offer).to_have_count(0)
