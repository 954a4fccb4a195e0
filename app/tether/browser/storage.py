"""sessionStorage and localStorage, under this page's prefix."""

from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import JsException

from tether.browser.proxies import ProxyScope
from tether.core.errors import Trouble
from tether.core.events import Emit, StorageFailed


def own_prefix(pathname: str) -> str:
    """Return the prefix of this page's names in storage that all pages of the origin share.

    Those may be all GitHub Pages of a person; the page's folder tells them apart.
    """
    return f"tether:{pathname[: pathname.rfind('/') + 1]}:"


class BrowserRecords:
    """Small texts in a storage; in memory when the browser forbids storage."""

    def __init__(self, storage_name: str, prefix: str, emit: Emit) -> None:
        self._prefix = prefix
        self._emit = emit
        self._storage: Any = None
        self._memory: dict[str, str] = {}
        self._scope = ProxyScope()
        try:
            self._storage = getattr(js, storage_name)
        except JsException:
            emit(StorageFailed(Trouble.of("storage_forbidden")))

    def read_all(self) -> dict[str, str]:
        """Return all records, without the prefix."""
        if self._storage is None:
            return dict(self._memory)
        found = {}
        for index in range(self._storage.length):
            key = self._storage.key(index)
            if key.startswith(self._prefix):
                found[key.removeprefix(self._prefix)] = str(self._storage.getItem(key))
        return found

    def read(self, key: str) -> str | None:
        if self._storage is None:
            return self._memory.get(key)
        # A missing item is JavaScript's null, which is not None.
        text = self._storage.getItem(self._prefix + key)
        return text if isinstance(text, str) else None

    def write(self, key: str, text: str | None) -> None:
        """Store or delete a record; reports one that doesn't fit."""
        if self._storage is None:
            if text is None:
                self._memory.pop(key, None)
            else:
                self._memory[key] = text
        elif text is None:
            self._storage.removeItem(self._prefix + key)
        else:
            try:
                self._storage.setItem(self._prefix + key, text)
            except JsException as error:
                self._emit(StorageFailed(Trouble.of("storage_full", detail=error.message)))

    def listen(self, on_change: Callable[[str, str | None], None]) -> None:
        """Report what other windows write, for as long as the page lives."""

        def on_storage(event: Any) -> None:
            # The key is JavaScript's null when all is cleared, which no page does.
            if isinstance(event.key, str) and event.key.startswith(self._prefix):
                text = event.newValue
                on_change(
                    event.key.removeprefix(self._prefix), text if isinstance(text, str) else None
                )

        self._scope.listen(js.window, "storage", on_storage)
