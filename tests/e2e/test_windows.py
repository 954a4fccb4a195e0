"""The panel of this browser's other windows: what they do, and taking over from closed ones."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import as_file, expect_done, expect_ready, farm, noise, open_page, tasks
from tests.e2e.test_adoption import sent
from tests.e2e.test_identity import (
    ELSEWHERE,
    SECURE_LATER,
    address,
    start,
    tab,  # noqa: F401
)

NO_END_OF_GRACE = """{
  const start = window.setTimeout;
  const isGrace = (ms) => ms > 14_000 && ms <= 15_000;
  window.setTimeout = (action, ms, ...more) => isGrace(ms) ? 0 : start(action, ms, ...more);
}"""
"""Tasks of a closed window don't come by themselves, however long this machine takes."""


def unfold(page: Page) -> None:
    """Open the panel, with the keyboard."""
    page.locator("#windows-title").press("Enter")
    expect(page.locator("#windows")).to_have_attribute("open", "")


@pytest.mark.long
@SECURE_LATER
def test_other_windows_are_listed_while_they_have_tasks(
    tab: Page,  # noqa: F811
    background: Background,
    is_secure: bool,
) -> None:
    """With what they do, and where; it follows them, and goes with the last task."""
    with farm(background, 1, is_held=True) as one:
        page = start(tab, one, is_secure)
        other = open_page(tab.context.new_page(), address(one, is_secure))
        panel, title = other.locator("#windows"), other.locator("#windows-title")
        expect(panel).to_be_hidden()
        sent(page, 3)
        expect(title).to_have_text("Other windows (3 tasks)")
        expect(page.locator("#windows")).to_be_hidden()
        unfold(other)
        lines = panel.locator(".window li")
        expect(lines).to_have_count(3)
        first = lines.filter(has_text="0.png · Invert colours")
        expect(first).to_contain_text("gpu-1 · running · since ")
        waiting = lines.filter(has_text="waiting in that window for a free server")
        expect(waiting).to_have_count(1)
        expect(panel.locator(".state")).to_have_text("Open: it handles its own tasks")
        expect(panel.get_by_role("button")).to_have_count(0)
        one.release()
        expect_done(page, 3)
        expect(panel).to_be_hidden()
        expect(tasks(other)).to_have_count(0)


@SECURE_LATER
def test_the_tasks_of_a_closed_window_are_taken_over_at_once(
    tab: Page,  # noqa: F811
    background: Background,
    is_secure: bool,
) -> None:
    """Nobody has to wait whether it comes back."""
    with farm(background, 1, is_held=True) as one:
        page = start(tab, one, is_secure)
        other = tab.context.new_page()
        other.add_init_script(NO_END_OF_GRACE)
        open_page(other, address(one, is_secure))
        sent(page, 2)
        unfold(other)
        expect(other.locator("#windows .window li")).to_have_count(2)
        page.close(run_before_unload=True)
        other.get_by_role("button", name="Take over now").click()
        expect(tasks(other)).to_have_count(2)
        expect(other.locator("#windows")).to_be_hidden()
        one.release()
        expect_done(other, 2)
        assert one.posts(0) == 2
        other.locator("#task-clear").click()
        expect(tasks(other)).to_have_count(0)
        expect(other.locator("#windows")).to_be_hidden()


@pytest.mark.long
@SECURE_LATER
def test_nothing_is_taken_from_a_window_that_came_back(
    tab: Page,  # noqa: F811
    background: Background,
    is_secure: bool,
) -> None:
    """The panel says so instead."""
    with farm(background, 1, is_held=True) as one:
        page = start(tab, one, is_secure)
        other = tab.context.new_page()
        other.add_init_script(NO_END_OF_GRACE)
        open_page(other, address(one, is_secure))
        sent(page, 1)
        unfold(other)
        page.goto(f"{address(one, is_secure)}{ELSEWHERE}")
        button = other.get_by_role("button", name="Take over now")
        expect(button).to_be_visible()
        page.goto(address(one, is_secure))
        expect_ready(page)
        button.click()
        expect(other.locator("#windows-told")).to_contain_text("still open")
        expect(button).to_be_hidden()
        expect(tasks(page)).to_have_count(1)
        expect(tasks(other)).to_have_count(0)
        one.release()
        expect_done(page, 1)


@pytest.mark.long
def test_a_window_that_comes_later_sees_the_others_tasks(
    watched_page: Page, background: Background
) -> None:
    """They are in the ledger; a reload of either changes nothing."""
    with farm(background, 1, is_held=True) as one:
        page = open_page(watched_page, one)
        page.locator("#copies").fill("2")
        page.locator("#picture-picker").set_input_files([as_file(noise(1), "1.png")])
        page.locator("#run").click()
        expect(tasks(page)).to_have_count(2)
        other = open_page(page.context.new_page(), one)
        expect(other.locator("#windows-title")).to_have_text("Other windows (2 tasks)")
        one.release()
        expect_done(page, 2)
        expect(other.locator("#windows")).to_be_hidden()
