"""Calls to servers that are none of the session's: somebody waits for the answer."""

import asyncio
from itertools import count

from app.core.events import Answered, Emit, Event, RequestFailed
from app.core.ids import ServerUrl
from app.core.requests import Ask, Request, Upload
from app.runtime.ports import Http


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
