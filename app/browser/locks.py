"""Web Locks: only one page at a time has the lock of a name."""

import asyncio
from typing import Any

import js
from pyodide.ffi import JsException, to_js

from app.browser.proxies import ProxyScope
from app.core.ids import WindowId


class BrowserLock:
    """Holds a claim as a Web Lock, which the browser frees when the page ends or crashes."""

    is_proof = True

    @staticmethod
    def is_there() -> bool:
        """Say whether the browser has Web Locks here: on secure pages alone."""
        return hasattr(js.navigator, "locks")

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._release: Any = None
        self._holdings: set[asyncio.Task[None]] = set()

    async def take(self, window_id: WindowId, _token: str) -> bool:
        """Take the lock unless another page has it."""
        return await self._request(window_id, ifAvailable=True)

    async def seize(self, window_id: WindowId, _token: str) -> None:
        """Take the lock from whoever has it."""
        await self._request(window_id, steal=True)

    def leave(self) -> None:
        """Let go of the lock, if there is one."""
        if self._release is not None:
            self._release()
            self._release = None

    async def _request(self, window_id: WindowId, **options: bool) -> bool:
        self.leave()
        granted: asyncio.Future[bool] = asyncio.get_event_loop().create_future()
        holding = asyncio.ensure_future(self._hold(window_id, options, granted))
        self._holdings.add(holding)
        holding.add_done_callback(self._holdings.discard)
        return await granted

    async def _hold(
        self, window_id: WindowId, options: dict[str, bool], granted: asyncio.Future[bool]
    ) -> None:
        """Have the lock until it is released or stolen."""
        scope = ProxyScope()
        held = js.Promise.withResolvers()

        def on_lock(lock: Any) -> Any:
            # Without a lock it is JavaScript's null.
            if lock:
                self._release = held.resolve
            granted.set_result(bool(lock))
            return held.promise if lock else None

        told = to_js(options, dict_converter=js.Object.fromEntries)
        try:
            await js.navigator.locks.request(
                f"{self._prefix}window:{window_id}", told, scope.proxy(on_lock)
            )
        except JsException as error:
            js.console.info(f"Tether: the lock is gone: {error}")  # stolen, or never given
        finally:
            scope.end()
            if not granted.done():
                granted.set_result(False)
