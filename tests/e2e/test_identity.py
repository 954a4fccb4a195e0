"""One window id belongs to one page: over reloads, in duplicated tabs, and after sleep."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from time import time
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, BrowserType, Page, expect

from tests.e2e.background import Background
from tests.e2e.conftest import opened
from tests.e2e.farm import (
    Farm,
    Heard,
    as_file,
    expect_done,
    expect_ready,
    farm,
    noise,
    open_page,
    own_tasks,
    run,
    tasks,
)
from tests.e2e.going_back import keeping_browser, leave_and_return
from tests.e2e.watch import Watch

# What a page found in its storage, before anything of ours ran; the first blank page has none.
NOTE_WHAT_WAS_THERE = "if (origin !== 'null') window.foundAtStart = {...sessionStorage}"

ELSEWHERE = "servers.json"
"""A page of the same origin that is not Tether."""

ORIGINS = pytest.mark.parametrize("is_secure", [True, False], ids=["secure", "lan"])

SECURE_LATER = pytest.mark.parametrize(
    "is_secure", [pytest.param(True, marks=pytest.mark.long), False], ids=["secure", "lan"]
)
"""For tests whose other half differs by nothing but what other tests show of a secure origin."""

COPIED = "This tab is a copy of another one"


@contextmanager
def tab_of(context: BrowserContext) -> Iterator[Page]:
    """An empty tab under watch."""
    context.add_init_script(NOTE_WHAT_WAS_THERE)
    opened(context)
    watch = Watch(context)
    # A bare file has no icon, and Chromium tells what it closes before a page sleeps.
    watch.allow(r"favicon\.ico|Page entered Back-Forward Cache")
    yield context.new_page()
    watch.verify()


@pytest.fixture
def tab(context: BrowserContext) -> Iterator[Page]:
    """An empty tab."""
    with tab_of(context) as tab:
        yield tab


@pytest.fixture
def kept_tab(browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> Iterator[Page]:
    """An empty tab whose pages sleep when they are left."""
    keeping = keeping_browser(browser_type, browser_type_launch_args)
    with keeping as browser, tab_of(browser.new_context()) as tab:
        yield tab


def address(of: Farm, is_secure: bool) -> str:
    """The page's address: on this machine, or as a page of the local network."""
    return of.url if is_secure else of.url.replace("127.0.0.1", "lan.test")


def start(tab: Page, of: Farm, is_secure: bool) -> Page:
    """Open the page and make sure of the kind of its origin."""
    open_page(tab, address(of, is_secure))
    assert tab.evaluate("isSecureContext") is is_secure
    assert tab.evaluate("'locks' in navigator") is is_secure
    return tab


def identity(page: Page) -> dict[str, Any]:
    """The window's record: its id and its client ids."""
    return json.loads(page.evaluate("sessionStorage.getItem('tether:/:window')"))


def hear_all(context: BrowserContext) -> dict[Page, Heard]:
    """Listen to the sockets of all pages that come."""
    heard: dict[Page, Heard] = {}

    def follow(page: Page) -> None:
        heard[page] = Heard()
        heard[page].follow(page)

    for page in context.pages:
        follow(page)
    context.on("page", follow)
    return heard


def duplicate(page: Page, url: str) -> Page:
    """Open a tab that copies the storage of this one."""
    with page.expect_popup() as opening:
        page.evaluate("(url) => void window.open(url)", url)
    return opening.value


@SECURE_LATER
def test_a_duplicated_tab_is_a_window_of_its_own(
    tab: Page, background: Background, is_secure: bool
) -> None:
    """The original hears its task to the end; the copy starts empty, and works."""
    with farm(background, 1, is_held=True) as one:
        heard = hear_all(tab.context)
        page = start(tab, one, is_secure)
        run(page, [as_file(noise(1), "one.png")])
        expect(tasks(page, "running")).to_have_count(1)
        before = identity(page)

        copy = duplicate(page, page.url)
        expect_ready(copy)
        found = copy.evaluate("foundAtStart")
        assert json.loads(found["tether:/:window"]) == before
        assert any(key.startswith("tether:/:task:") for key in found)
        expect(copy.locator(".notice")).to_contain_text(COPIED)
        expect(tasks(copy)).to_have_count(0)
        run(copy, [as_file(noise(2), "two.png")])
        one.release()
        expect_done(copy, 1)
        expect_done(page, 1)

        assert identity(page) == before
        own = identity(copy)
        assert own["id"] != before["id"]
        assert not set(own["clients"].values()) & set(before["clients"].values())
        for each, window in ((page, before), (copy, own)):
            (task,) = own_tasks(each)
            assert task["endedBy"] == "socket"
            (socket,) = heard[each].sockets_of(task["promptId"])
            assert socket.endswith(window["id"])
            assert heard[each].opened == [socket], "nobody took the socket away"
        expect(page.locator(".notice")).to_have_count(0)
        assert one.posts(0) == 2


