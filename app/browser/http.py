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
from app.core.requests import LONGEST_ANSWER, Request
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
        self._calls: dict[int, tuple[asyncio.Task[None], Any]] = {}

    def send(self, request: Request) -> None:
        """Make a call."""
        controller = js.AbortController.new()
        call = asyncio.ensure_future(self._call(request, controller))
        self._calls[request.id] = (call, controller)

    def abort(self, request_id: int) -> None:
        """Give a call up; nothing is told of it."""
        call = self._calls.pop(request_id, None)
        if call is not None:
            call[1].abort()

    async def _call(self, request: Request, controller: Any) -> None:
        leave = await self._begin(request.server) if request.upload is not None else None
        try:
            if request.id in self._calls:  # else given up meanwhile
                await self._carry(request, controller)
        finally:
            if leave is not None:
                leave()

    async def _carry(self, request: Request, controller: Any) -> None:
        loop = asyncio.get_event_loop()
        began = loop.time()
        timeout = loop.call_later(request.timeout, controller.abort)
        event: Answered | RequestFailed
        try:
            body = await self._body(request)
            if request.upload is not None and body is None:
                event = RequestFailed(request, Failure.FILE_GONE)
            else:
                url, options = self._options(request, body, controller)
                response = await js.fetch(url, options)
                text = await _text(response)
                event = Answered(request, response.status, text, loop.time() - began)
        except JsException as error:
            is_timeout = error.name == "AbortError"
            event = RequestFailed(request, Failure.TIMEOUT if is_timeout else Failure.NETWORK)
        finally:
            timeout.cancel()
        if self._calls.pop(request.id, None) is not None:
            self._emit(event)

    async def _body(self, request: Request) -> Any:
        """Return what is sent; a picture goes from the store to the network, past Python."""
        if request.upload is None:
            return request.body
        blob = await self._read_file(request.upload.digest)
        if blob is None:
            return None
        form = js.FormData.new()
        form.append("image", blob, request.upload.filename)
        return form

    def _options(self, request: Request, body: Any, controller: Any) -> tuple[str, Any]:
        url = request.url
        options = {
            "method": request.method,
            "signal": controller.signal,
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


async def _text(response: Any) -> str:
    """Return what was answered; nothing of an answer that is too long to be one."""
    parts, length = js.Array.new(), 0
    reader = response.body.getReader() if response.body else None
    while reader is not None and not (piece := await reader.read()).done:
        length += piece.value.length
        if length > LONGEST_ANSWER:
            await reader.cancel()
            return ""
        parts.push(piece.value)
    return str(await js.Blob.new(parts).text())
