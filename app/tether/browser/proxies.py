"""Who owns the proxies through which JavaScript calls Python; what the stores share."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import js
from pyodide.ffi import create_proxy, to_js

Key = TypeVar("Key", bound=str)


class ProxyScope:
    """Makes proxies and destroys them together, exactly once.

    A bare callable given to JavaScript is destroyed before it is called; a proxy that nobody
    destroys is never freed.
    """

    def __init__(self) -> None:
        self._proxies: list[Any] = []
        self._listeners: list[tuple[Any, str, Any]] = []

    def proxy(self, function: Callable[..., Any]) -> Any:
        """Make a proxy that lives as long as the scope."""
        proxy = create_proxy(function)
        self._proxies.append(proxy)
        return proxy

    def listen(self, target: Any, name: str, function: Callable[..., Any]) -> None:
        """Listen to a DOM event until the scope ends."""
        proxy = self.proxy(function)
        target.addEventListener(name, proxy)
        self._listeners.append((target, name, proxy))

    def end(self) -> None:
        """Stop listening and free the proxies; safe to call twice."""
        for target, name, proxy in self._listeners:
            target.removeEventListener(name, proxy)
        self._listeners.clear()
        proxies, self._proxies = self._proxies, []
        for proxy in proxies:
            proxy.destroy()


async def ended(source: Any, name: str, scope: ProxyScope) -> None:
    """Wait for the good or bad end of a request or transaction of IndexedDB.

    Raises:
        OSError: The bad one, with the browser's reason.
    """
    future: asyncio.Future[None] = asyncio.get_event_loop().create_future()

    def good(_event: Any) -> None:
        if not future.done():
            future.set_result(None)

    def bad(event: Any) -> None:
        event.preventDefault()
        if not future.done():
            future.set_exception(OSError(str(source.error)))

    scope.listen(source, name, good)
    # A request's error passes its transaction on the way, which must then abort.
    for kind in ("abort",) if hasattr(source, "abort") else ("error", "blocked"):
        scope.listen(source, kind, bad)
    await future


async def refuses_blobs(database: Any, store: str) -> bool:
    """Say whether a store takes no blobs, by one that is deleted at once.

    Tried alone: beside other requests such a refusal can block the database for good.
    Source: WebKitGTK 2.50.6 in a private session, measured.
    """
    transaction = database.transaction(store, "readwrite")
    blobs = transaction.objectStore(store)
    blobs.put(js.Blob.new(), "")
    blobs.delete("")
    scope = ProxyScope()
    try:
        await ended(transaction, "complete", scope)
    except OSError:
        return True
    finally:
        scope.end()
    return False


async def packed(blobs: Mapping[Key, Any]) -> dict[Key, Any]:
    """Return blobs as what every store takes, their bytes and their type; texts are left."""
    found = {}
    for key, blob in blobs.items():
        if isinstance(blob, str):
            found[key] = blob
            continue
        parts = {"content": await blob.arrayBuffer(), "type": blob.type}
        found[key] = to_js(parts, dict_converter=js.Object.fromEntries)
    return found


def blob_of(value: Any) -> Any:
    """Return what was stored as a blob again, whichever way it was."""
    content = getattr(value, "content", None)
    if content is None:
        return value
    options = to_js({"type": value.type}, dict_converter=js.Object.fromEntries)
    return js.Blob.new(to_js([content]), options)
