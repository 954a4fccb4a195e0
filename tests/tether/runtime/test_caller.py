"""Calls beside the session's own."""

import asyncio

from tests.tether.core.farm import NORTH
from tether.core.events import Answered, Event, Failure, RequestFailed
from tether.core.protocol.requests import Ask, Request
from tether.runtime.caller import Caller


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
        caller.answered(Answered(own, 200, "own"))
        caller.answered(Answered(wire.sent[1], 200, "second"))
        caller.answered(RequestFailed(wire.sent[0], Failure.TIMEOUT))
        answer = await asyncio.wait_for(second, 5.0)
        assert answer is not None and answer.text == "second"
        assert await asyncio.wait_for(first, 5.0) is None
        assert told == [Answered(own, 200, "own")]
        caller.answered(Answered(wire.sent[1], 200, "again"))
        assert len(told) == 2, "nobody waits for it any more: the session drops it"

    asyncio.run(story())
