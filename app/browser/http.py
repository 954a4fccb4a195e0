"""Calls to servers by the browser's fetch."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import js
from pyodide.ffi import JsException, to_js

from app.core.access import Access
from app.core.address_space import target_space
from app.core.events import Answered, Emit, Failure, RequestFailed
from app.core.ids import Digest, ServerUrl
from app.core.requests import LONGEST_ANSWER, Request, Upload
from app.core.transfers import Begin


class BrowserHttp:
    """Makes calls, gives each its time, and tells how it ended.

    Args:
        emit: Is told.
        read_file: Reads a kept picture.
        access_of: Returns a server's token, if it has one.
        begin: Waits for an upload's turn.
    """

    def __init__(
        self,
        emit: Emit,
        read_file: Callable[[Digest], Awaitable[Any]],
        access_of: Callable[[ServerUrl], Access | None],
        begin: Begin,
    ) -> None:
        self._emit = emit
        self._read_file = read_file
        self._access_of = access_of
        self._begin = begin
        self._calls: dict[int, asyncio.Task[None]] = {}
        self._open: dict[int, Any] = {}

    def send(self, request: Request) -> None:
        """Make a call."""
        self._calls[request.id] = asyncio.ensure_future(self._call(request))

    def abort(self, request_id: int) -> None:
        """Give a call up; nothing is told of it."""
        self._calls.pop(request_id, None)
        call = self._open.pop(request_id, None)
        if call is not None:
            call.abort()

    async def _call(self, request: Request) -> None:
        leave = await self._begin(request.server) if request.upload is not None else None
        try:
            event = await self._carry(request)
        finally:
            if leave is not None:
                leave()
        if self._calls.pop(request.id, None) is not None and event is not None:
            self._emit(event)

    async def _carry(self, request: Request) -> Answered | RequestFailed | None:
        """Return how a call ended; None for one that was given up before it began."""
        body = await self._form(request.upload) if request.upload else request.body
        if request.id not in self._calls:
            return None
        if request.upload is not None and body is None:
            return RequestFailed(request, Failure.FILE_GONE)
        url, options = self._options(request, body)
        # What takes Python many calls is in static/boot/calls.mjs.
        call = js.tetherCall(url, options, request.timeout, LONGEST_ANSWER)
        self._open[request.id] = call
        try:
            status, text, seconds = await call.outcome
        except JsException as error:
            is_timeout = error.name == "AbortError"
            return RequestFailed(request, Failure.TIMEOUT if is_timeout else Failure.NETWORK)
        finally:
            self._open.pop(request.id, None)
        return Answered(request, status, text, seconds)

    async def _form(self, upload: Upload) -> Any:
        """Return what is sent: a picture goes from the store to the network, past Python."""
        blob = await self._read_file(upload.digest)
        if blob is None:
            return None
        form = js.FormData.new()
        form.append("image", blob, upload.filename)
        return form

    def _options(self, request: Request, body: Any) -> tuple[str, Any]:
        url = request.url
        options: dict[str, Any] = {
            "method": request.method,
            "cache": "no-store",
            "credentials": "omit",
            "referrerPolicy": "no-referrer",
            "mode": "no-cors" if request.is_opaque else "cors",
        }
        if body is not None:
            # A text body is a "simple" request: no preflight, and ComfyUI takes any type.
            options["body"] = body
        bare = request.is_opaque or request.is_bare
        space = target_space(str(js.location.href), request.server)
        if space is not None:
            options["targetAddressSpace"] = space
        access = None if bare else self._access_of(request.server)
        if access is not None:
            url = access.with_query(url)
            options["headers"] = access.headers()
            # ComfyUI never redirects: whoever does would lead the secret elsewhere.
            options["redirect"] = "error"
        return url, to_js(options, dict_converter=js.Object.fromEntries)
