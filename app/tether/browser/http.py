"""HTTP requests to servers by the browser's `fetch`."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import js
from pyodide.ffi import create_proxy

from tether.browser.values import fetch_options, to_object
from tether.core.events import Answered, Failure, RequestFailed
from tether.core.ids import Digest, ServerUrl
from tether.core.protocol.access_token import Access
from tether.core.protocol.requests import LONGEST_ANSWER, Request, Upload
from tether.core.windows.transfers import Begin

_FAILURES = {-1: Failure.NETWORK, -2: Failure.TIMEOUT, -3: Failure.REDIRECTED}
"""By the status that static/boot/calls.mjs tells."""


def _nothing() -> None:
    """Do nothing."""


class _Call:
    """A request under way: what aborts it, and what gives an upload's place back."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.abort: Callable[[], None] = _nothing
        self.release: Callable[[], None] = _nothing


class BrowserHttp:
    """Sends requests, each with its timeout and its server's token; uploads wait for their turn."""

    def __init__(
        self,
        on_answer: Callable[[Answered | RequestFailed], None],
        read_file: Callable[[Digest, bool], Awaitable[Any]],
        access_of: Callable[[ServerUrl], Access | None],
        begin: Begin,
    ) -> None:
        self._on_answer = on_answer
        self._read_file = read_file
        self._access_of = access_of
        self._begin = begin
        self._page = str(js.location.href)
        self._calls: dict[int, _Call] = {}
        self._uploads: set[asyncio.Task[None]] = set()
        # It lives as long as the page. A callback: each await would cost a turn of the loop.
        self._on_end = create_proxy(self._ended)

    def send(self, request: Request) -> None:
        self._calls[request.id] = _Call(request)
        if request.upload is None:
            self._start(request, request.body)
            return
        upload = asyncio.ensure_future(self._upload(request, request.upload))
        self._uploads.add(upload)
        upload.add_done_callback(self._uploads.discard)

    def abort(self, request_id: int) -> None:
        """Abort a request; it reports nothing any more."""
        call = self._calls.pop(request_id, None)
        if call is not None:
            call.abort()
            call.release()

    async def _upload(self, request: Request, upload: Upload) -> None:
        release, form = _nothing, None
        try:
            release = await self._begin(request.server)
            form = await self._form(upload)
        except Exception as error:  # whatever it is, the request has an end, and the place too
            js.console.info(f"Tether: a picture can't be sent: {error}")
        call = self._calls.get(request.id)
        if call is None:  # aborted meanwhile
            release()
        elif form is None:
            release()
            del self._calls[request.id]
            self._on_answer(RequestFailed(request, Failure.FILE_GONE))
        else:
            call.release = release
            self._start(request, form)

    def _start(self, request: Request, body: Any) -> None:
        try:
            url, options = self._options(request, body)
            # static/boot/calls.mjs
            self._calls[request.id].abort = js.tetherCall(
                url, options, request.timeout, LONGEST_ANSWER, request.id, self._on_end
            )
        except Exception as error:  # whatever it is, the request has an end
            js.console.info(f"Tether: {request.server} can't be asked: {type(error).__name__}")
            self._ended(request.id, -1, "", 0.0, 0.0)

    def _ended(
        self, request_id: int, status: int, text: str, seconds: float, retry_after: float
    ) -> None:
        call = self._calls.pop(request_id, None)
        if call is None:
            return
        call.release()
        if status >= 0:
            self._on_answer(Answered(call.request, status, text, seconds, retry_after))
        else:
            self._on_answer(RequestFailed(call.request, _FAILURES[status]))

    async def _form(self, upload: Upload) -> Any:
        """Return the body: the picture goes from storage to the network, past Python."""
        blob = await self._read_file(upload.digest, True)
        if blob is None:
            return None
        form = js.FormData.new()
        form.append("image", blob, upload.filename)
        return form

    def _options(self, request: Request, body: Any) -> tuple[str, Any]:
        bare = request.is_opaque or request.is_bare
        access = None if bare else self._access_of(request.server)
        url, options = fetch_options(self._page, request.server, request.url, access)
        options["method"], options["cache"] = request.method, "no-store"
        options["mode"] = "no-cors" if request.is_opaque else "cors"
        if not request.is_opaque:
            # What is sent is for this server, and what it answers is its own. An opaque call has
            # no choice, and carries nothing. Source: Fetch, `redirect`.
            options["redirect"] = "manual"
        if body is not None:
            # A text body is a "simple" request: no preflight, and ComfyUI takes any type.
            options["body"] = body
        return url, to_object(options)
