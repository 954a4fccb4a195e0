"""Results that are fetched from their servers, into memory or into a file."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

from tether.core.errors import TetherError
from tether.core.ids import ServerUrl, TaskId
from tether.core.model.task import Task
from tether.core.protocol.access_token import Access
from tether.core.protocol.handover import GONE, ResultSource, is_web_page
from tether.core.protocol.outputs import LARGEST_ASKED, Fetched, Output, view_url
from tether.core.windows.transfers import SILENT_FOR
from tether.process.blob import Blob

_CHUNK = 2**16


class ProcessOutputs:
    """Fetches results with their server's token."""

    def __init__(
        self, session: aiohttp.ClientSession, access_of: Callable[[ServerUrl], Access | None]
    ) -> None:
        self._session = session
        self._access_of = access_of

    def address(self, task: Task, output: Output) -> str:
        """Return a result's address on its server."""
        assert task.server is not None
        return view_url(task.server, output, task.prompt_id)

    def is_direct(self, _task: Task) -> bool:
        """Return True: no browser stands between."""
        return True

    async def fetch(self, task: Task, output: Output, *, is_asked: bool) -> Fetched:
        """Fetch a result; without a content where it can't be had."""
        content = await self.content(task, output, LARGEST_ASKED)
        return Fetched(self.address(task, output), content=content)

    async def content(self, task: Task, output: Output, limit: int) -> Blob | None:
        """Return a result; None if it has more bytes or can't be had."""
        try:
            async with self._asked(task, output) as answer:
                return await _body(answer, limit) if answer.status == 200 else None
        except (aiohttp.ClientError, OSError):
            return None

    async def bring(self, source: ResultSource) -> Blob | None:
        """Return a result for another task; None where its server has it no more.

        Raises:
            OSError: It can't be had now, or is too large.
        """
        url = view_url(source.server, source.output, source.prompt_id)
        try:
            async with self._get(source.server, url) as answer:
                is_page = is_web_page(answer.content_type)
                if answer.status in GONE and not is_page:
                    return None
                is_result = answer.status == 200 and not is_page
                blob = await _body(answer, LARGEST_ASKED) if is_result else None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise OSError(type(error).__name__) from None  # its text may have the token
        if blob is None:
            raise OSError(f"{source.output.filename} isn't given now")
        return blob

    async def fetch_into(self, task: Task, output: Output, path: Path) -> None:
        """Write a result to a new file; when this returns, it is on disk.

        Raises:
            TetherError: Its server doesn't give it.
            OSError: The file can't be written.
        """
        try:
            async with self._asked(task, output) as answer:
                if answer.status != 200:
                    raise TetherError("output_gone", file=output.filename, status=answer.status)
                with path.open("wb") as file:
                    async for piece in answer.content.iter_chunked(_CHUNK):
                        file.write(piece)
                    file.flush()
                    await asyncio.to_thread(os.fsync, file.fileno())
        except (aiohttp.ClientError, TimeoutError) as error:
            # Its text may have the address, and that may have a token.
            why = type(error).__name__
            raise TetherError("output_gone", file=output.filename, status=why) from None

    def take_from(self, _kept: Callable[[Task, Output], Awaitable[Any | None]]) -> None:
        """Do nothing: a process has no gallery."""

    async def kept(self, _task: Task, _output: Output) -> None:
        """Return None: a process has no gallery."""

    def retain(self, is_shown: Callable[[TaskId], bool]) -> None:
        """Do nothing: nothing that was fetched is kept."""

    def _asked(self, task: Task, output: Output) -> "aiohttp.client._RequestContextManager":
        assert task.server is not None
        return self._get(task.server, self.address(task, output))

    def _get(self, server: ServerUrl, url: str) -> "aiohttp.client._RequestContextManager":
        access = self._access_of(server)
        return self._session.get(
            access.with_query(url) if access else url,
            headers=access.headers() if access else None,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(sock_connect=SILENT_FOR, sock_read=SILENT_FOR),
        )


async def _body(answer: aiohttp.ClientResponse, limit: int) -> Blob | None:
    """Return what a server sends; None if it has more bytes."""
    parts, length = [], 0
    async for part in answer.content.iter_chunked(_CHUNK):
        length += len(part)
        if length > limit:
            return None
        parts.append(part)
    return Blob(b"".join(parts))
