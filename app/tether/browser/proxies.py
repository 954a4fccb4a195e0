"""Owners of the proxies through which JavaScript calls Python, and IndexedDB's requests."""

import asyncio
from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import JsException, create_proxy


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


async def ended(source: Any, name: str) -> None:
    """Wait for the event by which a request or transaction of IndexedDB succeeds.

    Raises:
        OSError: It failed, with the browser's reason.
    """
    future: asyncio.Future[None] = asyncio.get_event_loop().create_future()
    scope = ProxyScope()

    def good(_event: Any) -> None:
        if not future.done():
            future.set_result(None)

    def bad(event: Any) -> None:
        event.preventDefault()
        if not future.done():
            future.set_exception(OSError(str(source.error)))

    scope.listen(source, name, good)
    # A request's error passes its transaction on the way, which must then abort.
    for kind in ("abort",) if hasattr(source, "abort") else ("error",):
        scope.listen(source, kind, bad)
    try:
        await future
    finally:
        scope.end()


async def open_database(name: str, version: int, create: Callable[[Any], None]) -> Any:
    """Open an IndexedDB database; `create` makes the stores of a new version.

    Raises:
        OSError: The browser refuses, with its reason.
    """
    scope = ProxyScope()
    try:
        request = js.indexedDB.open(name, version)
        scope.listen(request, "upgradeneeded", lambda _event: create(request.result))
        await ended(request, "success")
    except JsException as error:
        raise OSError(str(error)) from error
    finally:
        scope.end()
    return request.result


async def refuses_blobs(database: Any, store: str) -> bool:
    """Find out whether a store takes no blobs, with one that is deleted at once.

    Alone in its transaction: beside other requests a refusal can block the database for good.
    Source: WebKitGTK 2.50.6 in a private session, measured.
    """
    transaction = database.transaction(store, "readwrite")
    blobs = transaction.objectStore(store)
    blobs.put(js.Blob.new(), "")
    blobs.delete("")
    try:
        await ended(transaction, "complete")
    except OSError:
        return True
    return False
