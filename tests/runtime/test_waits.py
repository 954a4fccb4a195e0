"""Waiting for what a window comes to."""

import asyncio

from app.runtime.waits import Waits


def test_who_waits_looks_again_after_every_change() -> None:
    """And at once where it holds already."""

    async def story() -> None:
        waits, steps = Waits(), list[int]()
        waiting = asyncio.ensure_future(waits.until(lambda: len(steps) == 2, 5.0))
        for number in range(2):
            await asyncio.sleep(0)
            assert not waiting.done()
            steps.append(number)
            waits.changed()
        assert await waiting is True
        assert await waits.until(lambda: True, 0.0) is True

    asyncio.run(story())


def test_a_wait_ends_in_its_time() -> None:
    """Changes of other things don't prolong it."""

    async def story() -> None:
        waits = Waits()
        waiting = asyncio.ensure_future(waits.until(lambda: False, 0.05))
        await asyncio.sleep(0.01)
        waits.changed()
        assert await waiting is False

    asyncio.run(story())
