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
        self._waiting: dict[int, asyncio.Future[Answered | None]] = {}
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
                self._waiting.pop(request.id).set_result(None)
            case _:
                self._emit(event)

    async def call(
        self,
        server: ServerUrl,
        ask: Ask,
        path: str,
        within: float,
        upload: Upload | None = None,
    ) -> Answered | None:
        """Make a call; returns its answer, or None when there was none in `within` seconds."""
        assert self._http is not None
        request = Request(next(self._ids), server, ask, path, upload=upload, timeout=within)
        answer: asyncio.Future[Answered | None] = asyncio.get_event_loop().create_future()
        self._waiting[request.id] = answer
        self._http.send(request)
        return await answer
