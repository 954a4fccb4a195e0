"""Calls beside the session's own.

Waiting for what a window comes to.
"""

import asyncio

from tests.tether.core.farm import NORTH
from tether.core.events import Answered, Event, Failure, RequestFailed
from tether.core.protocol.requests import Ask, Request
from tether.runtime.caller import Caller, Waits


class Wire:
    """Takes calls."""

    def __init__(self) -> None:
        self.sent: list[Request] = []

    def send(self, request: Request) -> None:
        """Make a call."""
        self.sent.append(request)

    def abort(self, request_id: int) -> None:
        """Nobody aborts here."""


def test_answers_go_to_whom_they_are_for() -> None:
    """The session's own never share an id with them."""

    async def story() -> None:
        told, wire = list[Event](), Wire()
        caller = Caller(told.append)
        caller.use(wire)
        first = asyncio.ensure_future(caller.call(NORTH, Ask.PROBE, "/prompt", 5.0))
        second = asyncio.ensure_future(caller.call(NORTH, Ask.PROBE, "/prompt", 5.0))
        await asyncio.sleep(0)
        own = Request(1, NORTH, Ask.PROBE, "/prompt")
        assert len({request.id for request in (*wire.sent, own)}) == 3
        assert wire.sent[0].timeout == 5.0
        caller.emit(Answered(own, 200, "own"))
        caller.emit(Answered(wire.sent[1], 200, "second"))
        caller.emit(RequestFailed(wire.sent[0], Failure.TIMEOUT))
        answer = await asyncio.wait_for(second, 5.0)
        assert answer is not None and answer.text == "second"
        assert await asyncio.wait_for(first, 5.0) is None
        assert told == [Answered(own, 200, "own")]
        caller.emit(Answered(wire.sent[1], 200, "again"))
        assert len(told) == 2, "nobody waits for it any more: the session drops it"

    asyncio.run(story())


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
