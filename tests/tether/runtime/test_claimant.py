"""Pages find out whether they are alone under their window id."""

import asyncio
import json

import pytest

from tests.tether.core.farm import NORTH
from tests.tether.runtime.browser import Browser, Clock, PageOf
from tests.tether.runtime.world import Shared
from tether.core.events import ServerAdded
from tether.core.ids import WindowId
from tether.core.windows.claim import CLAIM_TIMEOUT, TOKEN_RECORD
from tether.runtime import claimant as claiming
from tether.runtime.storage_locks import StorageHold


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits a real second."""
    assert CLAIM_TIMEOUT <= 1.0
    monkeypatch.setattr(claiming, "CLAIM_TIMEOUT", 0.02)


def test_a_duplicate_forgets_what_it_copied_and_says_so() -> None:
    """It is a new window; the original notices nothing."""

    async def story() -> None:
        browser = Browser()
        original = PageOf(browser)
        session = await original.open()
        copied = {**original.world.records, "task:t1": "{}"}
        copy = PageOf(browser, copied)
        other = await copy.open()
        assert other.window.window_id != session.window.window_id
        assert set(copy.world.records) == {"window", TOKEN_RECORD}
        assert [trouble.code for trouble in other.window.notices] == ["window_duplicated"]
        assert (original.restarts, copy.restarts) == (0, 0)
        assert len(browser.shared) == 2

    asyncio.run(story())


def test_a_reload_is_the_same_window_at_once() -> None:
    """The page before it let go."""

    async def story() -> None:
        browser = Browser()
        first = PageOf(browser)
        session = await first.open()
        first.claimant.sleep()
        assert browser.shared == {}
        again = await PageOf(browser, first.world.records).open()
        assert again.window.window_id == session.window.window_id
        assert not again.window.notices

    asyncio.run(story())


def test_a_copy_that_asks_during_a_reload_gives_way_to_the_reloaded_page() -> None:
    """Nobody answers it, but the next page of the tab says that it is there."""

    async def story() -> None:
        browser = Browser()
        first = PageOf(browser)
        session = await first.open()
        first.is_deaf = True  # it is on its way out, and still holds the claim
        copy = PageOf(browser, first.world.records)
        opening = asyncio.ensure_future(copy.open())
        await asyncio.sleep(0)
        first.claimant.sleep()
        again = await PageOf(browser, first.world.records).open()
        other = await opening
        assert again.window.window_id == session.window.window_id
        assert other.window.window_id != session.window.window_id

    asyncio.run(story())


def test_a_crashed_page_is_followed_by_the_same_window() -> None:
    """Its claim is there, and nobody answers for it."""

    async def story() -> None:
        browser = Browser()
        crashed = PageOf(browser)
        session = await crashed.open()
        crashed.is_deaf = True
        again = await PageOf(browser, crashed.world.records).open()
        assert again.window.window_id == session.window.window_id
        assert not again.window.notices

    asyncio.run(story())


def test_a_page_sends_nothing_while_it_sleeps() -> None:
    """What happens meanwhile waits until it is sure to be the window still."""

    async def story() -> None:
        page = PageOf(Browser())
        await page.open()
        page.claimant.sleep()
        page.runner.emit(ServerAdded(NORTH, "north"))
        assert page.asked() == 0
        await page.claimant.wake()
        assert page.asked() > 0
        assert page.restarts == 0

    asyncio.run(story())


def test_a_page_whose_window_lives_elsewhere_starts_anew() -> None:
    """The other tab took the claim while this one slept."""

    async def story() -> None:
        browser = Browser()
        sleeper = PageOf(browser)
        await sleeper.open()
        sleeper.claimant.sleep()
        await PageOf(browser, sleeper.world.records).open()
        sleeper.runner.emit(ServerAdded(NORTH, "north"))
        await sleeper.claimant.wake()
        assert sleeper.restarts == 1
        assert sleeper.asked() == 0

    asyncio.run(story())


def test_a_page_starts_anew_after_another_was_in_its_tab() -> None:
    """Two visits in one tab share its records: what the earlier remembers is old."""

    async def story() -> None:
        browser = Browser()
        first = PageOf(browser)
        await first.open()
        first.claimant.sleep()
        second = PageOf(browser)
        second.world.records = first.world.records  # the same tab
        await second.open()
        second.claimant.sleep()
        await first.claimant.wake()
        assert first.restarts == 1

    asyncio.run(story())


def test_a_page_that_was_stuck_gives_way_as_soon_as_it_hears() -> None:
    """It was silent for longer than anybody waits, and was taken for dead."""

    async def story() -> None:
        browser = Browser()
        stuck = PageOf(browser)
        await stuck.open()
        stuck.is_deaf = True
        taker = PageOf(browser, stuck.world.records)
        said: list[str] = []
        taker.post = said.append  # type: ignore[method-assign]
        await taker.open()
        for text in said:
            stuck.hears(text)
        assert stuck.restarts == 1
        stuck.runner.emit(ServerAdded(NORTH, "north"))
        assert stuck.asked() == 0

    asyncio.run(story())


def test_a_page_hears_others_before_it_has_a_claim() -> None:
    """And has nothing to say to them; asleep and awake again, it finds out anew who it is."""

    async def story() -> None:
        page = PageOf(Browser())
        page.hears("{}")
        page.claimant.sleep()
        await page.claimant.wake()
        assert page.restarts == 1

    asyncio.run(story())


def test_claims_of_windows_that_never_came_back_are_cleared_away() -> None:
    """A page gives a sign of life every hour; after a day without one it is gone."""

    async def story() -> None:
        browser = Browser()
        await PageOf(browser).open()
        browser.now += 25 * 3600
        page = PageOf(browser)
        session = await page.open()
        assert list(browser.shared) == [f"claim:{session.window.window_id}"]
        assert json.loads(*browser.shared.values())["at"] == browser.now

    asyncio.run(story())


def test_a_claim_that_is_no_longer_ours_is_left_where_it_is() -> None:
    """Who took it over needs it."""

    async def story() -> None:
        browser = Browser()
        first, second = (StorageHold(Shared(browser.shared), Clock(browser)) for _ in range(2))
        assert await first.take(WindowId("w1"), "a")
        assert not await second.take(WindowId("w1"), "b")
        await second.seize(WindowId("w1"), "b")
        first.release()
        assert len(browser.shared) == 1
        second.release()
        second.release()
        assert browser.shared == {}

    asyncio.run(story())
