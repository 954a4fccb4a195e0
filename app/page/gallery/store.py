"""The gallery's entries and their contents, in an IndexedDB of their own.

Small pictures of large ones, made by the browser off the page's own thread.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import js
from pyodide.ffi import JsException, to_js

from tether.browser.proxies import ProxyScope, ended, open_database, refuses_blobs
from tether.browser.values import blob_of, packed

_ENTRIES = "entries"
"""Prompt id -> what `app/page/gallery/entry.py` wrote."""

_CONTENTS = "contents"
"""Name -> Blob."""

_GONE = "gone"
"""Prompt id -> when it was taken off (ms): a window that still has its task must know."""

_STORES = (_ENTRIES, _CONTENTS, _GONE)
_VERSION = 1

_UNDO_MS = 15 * 1000
"""What was taken off can be put back for so long."""

_FORGOTTEN_MS = 30 * 24 * 3600 * 1000

T = TypeVar("T")

Stores = Mapping[str, Any]

Judge = Callable[[list[str], list[str]], tuple[Iterable[str], set[str]]]
"""Of the entries that stand, and those that can still be put back: the prompt ids of those that
have to go, and the names of the contents that the rest needs."""


class BrowserShelf:
    """Keeps texts and blobs by name; any method may raise OSError with the browser's reason."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._database: Any = None
        self._packs = False

    async def open(self) -> None:
        """Open it; to be awaited first."""
        self._database = await open_database(self._name, _VERSION, _create)
        self._packs = await refuses_blobs(self._database, _CONTENTS)

    async def room(self) -> float:
        """Return the bytes that the browser gives the page in all; endless where it won't say."""
        if not js.isSecureContext:
            return float("inf")
        told = await js.navigator.storage.estimate()
        return float(told.quota)

    async def known(self) -> set[str]:
        """Return the prompt ids of all that is here, or was and is not to come back."""
        here, gone = await self._within(
            "readonly",
            lambda stores, _: [stores[_ENTRIES].getAllKeys(), stores[_GONE].getAllKeys()],
        )
        return {*here.result, *gone.result}

    async def entries(self) -> list[str]:
        """Return the texts of all entries that stand."""

        def ask(stores: Stores, _scope: ProxyScope) -> list[Any]:
            entries = stores[_ENTRIES]
            return [entries.getAllKeys(), entries.getAll(), stores[_GONE].getAllKeys()]

        keys, texts, gone = await self._within("readonly", ask)
        off = set(gone.result)
        return [text for key, text in zip(keys.result, texts.result, strict=True) if key not in off]

    async def put(self, prompt_id: str, text: str, contents: Mapping[str, Any]) -> bool:
        """Keep an entry; returns when it is written. False when another window was faster."""
        if self._packs:
            contents = await packed(contents)
        written = []

        def put(stores: Stores, scope: ProxyScope) -> None:
            def on_found(event: Any) -> None:
                if event.target.result:  # a missing key is undefined
                    return
                written.append(prompt_id)
                stores[_ENTRIES].put(text, prompt_id)
                for name, content in contents.items():
                    stores[_CONTENTS].put(content, name)

            scope.listen(stores[_ENTRIES].getKey(prompt_id), "success", on_found)

        await self._within("readwrite", put)
        return bool(written)

    async def read(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the contents of these names, as far as they are here."""
        asked = await self._within(
            "readonly",
            lambda stores, _: [(name, stores[_CONTENTS].get(name)) for name in names],
        )
        return {name: blob_of(request.result) for name, request in asked if request.result}

    async def take_off(self, prompt_id: str) -> None:
        """Let an entry stand no more; its contents stay until it can't be put back."""
        await self._within(
            "readwrite", lambda stores, _: stores[_GONE].put(js.Date.now(), prompt_id)
        )

    async def put_back(self, prompt_id: str) -> None:
        """Let an entry stand again."""
        await self._within("readwrite", lambda stores, _: stores[_GONE].delete(prompt_id))

    async def tidy(self, judge: Judge) -> int:
        """Delete what has to go and what nobody needs; returns how many entries had to go.

        All in one transaction: else another window could take up a content that is being deleted.
        """
        had_to_go: list[str] = []

        def sweep(stores: Stores, scope: ProxyScope) -> None:
            entries, contents, gone = (stores[name] for name in _STORES)
            keys, texts = entries.getAllKeys(), entries.getAll()
            off_keys, off_times = gone.getAllKeys(), gone.getAll()
            names = contents.getAllKeys()

            def on_read(_event: Any) -> None:
                now = js.Date.now()
                written = dict(zip(keys.result, texts.result, strict=True))
                off = dict(zip(off_keys.result, off_times.result, strict=True))
                for key, at in off.items():
                    if now - at > _UNDO_MS and written.pop(key, None) is not None:
                        entries.delete(key)
                    elif now - at > _FORGOTTEN_MS:
                        gone.delete(key)
                standing = [text for key, text in written.items() if key not in off]
                undoable = [text for key, text in written.items() if key in off]
                leaving, needed = judge(standing, undoable)
                for key in leaving:
                    had_to_go.append(key)
                    entries.delete(key)
                    gone.put(now, key)
                for name in names.result:
                    if name not in needed:
                        contents.delete(name)

            scope.listen(names, "success", on_read)  # the last of the five

        await self._within("readwrite", sweep)
        return len(had_to_go)

    async def _within(self, mode: str, ask: Callable[[Stores, ProxyScope], T]) -> T:
        """Make requests in one transaction, and return them when it is complete."""
        scope = ProxyScope()
        try:
            transaction = self._database.transaction(to_js(_STORES), mode)
            asked = ask({name: transaction.objectStore(name) for name in _STORES}, scope)
            await ended(transaction, "complete")
            return asked
        except JsException as error:
            raise OSError(str(error)) from error
        finally:
            scope.end()


def _create(database: Any) -> None:
    for name in _STORES:
        database.createObjectStore(name)


SIDE = 480
"""Pixels of a thumbnail's longer side: twice what is shown, for dense screens."""


async def shrunk(blob: Any) -> Any | None:
    """Return a picture's thumbnail; None where the browser can't read the picture."""
    try:
        bitmap = await js.createImageBitmap(blob)
    except JsException:
        return None
    scale = min(1.0, SIDE / max(bitmap.width, bitmap.height))
    width, height = max(1, round(bitmap.width * scale)), max(1, round(bitmap.height * scale))
    canvas = js.OffscreenCanvas.new(width, height)
    context = canvas.getContext("2d")
    context.imageSmoothingQuality = "high"
    context.drawImage(bitmap, 0, 0, width, height)
    bitmap.close()
    return await canvas.convertToBlob(type="image/webp", quality=0.8)
