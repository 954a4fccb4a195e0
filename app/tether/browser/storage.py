"""sessionStorage and localStorage, under this page's prefix."""

from collections.abc import Callable
from contextlib import suppress
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
    """Small texts in a storage, and in memory what the browser doesn't take or give back.

    It may refuse at any time, not only from the start: it is full, or the person forbids it.
    """

    def __init__(self, storage_name: str, prefix: str, emit: Emit) -> None:
        self._prefix = prefix
        self._emit = emit
        self._storage: Any = None
        self._known: dict[str, str | None] = {}
        self._refused: set[str] = set()
        """The keys whose last text the browser has not taken."""
        self._scope = ProxyScope()
        try:
            self._storage = getattr(js, storage_name)
        except JsException:
            emit(StorageFailed(Trouble.of("storage_forbidden")))

    def read_all(self) -> dict[str, str]:
        """Return all records, without the prefix."""
        if self._storage is not None:
            with suppress(JsException):
                self._known = self._found() | {key: self._known[key] for key in self._refused}
        return {key: text for key, text in self._known.items() if text is not None}

    def _found(self) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for index in range(self._storage.length):
            key = self._storage.key(index)
            if key.startswith(self._prefix):
                found[key.removeprefix(self._prefix)] = str(self._storage.getItem(key))
        return found

    def read(self, key: str) -> str | None:
        if self._storage is not None and key not in self._refused:
            with suppress(JsException):
                # A missing item is JavaScript's null, which is not None.
                text = self._storage.getItem(self._prefix + key)
                self._known[key] = text if isinstance(text, str) else None
        return self._known.get(key)

    def write(self, key: str, text: str | None) -> None:
        """Store or delete a record; reports one that doesn't fit."""
        self._known[key] = text
        if self._storage is None:
            return
        self._refused.discard(key)
        try:
            if text is None:
                self._storage.removeItem(self._prefix + key)
            else:
                self._storage.setItem(self._prefix + key, text)
        except JsException as error:
            self._refused.add(key)
            is_full = error.name == "QuotaExceededError"
            self._emit(
                StorageFailed(Trouble.of("storage_full" if is_full else "storage_forbidden"))
            )

    def listen(self, on_change: Callable[[str, str | None], None]) -> None:
        """Report what other windows write, for as long as the page lives."""

        def on_storage(event: Any) -> None:
            # The key is JavaScript's null when all is cleared, which no page does.
            if isinstance(event.key, str) and event.key.startswith(self._prefix):
                key, text = event.key.removeprefix(self._prefix), event.newValue
                self._refused.discard(key)
                on_change(key, text if isinstance(text, str) else None)

        self._scope.listen(js.window, "storage", on_storage)
