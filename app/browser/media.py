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
        for url in self._urls.pop(task_id, {}).values():
            if url.startswith("blob:"):
                js.URL.revokeObjectURL(url)

    async def _load(
        self, task_id: TaskId, server: ServerUrl, url: str, access: Access | None
    ) -> None:
        address = url  # a picture that can't be fetched is shown as broken, without the token
        options: dict[str, Any] = {"credentials": "omit", "referrerPolicy": "no-referrer"}
        whole = url
        if access is not None:
            whole = access.with_query(url)
            options |= {"headers": access.headers(), "redirect": "error"}
        space = target_space(str(js.location.href), server)
        if space is not None:
            options["targetAddressSpace"] = space
        try:
            answer = await js.fetch(whole, to_js(options, dict_converter=js.Object.fromEntries))
            if answer.ok:
                address = str(js.URL.createObjectURL(_inert(await answer.blob())))
        except JsException:
            pass
        del self._loads[task_id, url]
        if task_id in self._urls:
            self._urls[task_id][url] = address
            self.on_ready()
        elif address != url:
            js.URL.revokeObjectURL(address)


def _inert(blob: Any) -> Any:
    """Take the type of what could run as a page of ours: HTML, SVG."""
    kind = str(blob.type)
    if kind.startswith(_SHOWN) and "svg" not in kind:
        return blob
    return blob.slice(0, blob.size, "application/octet-stream")
