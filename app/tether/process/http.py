"""HTTP requests to servers by aiohttp."""

import asyncio
import io
import logging
import time
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from tether.core.events import Answered, Failure, RequestFailed
from tether.core.ids import Digest, ServerUrl
from tether.core.protocol.access_token import Access
from tether.core.protocol.requests import LONGEST_ANSWER, Request, Upload
from tether.core.windows.transfers import PLACES

_CHUNK = 2**16

_log = logging.getLogger(__name__)


class ProcessHttp:
    """Sends requests, each with its timeout and its server's token; uploads wait for their turn."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        on_answer: Callable[[Answered | RequestFailed], None],
        read_file: Callable[[Digest], Awaitable[Any]],
        access_of: Callable[[ServerUrl], Access | None],
    ) -> None:
        self._session = session
        self._on_answer = on_answer
        self._read_file = read_file
        self._access_of = access_of
        self._calls: dict[int, asyncio.Task[None]] = {}
        self._places: dict[ServerUrl, asyncio.Semaphore] = {}

    def send(self, request: Request) -> None:
        self._calls[request.id] = asyncio.ensure_future(self._call(request))

    def abort(self, request_id: int) -> None:
        """Abort a request; it reports nothing any more."""
        call = self._calls.pop(request_id, None)
        if call is not None:
            call.cancel()

    def close(self) -> None:
        """Abort all requests."""
        for request_id in list(self._calls):
            self.abort(request_id)

    async def _call(self, request: Request) -> None:
        try:
            outcome = await self._sent(request)
        except Exception as error:  # whatever it is, the request has an end
            _log.info("%s can't be asked: %s", request.server, type(error).__name__)
            outcome = RequestFailed(request, Failure.NETWORK)
        if self._calls.pop(request.id, None) is not None:
            self._on_answer(outcome)

    async def _sent(self, request: Request) -> Answered | RequestFailed:
        if request.upload is None:
            return await self._outcome(request, request.body)
        async with self._places.setdefault(request.server, asyncio.Semaphore(PLACES)):
            form = await self._form(request.upload)
            if form is None:
                return RequestFailed(request, Failure.FILE_GONE)
            return await self._outcome(request, form)

    async def _form(self, upload: Upload) -> aiohttp.FormData | None:
        blob = await self._read_file(upload.digest)
        if blob is None:
            return None
        # As a page does it: the name in UTF-8, not in percents, which a server would keep.
        form = aiohttp.FormData(quote_fields=False)
        name = upload.filename.encode(errors="replace").decode()
        form.add_field("image", io.BytesIO(blob.content), filename=name)
        return form

    async def _outcome(self, request: Request, body: Any) -> Answered | RequestFailed:
        bare = request.is_opaque or request.is_bare
        access = None if bare else self._access_of(request.server)
        url = access.with_query(request.url) if access else request.url
        begun = time.monotonic()
        try:
            async with self._session.request(
                request.method,
                url,
                data=body,
                headers=access.headers() if access else None,
                # What is sent is for this server, and what it answers is its own.
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=request.timeout),
            ) as answer:
                if 300 <= answer.status < 400:
                    return RequestFailed(request, Failure.REDIRECTED)
                text = await _text_of(answer)
        except TimeoutError:
            return RequestFailed(request, Failure.TIMEOUT)
        pause = _pause_of(answer.headers.get("Retry-After", ""))
        return Answered(request, answer.status, text, time.monotonic() - begun, pause)


async def _text_of(answer: aiohttp.ClientResponse) -> str:
    """Return the text of an answer; "" for one that is longer than any that is read."""
    parts, length = [], 0
    async for part in answer.content.iter_chunked(_CHUNK):
        length += len(part)
        if length > LONGEST_ANSWER:
            return ""
        parts.append(part)
    return b"".join(parts).decode(errors="replace")


def _pause_of(retry_after: str) -> float:
    """Return the seconds that a server asks for: a number, or a date."""
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(retry_after).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return 0.0
    return max(seconds, 0.0)
