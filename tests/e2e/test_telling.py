"""How the page tells of its tasks while nobody looks at it: by its icon, and by a notification."""

from urllib.parse import unquote

from playwright.sync_api import Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
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

HIDE = """() => {
  Object.defineProperty(document, "visibilityState", {get: () => "hidden", configurable: true});
  Object.defineProperty(document, "hidden", {get: () => true, configurable: true});
  window.requestAnimationFrame = () => 0;
  document.dispatchEvent(new Event("visibilitychange"));
}"""
"""A test's browser never hides a page: say that it is hidden, and give it no more frames."""

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
        assert page.locator("link[rel=icon]").get_attribute("href") == "./static/favicon.svg"
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
