"""Calls to servers that are none of the session's: somebody waits for the answer.

Waiting for what a window comes to.
"""

import asyncio
from collections.abc import Callable
from itertools import count

from tether.core.events import Answered, Emit, Event, RequestFailed
from tether.core.ids import ServerUrl
from tether.core.protocol.requests import Ask, Request, Upload
from tether.runtime.ports import Http


class Caller:
    """Stands between the window's calls and its session, and takes out its own answers.

    Args:
        emit: Gets all other events.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._http: Http | None = None
        self._waiting: dict[int, asyncio.Future[Answered | RequestFailed]] = {}
        self._ids = count(-1, -1)  # a session counts its own upwards

    def use(self, http: Http) -> None:
        """Make calls by this; its events must come to `emit`."""
        self._http = http

    def emit(self, event: Event) -> None:
        """Take what happened."""
        match event:
            case Answered(request) if request.id in self._waiting:
                self._waiting.pop(request.id).set_result(event)
            case RequestFailed(request) if request.id in self._waiting:
                self._waiting.pop(request.id).set_result(event)
            case _:
                self._emit(event)

    async def call(
        self,
        server: ServerUrl,
        ask: Ask,
        path: str,
        within: float,
        upload: Upload | None = None,
        body: str | None = None,
    ) -> Answered | None:
        """Make a call; returns its answer, or None when there was none in `within` seconds."""
        request = Request(
            next(self._ids), server, ask, path, body=body, upload=upload, timeout=within
        )
        outcome = await self._outcome(request)
        return outcome if isinstance(outcome, Answered) else None

    async def look(
        self,
        server: ServerUrl,
        path: str,
        within: float,
        is_opaque: bool = False,
        is_bare: bool = False,
    ) -> Answered | RequestFailed:
        """Find out whether and how a server answers; see `Request` for the two kinds of calls."""
        return await self._outcome(
            Request(
                next(self._ids),
                server,
                Ask.REACH,
                path,
                timeout=within,
                is_opaque=is_opaque,
                is_bare=is_bare,
            )
        )

    async def _outcome(self, request: Request) -> Answered | RequestFailed:
        assert self._http is not None
        outcome: asyncio.Future[Answered | RequestFailed]
        outcome = asyncio.get_event_loop().create_future()
        self._waiting[request.id] = outcome
        self._http.send(request)
        return await outcome


class Waits:
    """Those who wait are looked at after every change of the window; few wait at a time."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[bool], Callable[[], bool]] = {}

    def changed(self) -> None:
        """Something has changed."""
        for future, holds in self._waiting.items():
            if not future.done() and holds():
                future.set_result(True)

    async def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until something holds, so many seconds at most; returns whether it came to hold."""
        if holds():
            return True
        future: asyncio.Future[bool] = asyncio.get_event_loop().create_future()
        self._waiting[future] = holds
        try:
            await asyncio.wait([future], timeout=seconds)
        finally:
            del self._waiting[future]
        return future.done()
