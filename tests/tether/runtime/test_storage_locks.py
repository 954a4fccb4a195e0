"""Places for bulk transfers in storage that all tabs share."""

import asyncio

import pytest

from tests.tether.core.farm import NOON, NORTH, SOUTH, Chance
from tests.tether.runtime.world import Shared
from tether.core.timers import Timer
from tether.core.windows.transfers import PLACE_LIFETIME, PLACE_RENEWAL, PLACES
from tether.runtime import storage_locks
from tether.runtime.storage_locks import StorageTransfers


class Clock:
    """The test's own time."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> float:
        return self.at

    def start(self, key: Timer, delay: float) -> None: ...

    def stop(self, key: Timer) -> None: ...


CLOCK = Clock()


def tab(shared: dict[str, str], number: int) -> StorageTransfers:
    """The transfers of one tab of a browser."""
    return StorageTransfers(Shared(shared), CLOCK, Chance(number))


def test_two_of_a_server_at_a_time_over_all_tabs() -> None:
    """The third waits until one is done; another server has places of its own."""

    async def story() -> None:
        shared: dict[str, str] = {}
        leaves = [await tab(shared, number).begin("upload", NORTH) for number in range(PLACES)]
        third = asyncio.ensure_future(tab(shared, 3).begin("upload", NORTH))
        elsewhere = await tab(shared, 4).begin("upload", SOUTH)
        await asyncio.sleep(4 * storage_locks.RETRY)
        assert not third.done()
        leaves[0]()
        leave = await asyncio.wait_for(third, 2)
        for each in (leave, leaves[1], elsewhere):
            each()
        assert shared == {}

    asyncio.run(story())


def test_results_that_never_end_leave_the_uploads_their_places() -> None:
    async def story() -> None:
        shared: dict[str, str] = {}
        for number in range(PLACES):
            await tab(shared, number).begin("result", NORTH)
        for number in range(PLACES):
            await asyncio.wait_for(tab(shared, 3 + number).begin("upload", NORTH), 1)

    asyncio.run(story())


def test_tabs_that_look_at_once_do_not_share_a_place() -> None:
    async def story() -> None:
        shared = {f"claim:{number}": "" for number in range(6)}
        begins = [asyncio.ensure_future(tab(shared, n).begin("upload", NORTH)) for n in range(6)]
        await asyncio.sleep(4 * storage_locks.RETRY)
        assert sum(begin.done() for begin in begins) == PLACES
        assert len(shared) == 6 + PLACES
        for begin in begins:
            begin.done() and begin.result()()
            begin.cancel()

    asyncio.run(story())


def test_what_a_crashed_tab_held_is_free_again() -> None:
    async def story() -> None:
        shared: dict[str, str] = {}
        for number in range(PLACES):
            await tab(shared, number).begin("upload", NORTH)
        CLOCK.at += PLACE_LIFETIME + 1
        await asyncio.wait_for(tab(shared, 3).begin("upload", NORTH), 1)

    asyncio.run(story())


def test_a_long_transfer_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """It gives signs of life; who lost a place meanwhile doesn't take it from another."""
    monkeypatch.setattr(storage_locks, "PLACE_RENEWAL", 0.01)

    async def story() -> None:
        shared: dict[str, str] = {}
        leave = await tab(shared, 1).begin("upload", NORTH)
        CLOCK.at += PLACE_LIFETIME + PLACE_RENEWAL
        await asyncio.sleep(0.05)
        (sign,) = shared.values()
        assert str(CLOCK.at) in sign
        (key,) = shared
        shared[key] = sign.replace(Chance(1).hex(16), "another")
        leave()
        assert "another" in shared[key]

    asyncio.run(story())


def test_where_nothing_can_be_kept_nobody_waits() -> None:
    """One transfer too many is better than none."""

    class Full(Shared):
        def write(self, key: str, text: str | None) -> None: ...

    async def story() -> None:
        transfers = StorageTransfers(Full({}), CLOCK, Chance(1))
        for _ in range(PLACES + 1):
            (await asyncio.wait_for(transfers.begin("upload", NORTH), 1))()

    asyncio.run(story())
