"""Windows that are gone are found, and their tasks taken over."""

import asyncio
import json

import pytest

from tests.skipping_loop import play
from tests.tether.core.farm import INVERT, NOON, Chance, invert_workflow
from tests.tether.runtime.browser import Browser, Clock, PageOf
from tether.core.events import TaskAccepted
from tether.core.ids import TaskId, WindowId
from tether.core.model.identity import make_prompt_id
from tether.core.model.task import State
from tether.core.session.session import Session
from tether.core.windows.ledger import (
    END_KEPT_FOR,
    ENTRY_RECORD,
    Entry,
    read_entries,
    read_ledger,
    write_entry,
)
from tether.runtime import adopter as adopting
from tether.runtime import claimant as claiming
from tether.runtime.adopter import Adopter
from tether.runtime.storage_locks import StorageHold

ADOPTION_GRACE = 0.05


class Proof(StorageHold):
    """A claim such as a Web Lock: the browser frees it with its page."""

    is_proof = True


class Tab(PageOf):
    """A page that looks after windows that are gone."""

    async def begin(self) -> Session:
        """Load the page, and look around."""
        self.session = await self.open()
        own, kept = self.session.window.window_id, read_entries(self.browser.files.texts)
        self.adopter = Adopter(self.runner, own, self.outside, kept)
        self.adopter.check()
        return self.session

    def accept(self, number: int = 1) -> None:
        """A person gives a task."""
        self.browser.files.kept[INVERT] = json.dumps(invert_workflow().nodes)
        task_id, prompt_id = TaskId(f"t{number}"), make_prompt_id(Chance(number))
        self.runner.emit(TaskAccepted(task_id, prompt_id, "photo", invert_workflow(), INVERT, ()))

    def states(self) -> dict[str, State]:
        """Where its tasks stand."""
        return {task.task_id: task.state for task in self.session.window.tasks.values()}

    def proves(self) -> None:
        """Live in a browser with Web Locks."""
        self.make = lambda: Proof(self.world.shared, Clock(self.browser))


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits a real second."""
    assert adopting.ADOPTION_GRACE >= 10
    assert adopting.ADOPTION_ROUND >= 60
    monkeypatch.setattr(adopting, "ADOPTION_GRACE", ADOPTION_GRACE)
    monkeypatch.setattr(adopting, "ONCE_MORE", 0.02)
    monkeypatch.setattr(adopting, "CLAIM_TIMEOUT", 0.02)
    monkeypatch.setattr(claiming, "CLAIM_TIMEOUT", 0.02)


async def two() -> tuple[Tab, Tab]:
    """A window with a task, and one beside it."""
    browser = Browser()
    first, second = Tab(browser), Tab(browser)
    await first.begin()
    await second.begin()
    first.accept()
    return first, second


async def pass_by(times: float = 3.0) -> None:
    """Let the time of grace pass, and the questions with it."""
    await asyncio.sleep(times * ADOPTION_GRACE)


@pytest.mark.parametrize("is_proof", [True, False])
def test_the_tasks_of_a_closed_window_are_adopted(is_proof: bool) -> None:
    """After a while in which it may only be reloading; its claim is free again."""

    async def story() -> None:
        first, second = await two()
        if is_proof:
            second.proves()
        first.claimant.sleep()
        first.is_deaf = True
        await asyncio.sleep(0.2 * ADOPTION_GRACE)
        assert second.states() == {}
        await pass_by()
        assert second.states() == {"t1": State.WAITING}
        (entry,) = read_ledger(second.browser.shared).values()
        assert (entry.owner, entry.epoch) == (second.session.window.window_id, 1)
        claims = {key for key in second.browser.shared if key.startswith("claim:")}
        assert claims == {f"claim:{second.session.window.window_id}"}

    play(story())


def test_a_lock_may_be_freed_after_the_farewell() -> None:
    """It happened: the word came first, the window seemed to live, and was left for a minute."""
    refusals = [False, False]

    class Late(Proof):
        async def take(self, window_id: WindowId, token: str) -> bool:
            return refusals.pop() if refusals else await super().take(window_id, token)

    async def story() -> None:
        first, second = await two()
        second.make = lambda: Late(second.world.shared, Clock(second.browser))
        second.adopter.check()
        await asyncio.sleep(0)
        first.claimant.sleep()
        first.is_deaf = True
        await pass_by()
        assert refusals == []
        assert second.states() == {"t1": State.WAITING}

    play(story())


def test_a_window_that_comes_back_in_time_keeps_its_tasks() -> None:
    """A reload is no end."""

    async def story() -> None:
        first, second = await two()
        first.claimant.sleep()
        first.is_deaf = True
        await asyncio.sleep(0.2 * ADOPTION_GRACE)
        again = Tab(first.browser, first.world.records)
        await again.begin()
        await pass_by()
        assert (again.states(), second.states()) == ({"t1": State.WAITING}, {})

    play(story())


def test_a_window_that_lives_is_left_alone() -> None:
    """It answers, whatever its claim looks like; and a claim that is proof needs no question."""

    async def story() -> None:
        first, second = await two()
        second.adopter.check()
        await pass_by()
        assert second.states() == {}
        second.proves()
        first.is_deaf = True
        second.adopter.check()
        await pass_by()
        assert second.states() == {}

    play(story())


def test_of_two_that_would_adopt_one_does() -> None:
    """In storage alone both may find the claim free."""

    async def story() -> None:
        first, second = await two()
        third = Tab(first.browser)
        await third.begin()
        first.is_deaf = True
        first.claimant.sleep()
        await pass_by(5)
        assert sorted([len(second.states()), len(third.states())]) == [0, 1]

    play(story())


def test_a_page_that_slept_too_deeply_starts_anew_when_it_hears_of_it() -> None:
    """Its tasks are another's, and it must not act for them."""

    async def story() -> None:
        first, second = await two()
        first.is_deaf = True
        heard: list[str] = []
        plain = second.post
        second.post = lambda text: (heard.append(text), plain(text))[1]  # type: ignore[method-assign]
        second.adopter.check()
        await pass_by(5)
        assert second.states() == {"t1": State.WAITING}
        for text in heard:
            first.hears(text)
        assert first.restarts == 1
        again = Tab(first.browser, first.world.records)
        await again.begin()
        assert again.states() == {"t1": State.ADOPTED}

    play(story())


