"""What is new: told after an update, and on request; and what the page is made of."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.farm import expect_ready, open_page
from tools.dev.serve import PageServer

LAST = "tether:/:version"


@pytest.mark.long
def test_a_first_visit_is_told_nothing(watched_page: Page, page_server: PageServer) -> None:
    """Everything is new then; who wants to know finds it in the menu, with the keyboard."""
    page = open_page(watched_page, page_server.url)
    version = page.locator("meta[name='tether:version']").get_attribute("content")
    assert page.evaluate(f"localStorage.getItem('{LAST}')") == version
    expect(page.locator(".offer")).to_have_count(0)
    page.locator("#menu-open").press("Enter")
    link = page.get_by_role("button", name="What's new")
    link.press("Enter")
    dialog = page.get_by_role("dialog", name="What's new in Tether")
    expect(dialog).to_contain_text(f"Version {version}")
    expect(dialog.get_by_role("listitem").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#menu-open")).to_be_focused()


@pytest.mark.long
def test_an_update_is_told_once(watched_page: Page, page_server: PageServer) -> None:
    """In the first window after it; in the person's language."""
    page = open_page(watched_page, page_server.url)
    page.evaluate(f"localStorage.setItem('{LAST}', '0.0.9')")
    page.reload()
    expect_ready(page)
    offer = page.locator(".offer")
    expect(offer).to_contain_text("Tether was updated to 0.")
    offer.get_by_role("button", name="What's new").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    expect(offer).to_have_count(0)
    page.evaluate(f"localStorage.setItem('{LAST}', '0.0.9')")
    page.evaluate("localStorage.setItem('tether:/:language', 'zh')")
    page.reload()
    expect_ready(page)
    expect(offer).to_contain_text("Tether 已更新到 0.")
    offer.get_by_role("button", name="关闭").click()
    expect(offer).to_have_count(0)
    page.reload()
    expect_ready(page)
    expect(page.locator("#boot")).to_be_empty()
    expect(offer).to_have_count(0)


def test_the_page_says_what_it_is_made_of(watched_page: Page, page_server: PageServer) -> None:
    """Version and licences, for whoever must know what they host."""
    page = open_page(watched_page, page_server.url)
    page.locator("#menu-open").press("Enter")
    page.get_by_role("button", name="About").press("Enter")
    dialog = page.get_by_role("dialog", name="About Tether")
    version = page.locator("meta[name='tether:version']").get_attribute("content")
    made = re.compile(
        rf"Version {re.escape(version or '')}, (served from its source|build \w{{12}})"
    )
    expect(dialog).to_contain_text(made)
    for licence in ("MIT", "MPL-2.0", "PSF-2.0", "Apache-2.0"):
        expect(dialog).to_contain_text(licence)
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
