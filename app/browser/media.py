"""Results that an `<img>` can't ask for: fetched, and shown from the page itself."""

import asyncio
from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import JsException, to_js

from app.core.access import Access
from app.core.address_space import target_space
from app.core.ids import ServerUrl, TaskId

_SHOWN = ("image/", "video/", "audio/")


class BrowserMedia:
    """Gives results addresses; those of a server with a token are `blob:` of their content.

    An `<img>` sends no headers, and a token in an address would be copied with it. Nor can one
    say that a server is on the local network, as https pages have to.

    Args:
        access_of: Returns a server's token, if it has one.
    """

    def __init__(self, access_of: Callable[[ServerUrl], Access | None]) -> None:
        self._access_of = access_of
        self._urls: dict[TaskId, dict[str, str]] = {}
        self._contents: dict[tuple[TaskId, str], Any] = {}
        self._loads: dict[tuple[TaskId, str], asyncio.Task[None]] = {}
        self.on_ready: Callable[[], None] = lambda: None
        """Called when an address has come that was "" before."""

    def address(self, task_id: TaskId, server: ServerUrl, url: str) -> str:
        """Return where the page finds a result; "" until it has come."""
        found = self._urls.get(task_id, {}).get(url)
        if found is not None:
            return found
        access = self._access_of(server)
        if access is None and target_space(str(js.location.href), server) is None:
            return url
        key = (task_id, url)
        if key not in self._loads:
            self._urls.setdefault(task_id, {})
            self._loads[key] = asyncio.ensure_future(self._load(task_id, server, url, access))
        return ""

    async def wait(self, task_id: TaskId) -> None:
        """Wait until all that was asked for a task has come."""
        loads = [load for (owner, _), load in self._loads.items() if owner == task_id]
        if loads:
            await asyncio.wait(loads)

    def forget(self, task_id: TaskId) -> None:
        """Free what a task's card showed."""
        for url, address in self._urls.pop(task_id, {}).items():
            self._contents.pop((task_id, url), None)
            if address.startswith("blob:"):
                js.URL.revokeObjectURL(address)

    async def content(self, task_id: TaskId, server: ServerUrl, url: str, limit: int) -> Any | None:
        """Return a result as a Blob; None if it has more bytes or can't be had.

        What was fetched for a card is not fetched again. Others of the page's calls go first.
        """
        await self.wait(task_id)
        if (task_id, url) in self._contents:
            found = self._contents[task_id, url]
            return found if found.size <= limit else None
        try:
            answer = await self._fetch(server, url, self._access_of(server), priority="low")
            return await _within(answer, limit) if answer.ok else None
        except JsException:
            return None

    async def _load(
        self, task_id: TaskId, server: ServerUrl, url: str, access: Access | None
    ) -> None:
        address = url  # a picture that can't be fetched is shown as broken, without the token
        try:
            answer = await self._fetch(server, url, access)
            if answer.ok:
                content = _inert(await answer.blob())
                address = str(js.URL.createObjectURL(content))
                self._contents[task_id, url] = content
        except JsException:
            pass
        del self._loads[task_id, url]
        if task_id in self._urls:
            self._urls[task_id][url] = address
            self.on_ready()
        elif address != url:
            self._contents.pop((task_id, url), None)
            js.URL.revokeObjectURL(address)

    async def _fetch(self, server: ServerUrl, url: str, access: Access | None, **more: str) -> Any:
        options: dict[str, Any] = {"credentials": "omit", "referrerPolicy": "no-referrer", **more}
        whole = url
        if access is not None:
            whole = access.with_query(url)
            options |= {"headers": access.headers(), "redirect": "error"}
        space = target_space(str(js.location.href), server)
        if space is not None:
            options["targetAddressSpace"] = space
        return await js.fetch(whole, to_js(options, dict_converter=js.Object.fromEntries))


def _inert(blob: Any) -> Any:
    """Take the type of what could run as a page of ours: HTML, SVG."""
    kind = str(blob.type)
    if kind.startswith(_SHOWN) and "svg" not in kind:
        return blob
    return blob.slice(0, blob.size, "application/octet-stream")


async def _within(answer: Any, limit: int) -> Any | None:
    """Read an answer's body as it comes, and no further than to the limit."""
    length = answer.headers.get("content-length")
    if isinstance(length, str) and length.isdigit() and int(length) > limit:
        await answer.body.cancel()
        return None
    reader, parts, size = answer.body.getReader(), js.Array.new(), 0
    while not (part := await reader.read()).done:
        size += int(part.value.length)
        if size > limit:
            await reader.cancel()
            return None
        parts.push(part.value)
    return js.Blob.new(parts)
