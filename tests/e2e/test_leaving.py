"""A person wants to leave: what is only here, what to do about it, and where to find it again."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.e2e.background import Background
from tests.e2e.conftest import opened
from tests.e2e.farm import (
    as_file,
    expect_done,
    farm,
    noise,
    open_menu,
    open_page,
    own_tasks,
    run,
    tasks,
    wait_for,
)
from tests.e2e.test_draft import kept_files
from tests.e2e.watch import Watch


def pictures(count: int) -> list[Any]:
    """So many pictures, no two alike."""
    return [as_file(noise(number), f"{number}.png") for number in range(count)]


def test_the_page_says_what_is_only_here_and_warns_before_leaving(
    watched_page: Page, background: Background
) -> None:
    """And neither when the servers have everything."""
    asked: list[Dialog] = []
    watched_page.context.on("dialog", lambda dialog: asked.append(dialog))
    with farm(background, 1, is_held=True) as one:
        page = open_page(watched_page, one)
        expect(page.locator("#task-safety")).to_be_hidden()
        run(page, pictures(5))
        expect(page.locator("#task-safety")).to_have_text("3 only in this window: keep it open")
        wait_for(page, lambda: one.posts(0) == 2, "the two that the server takes")
        page.reload()
        assert [dialog.type for dialog in asked] == ["beforeunload"]
        expect(page.locator("#task-safety")).to_contain_text("only in this window")
        page.locator("#task-send").click()
        expect(page.locator("#task-safety")).to_contain_text("Safe to close")
        expect(page.locator("#task-send")).to_be_hidden()
        page.reload()
        assert len(asked) == 1, "nothing is only here any more"
        one.release()
        expect_done(page, 5)
        expect(page.locator("#task-safety")).to_be_hidden()
        assert one.posts(0) == 5
        # What has ended, and what is only chosen, comes back.
        page.locator("#picture-picker").set_input_files(pictures(1))
        kept_files(page, 1)
        page.reload()
        assert len(asked) == 1
        expect(page.locator("#pictures li")).to_have_count(1)
        expect_done(page, 5)


def collected(browser: Browser, address: str) -> Page:
    """Another browser, on which the link is opened."""
    context = browser.new_context()
    opened(context)
    return open_page(context.new_page(), address)


@pytest.mark.long
def test_tasks_are_collected_in_another_browser(
    watched_page: Page, background: Background, browser: Browser
) -> None:
    """Those that run and those that ended, with their results; of this owner alone."""
    with farm(background, 2) as two:
        page = open_page(watched_page, two)
        run(page, pictures(2))
        expect_done(page, 2)
        two.hold()
        run(page, pictures(4))
        # What the first two took may tell too little, and then the rest waits here for an end. The
        # button may be gone before a hand is there.
        page.evaluate("document.getElementById('task-send').click()")
        expect(page.locator("#task-safety")).to_contain_text("Safe to close")
        stranger = open_page(browser.new_context().new_page(), two)
        run(stranger, pictures(1))
        link = page.locator("#own-link").get_attribute("href")
        sent = {task["promptId"] for task in own_tasks(page)}
        page.close()
        assert link is not None
        other = collected(browser, link)
        watch = Watch(other.context)
        expect(tasks(other)).to_have_count(6)
        expect(other.locator(".notice")).to_contain_text("6 tasks")
        assert {task["promptId"] for task in own_tasks(other)} == sent
        two.release()
        expect_done(other, 6)
        expect(other.locator(".task figure.image")).to_have_count(6)
        open_menu(other)
        other.locator("#collect-open").click()
        other.locator("#collect-phrase").fill("nonsense")
        other.locator("#collect-form .primary").click()
        expect(other.locator("#collect-problem")).to_contain_text("not a phrase")
        watch.verify()
