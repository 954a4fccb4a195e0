"""Result files: fetched with their server's token, and shown as `blob:` of this page."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import js
from pyodide.ffi import JsException

from tether.browser.values import body_of, fetch_options, in_time, to_object
from tether.core.ids import ServerUrl, TaskId
from tether.core.model.task import Task
from tether.core.protocol.access_token import Access
from tether.core.protocol.address import target_space
from tether.core.protocol.handover import GONE, ResultSource, is_web_page
from tether.core.protocol.outputs import (
    LARGEST_ASKED,
    LARGEST_UNASKED,
    Fetched,
    Output,
    smaller_url,
    view_url,
)
from tether.core.windows.transfers import Begin

Kept: TypeAlias = Callable[[Task, Output], Awaitable[Any | None]]

_SHOWN = ("image/", "video/", "audio/")


class BrowserMedia:
    """Fetches results, two of a server at a time; their addresses are `blob:` of their content.

    An `<img>` sends no headers, can't say that a server is on the local network, fetches
    whatever size comes, and takes one of the six connections that all calls to a server share.
    """

    def __init__(self, access_of: Callable[[ServerUrl], Access | None], begin: Begin) -> None:
        self._access_of = access_of
        self._begin = begin
        self._page = str(js.location.href)
        self._kept: Kept = _nothing
        self._shown: dict[TaskId, dict[str, Fetched]] = {}
        self._loads: dict[tuple[TaskId, str, bool], asyncio.Task[Fetched]] = {}

    def is_direct(self, task: Task) -> bool:
        """Whether a player or a link gets a task's results by their addresses."""
        server = task.server
        if server is None:
            return True
        return self._access_of(server) is None and target_space(self._page, server) is None

    def address(self, task: Task, output: Output) -> str:
        """Return a result's address: on its server, or `blob:` once it was fetched."""
        _, url = _place(task, output)
        if self.is_direct(task):
            return url
        return self._shown.get(task.task_id, {}).get(url, Fetched(url)).address

    async def fetch(self, task: Task, output: Output, *, is_asked: bool) -> Fetched:
        """Fetch a result; of a large picture that no person asked for, a smaller copy."""
        _, url = _place(task, output)
        found = await self._found(task, output, url, is_asked)
        if not found.size or output.kind != "image":
            return found
        smaller = await self._found(task, output, smaller_url(url), is_asked)
        return smaller._replace(size=found.size)

    async def content(self, task: Task, output: Output, limit: int) -> Any | None:
        """Return a result as a Blob; None if it has more bytes or can't be had.

        It is fetched once: its card has it then as well.
        """
        is_asked = limit > LARGEST_UNASKED
        _, url = _place(task, output)
        blob = (await self._found(task, output, url, is_asked)).content
        return blob if blob is not None and blob.size <= limit else None

    def take_from(self, kept: Kept) -> None:
        """Take the results of tasks that are kept from there, and only others from servers."""
        self._kept = kept

    async def kept(self, task: Task, output: Output) -> Any | None:
        """Return a result that is kept whole, whatever has become of its server."""
        return await self._kept(task, output) if task.is_kept else None

    async def bring(self, source: ResultSource) -> Any | None:
        """Return a result for another task; None where its server has it no more.

        Raises:
            OSError: It can't be had now, or is too large.
        """
        url = view_url(source.server, source.output, source.prompt_id)
        try:
            blob, status, _, kind = await self._ask(source.server, url, LARGEST_ASKED)
        except JsException as error:
            raise OSError(str(error)) from error
        if blob is None and status in GONE and not is_web_page(kind):
            return None
        if blob is None or is_web_page(kind):
            raise OSError(f"{url} answered {status}")
        return _inert(blob)

    def retain(self, is_shown: Callable[[TaskId], bool]) -> None:
        for task_id in [each for each in self._shown if not is_shown(each)]:
            for fetched in self._shown.pop(task_id).values():
                js.URL.revokeObjectURL(fetched.address)

    async def _found(self, task: Task, output: Output, url: str, is_asked: bool) -> Fetched:
        """Return a result; its address may be revoked any moment, its content stays."""
        task_id = task.task_id
        known = self._shown.setdefault(task_id, {}).get(url)
        if known is not None:
            return known
        key = (task_id, url, is_asked)
        if key not in self._loads:
            self._loads[key] = asyncio.ensure_future(self._load(task, output, url, is_asked))
            self._loads[key].add_done_callback(lambda _done: self._loads.pop(key))
        return await asyncio.shield(self._loads[key])

    async def _load(self, task: Task, output: Output, url: str, is_asked: bool) -> Fetched:
        task_id, (server, _) = task.task_id, _place(task, output)
        try:
            blob, size = await self.kept(task, output), 0
            if blob is None:
                blob, size = await self._get(server, url, is_asked)
        except (JsException, OSError):
            blob, size = None, 0  # the card says that it can't be fetched
        if blob is None:
            return Fetched("", size)
        blob = _inert(blob)
        if task_id not in self._shown:  # its card has gone meanwhile
            return Fetched("", size, blob)
        fetched = Fetched(str(js.URL.createObjectURL(blob)), content=blob)
        self._shown[task_id][url] = fetched
        return fetched

    async def _get(self, server: ServerUrl, url: str, is_asked: bool) -> tuple[Any | None, int]:
        """Return (file, 0), or (None, its bytes) if somebody must ask, else (None, 0).

        Raises:
            JsException: Nothing answers.
            OSError: Nothing comes any more, or too little.
        """
        limit = LARGEST_ASKED if is_asked else LARGEST_UNASKED
        blob, status, size, _ = await self._ask(server, url, limit)
        is_left = blob is None and not is_asked and 200 <= status < 300
        return blob, max(size, limit) if is_left else 0

    async def _ask(
        self, server: ServerUrl, url: str, limit: int
    ) -> tuple[Any | None, int, int, str]:
        """Return a file, None if it has more bytes or there is none; its status, bytes and type.

        Raises:
            JsException: Nothing answers.
            OSError: Nothing comes any more, or too little.
        """
        controller = js.AbortController.new()
        whole, options = fetch_options(self._page, server, url, self._access_of(server))
        options["signal"] = controller.signal
        release = await self._begin(server)
        try:
            answer = await in_time(js.fetch(whole, to_object(options)))
            told = str(answer.headers.get("content-length") or "")
            size = int(told) if told.isdecimal() else 0
            is_wanted = answer.ok and size <= limit
            blob = await body_of(answer, limit) if is_wanted else None
            if blob is None:
                controller.abort()
            return blob, int(answer.status), size, str(answer.headers.get("content-type") or "")
        except OSError:
            controller.abort()
            raise
        finally:
            release()


async def _nothing(_task: Task, _output: Output) -> None:
    """Keep nothing."""


def _place(task: Task, output: Output) -> tuple[ServerUrl, str]:
    assert task.server is not None
    return task.server, view_url(task.server, output, task.prompt_id)


def _inert(blob: Any) -> Any:
    """Take the type from a file that could run scripts as this page: HTML, SVG."""
    kind = str(blob.type)
    if kind.startswith(_SHOWN) and "svg" not in kind:
        return blob
    return blob.slice(0, blob.size, "application/octet-stream")