@SECURE_LATER
def test_a_reload_keeps_the_window_and_its_tasks(
    tab: Page, background: Background, is_secure: bool
) -> None:
    """It meets no claim but its own predecessor's, and asks nobody."""
    with farm(background, 1, is_held=True) as one:
        page = start(tab, one, is_secure)
        run(page, [as_file(noise(1), "one.png")])
        expect(tasks(page, "running")).to_have_count(1)
        before = identity(page)
        page.reload()
        expect_ready(page)
        assert identity(page) == before
        one.release()
        expect_done(page, 1)
        expect(page.locator(".notice")).to_have_count(0)
        assert one.posts(0) == 1


@pytest.mark.parametrize("is_secure", [False], ids=["lan"])
def test_what_a_crashed_page_left_behind_is_taken_over(
    tab: Page, background: Background, is_secure: bool
) -> None:
    """Nobody answers for its claim: the window keeps its id and tasks."""
    with farm(background, 1) as one:
        page = start(tab, one, is_secure)
        run(page, [as_file(noise(1), "one.png")])
        expect_done(page, 1)
        before = identity(page)
        claim = f"tether:/:claim:{before['id']}"
        assert page.evaluate("(key) => localStorage.getItem(key)", claim)
        foreign = json.dumps({"token": "z", "at": time()})
        page.evaluate("([key, text]) => localStorage.setItem(key, text)", [claim, foreign])
        page.reload()
        expect_ready(page)
        assert identity(page) == before
        expect(tasks(page, "completed")).to_have_count(1)
        expect(page.locator(".notice")).to_have_count(0)
        page.goto(f"{address(one, is_secure)}{ELSEWHERE}")
        assert page.evaluate("(key) => localStorage.getItem(key)", claim) is None


@pytest.mark.long
@pytest.mark.parametrize("is_secure", [True], ids=["secure"])
def test_a_page_that_slept_through_its_duplication_gives_way(
    kept_tab: Page, background: Background, is_secure: bool
) -> None:
    """A frozen page can't answer; when it wakes up, the other tab is the window."""
    with farm(background, 1) as one:
        page = start(kept_tab, one, is_secure)
        run(page, [as_file(noise(1), "one.png")])
        expect_done(page, 1)
        before = identity(page)
        # As the browser does to a tab that nobody has looked at for minutes.
        page.evaluate("document.dispatchEvent(new Event('freeze'))")
        copy = duplicate(page, page.url)
        expect_ready(copy)
        assert identity(copy) == before
        expect(tasks(copy, "completed")).to_have_count(1)

        page.evaluate("document.dispatchEvent(new Event('resume'))")
        expect(page.locator(".notice")).to_contain_text(COPIED)
        assert identity(page)["id"] != before["id"]
        expect(tasks(page)).to_have_count(0)
        assert identity(copy) == before


@pytest.mark.long
@ORIGINS
def test_going_back_to_a_page_finds_it_as_it_was(
    kept_tab: Page, background: Background, is_secure: bool
) -> None:
    """It comes from the browser's cache, claims its window again, and goes on working."""
    with farm(background, 1, is_held=True) as one:
        page = start(kept_tab, one, is_secure)
        run(page, [as_file(noise(1), "one.png")])
        expect(tasks(page, "running")).to_have_count(1)
        before = identity(page)
        leave_and_return(page, f"{address(one, is_secure)}{ELSEWHERE}")
        one.release()
        expect_done(page, 1)
        assert identity(page) == before
        copy = duplicate(page, page.url)
        expect(copy.locator(".notice")).to_contain_text(COPIED)


@pytest.mark.long
@pytest.mark.parametrize("is_secure", [False], ids=["lan"])
def test_a_page_in_the_cache_does_not_undo_what_came_after_it(
    kept_tab: Page, background: Background, is_secure: bool
) -> None:
    """Of two visits in one tab the later one knows the tasks: the earlier one reads them anew."""
    with farm(background, 1) as one:
        page = start(kept_tab, one, is_secure)
        before = identity(page)
        page.goto(f"{address(one, is_secure)}{ELSEWHERE}")
        open_page(page, address(one, is_secure))
        assert identity(page)["id"] == before["id"]
        run(page, [as_file(noise(1), "one.png")])
        expect_done(page, 1)
        page.evaluate("history.go(-2)")
        expect(tasks(page, "completed")).to_have_count(1)
        expect(page.locator(".notice")).to_have_count(0)
        assert identity(page)["id"] == before["id"]
        assert one.posts(0) == 1