def test_a_page_from_the_browsers_cache_finds_its_tasks_adopted() -> None:
    """It asks the ledger before it goes on."""

    async def story() -> None:
        first, second = await two()
        first.claimant.sleep()
        await pass_by()
        assert second.states() == {"t1": State.WAITING}
        await first.claimant.wake()
        assert first.restarts == 1

    play(story())


def test_a_page_that_sleeps_adopts_nothing() -> None:
    """It could not look after them."""

    async def story() -> None:
        first, second = await two()
        first.claimant.sleep()
        second.claimant.sleep()
        await pass_by()
        await second.claimant.wake()
        assert second.states() == {}

    play(story())


@pytest.mark.parametrize("is_proof", [True, False])
def test_a_person_need_not_wait_for_the_tasks_of_a_window_that_is_gone(is_proof: bool) -> None:
    """It is known to be gone before its time of grace is over."""

    async def story() -> None:
        first, second = await two()
        if is_proof:
            second.proves()
        told: list[set[WindowId]] = []
        second.adopter.on_gone = lambda: told.append(set(second.adopter.gone))
        owner = first.session.window.window_id
        first.claimant.sleep()
        first.is_deaf = True
        await asyncio.sleep(0.6 * ADOPTION_GRACE)
        assert told == [{owner}]
        assert second.states() == {}
        assert await second.adopter.take_over(owner)
        assert second.states() == {"t1": State.WAITING}
        assert told == [{owner}, set()]
        assert not await second.adopter.take_over(owner)

    play(story())


@pytest.mark.parametrize("is_proof", [True, False])
def test_nobody_takes_over_from_a_window_that_lives(is_proof: bool) -> None:
    """Nor from one that came back within its time of grace."""

    async def story() -> None:
        first, second = await two()
        if is_proof:
            second.proves()
        owner = first.session.window.window_id
        assert not await second.adopter.take_over(owner)
        first.claimant.sleep()
        first.is_deaf = True
        await asyncio.sleep(0.6 * ADOPTION_GRACE)
        assert second.adopter.gone == {owner}
        again = Tab(first.browser, first.world.records)
        await again.begin()
        assert not await second.adopter.take_over(owner)
        assert (again.states(), second.states()) == ({"t1": State.WAITING}, {})
        assert second.adopter.gone == set()

    play(story())


def test_old_ends_are_swept_out() -> None:
    """Nobody will ask for them any more."""

    async def story() -> None:
        tab = Tab(Browser())
        kept = Entry(WindowId("wgone"), 1, "", NOON - END_KEPT_FOR / 2)
        old = Entry(WindowId("wgone"), 1, "", NOON - 2 * END_KEPT_FOR)
        tab.browser.shared[ENTRY_RECORD + "a"] = write_entry(kept)
        tab.browser.shared[ENTRY_RECORD + "b"] = write_entry(old)
        await tab.begin()
        assert read_ledger(tab.browser.shared) == {"a": kept}

    play(story())
