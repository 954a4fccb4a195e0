"""Web Locks, which one page at a time holds."""

import asyncio
from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import JsException

from tether.browser.proxies import ProxyScope
from tether.browser.values import to_object
from tether.core.ids import ServerUrl, WindowId
from tether.core.windows.transfers import PLACES, Direction, places


class NamedLocks:
    """The locks that all pages of a folder share; `prefix` starts their names."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._holdings: set[asyncio.Task[None]] = set()

    async def hold(self, name: str, **options: bool) -> Callable[[], None] | None:
        """Wait for a lock; returns what releases it, or None when it isn't granted."""
        granted: asyncio.Future[Any] = asyncio.get_event_loop().create_future()
        holding = asyncio.ensure_future(self._hold(name, options, granted))
        self._holdings.add(holding)
        holding.add_done_callback(self._holdings.discard)
        try:
            release = await granted
        except asyncio.CancelledError:
            granted.cancel()
            raise
        return release  # type: ignore[no-any-return] # of JavaScript

    async def _hold(
        self, name: str, options: dict[str, bool], granted: asyncio.Future[Any]
    ) -> None:
        scope = ProxyScope()
        held = js.Promise.withResolvers()

        def on_lock(lock: Any) -> Any:
            # Without a lock it is JavaScript's null.
            if not lock or granted.done():
                return None
            granted.set_result(held.resolve)
            return held.promise

        try:
            await js.navigator.locks.request(
                f"{self._prefix}{name}", to_object(options), scope.proxy(on_lock)
            )
        except JsException as error:
            js.console.info(f"Tether: the lock is gone: {error}")  # stolen, or never granted
        finally:
            scope.end()
            if not granted.done():
                granted.set_result(None)


class BrowserLock:
    """Holds a claim as a Web Lock, which the browser frees when the page ends or crashes."""

    is_proof = True

    @staticmethod
    def is_there() -> bool:
        """Whether the browser has Web Locks here: only secure pages do."""
        return hasattr(js.navigator, "locks")

    def __init__(self, prefix: str) -> None:
        self._locks = NamedLocks(prefix)
        self._release: Callable[[], None] | None = None

    async def take(self, window_id: WindowId, _token: str) -> bool:
        """Take the lock unless another page has it."""
        return await self._request(window_id, ifAvailable=True)

    async def seize(self, window_id: WindowId, _token: str) -> None:
        await self._request(window_id, steal=True)

    def release(self) -> None:
        if self._release is not None:
            self._release()
            self._release = None

    async def _request(self, window_id: WindowId, **options: bool) -> bool:
        self.release()
        self._release = await self._locks.hold(f"window:{window_id}", **options)
        return self._release is not None


class BrowserTransfers:
    """Limits the bulk transfers to each server through Web Locks."""

    def __init__(self, prefix: str) -> None:
        self._locks = NamedLocks(prefix)
        self._turn = 0

    async def begin(self, direction: Direction, server: ServerUrl) -> Callable[[], None]:
        """Wait for one of a server's places; returns what gives it back."""
        names = places(direction, server)
        for name in names:
            release = await self._locks.hold(name, ifAvailable=True)
            if release is not None:
                return release
        self._turn += 1
        release = await self._locks.hold(names[self._turn % PLACES])
        return release or (lambda: None)  # the page is ending: no lock is granted any more
