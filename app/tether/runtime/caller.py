"""HTTP calls to servers beside those of the session: a caller awaits each answer."""

import asyncio
from itertools import count

from tether.core.events import Answered, Emit, RequestFailed
from tether.core.ids import ServerUrl
from tether.core.protocol.requests import Ask, Request, Upload
from tether.runtime.ports import Http


class Caller:
    """Shares the window's HTTP with its session: `emit` gets the answers that the session wants."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._http: Http | None = None
        self._calls: dict[int, asyncio.Future[Answered | RequestFailed]] = {}
        self._ids = count(-1, -1)  # a session counts its own upwards

    def use(self, http: Http) -> None:
        """Make calls through this; it must report to `answered`."""
        self._http = http

    def answered(self, event: Answered | RequestFailed) -> None:
        """Take how a call ended, whoever made it."""
        call = self._calls.pop(event.request.id, None)
        if call is not None:
            call.set_result(event)
        else:
            self._emit(event)

    def close(self) -> None:
        """End all calls: nothing answers any more."""
        for call in self._calls.values():
            call.cancel()

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
        outcome = await self._outcome(
            Request(next(self._ids), server, ask, path, body=body, upload=upload, timeout=within)
        )
        return outcome if isinstance(outcome, Answered) else None

    async def reach(
        self,
        server: ServerUrl,
        path: str,
        within: float,
        is_opaque: bool = False,
        is_bare: bool = False,
    ) -> Answered | RequestFailed:
        """Find out whether and how a server answers; `Request` describes the two kinds of calls."""
        request = Request(
            next(self._ids),
            server,
            Ask.REACH,
            path,
            timeout=within,
            is_opaque=is_opaque,
            is_bare=is_bare,
        )
        return await self._outcome(request)

    async def _outcome(self, request: Request) -> Answered | RequestFailed:
        assert self._http is not None
        call: asyncio.Future[Answered | RequestFailed] = asyncio.get_event_loop().create_future()
        self._calls[request.id] = call
        self._http.send(request)
        return await call
