"""The gallery's entries and their contents, in an IndexedDB of their own; and its thumbnails."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import js
from pyodide.ffi import JsException

from tether.browser.database import Ask, Database, Stores
from tether.browser.page import BrowserChannel
from tether.browser.proxies import ProxyScope
from tether.browser.values import blob_of, packed

_ENTRIES = "entries"
"""Prompt id -> what `write_entry` returned."""

_CONTENTS = "contents"
"""Name -> Blob."""

_REMOVED = "gone"
"""Prompt id -> when it was removed (ms): a window that still has its task must know."""

_STORES = (_ENTRIES, _CONTENTS, _REMOVED)
_VERSION = 1

_UNDO_MS = 15 * 1000
"""How long a removal can be undone."""

_REMOVAL_KEPT_MS = 30 * 24 * 3600 * 1000

Select = Callable[[list[str], list[str]], tuple[Iterable[str], set[str]]]
"""Takes the standing entries and the removed ones that can still be put back; returns the prompt
ids of those to evict, and the names of the contents that the remaining ones need."""


class GalleryStore:
    """Entries and blobs by name; any method may raise OSError with the browser's reason."""

    def __init__(self, name: str) -> None:
        self._database = Database(name, _VERSION, _create)
        self._channel = BrowserChannel(name)
        self._within = self._database.within
        self._packs = False

    def follow(self, on_change: Callable[[], None]) -> None:
        """Call a function when another window has changed something, from now on."""
        self._channel.listen(lambda _text: on_change())

    async def open(self) -> None:
        """Open the database; to be awaited first."""
        await self._database.open()
        self._packs = await self._database.refuses_blobs(_CONTENTS)

    async def room(self) -> float:
        """Return the bytes that the browser grants the page, infinite where it won't say."""
        # There is none on plain http, nor in older WebKits.
        storage: Any = getattr(js.navigator, "storage", None)
        if not hasattr(storage, "estimate"):
            return float("inf")
        try:
            return float((await storage.estimate()).quota)
        except JsException as error:
            raise OSError(str(error)) from error

    async def known(self) -> set[str]:
        """Return the prompt ids of all entries, also of removed ones, which must not come back."""
        here, gone = await self._within(
            "readonly",
            lambda stores, _: [stores[_ENTRIES].getAllKeys(), stores[_REMOVED].getAllKeys()],
        )
        return {*here.result, *gone.result}

    async def entries(self) -> list[str]:
        """Return the texts of all entries but the removed ones."""

        def ask(stores: Stores, _scope: ProxyScope) -> list[Any]:
            entries = stores[_ENTRIES]
            return [entries.getAllKeys(), entries.getAll(), stores[_REMOVED].getAllKeys()]

        keys, texts, gone = await self._within("readonly", ask)
        off = set(gone.result)
        return [text for key, text in zip(keys.result, texts.result, strict=True) if key not in off]

    async def entry(self, prompt_id: str) -> str | None:
        """Return the text of an entry, if it is here and not removed."""

        def ask(stores: Stores, _scope: ProxyScope) -> tuple[Any, Any]:
            return stores[_ENTRIES].get(prompt_id), stores[_REMOVED].getKey(prompt_id)

        text, gone = await self._within("readonly", ask)
        return str(text.result) if text.result and not gone.result else None

    async def put(
        self, prompt_id: str, text: str, contents: Mapping[str, Any], *, is_new: bool = True
    ) -> bool:
        """Write an entry; False when another window has done so already.

        One that isn't new is written where it stands; False when it is gone meanwhile.
        """
        if self._packs:
            contents = await packed(contents)
        written = []

        def put(stores: Stores, scope: ProxyScope) -> None:
            def on_found(event: Any) -> None:
                if bool(event.target.result) is is_new:  # a missing key is undefined
                    return
                written.append(prompt_id)
                stores[_ENTRIES].put(text, prompt_id)
                for name, content in contents.items():
                    stores[_CONTENTS].put(content, name)

            scope.listen(stores[_ENTRIES].getKey(prompt_id), "success", on_found)

        await self._change(put)
        return bool(written)

    async def read(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the contents of these names, without those that are not here."""
        asked = await self._within(
            "readonly", lambda stores, _: [(name, stores[_CONTENTS].get(name)) for name in names]
        )
        return {name: blob_of(request.result) for name, request in asked if request.result}

    async def remove(self, prompt_id: str) -> None:
        """Remove an entry; its contents stay until it can't be put back."""
        await self._change(lambda stores, _: stores[_REMOVED].put(js.Date.now(), prompt_id))

    async def put_back(self, prompt_id: str) -> None:
        """Undo a removal."""
        await self._change(lambda stores, _: stores[_REMOVED].delete(prompt_id))

    async def tidy(self, select: Select) -> int:
        """Delete evicted entries and unneeded contents; returns how many entries were evicted.

        All in one transaction: else another window could start to use a content being deleted.
        """
        evicted: list[str] = []

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
                    elif now - at > _REMOVAL_KEPT_MS:
                        gone.delete(key)
                standing = [text for key, text in written.items() if key not in off]
                undoable = [text for key, text in written.items() if key in off]
                to_evict, needed = select(standing, undoable)
                for key in to_evict:
                    evicted.append(key)
                    entries.delete(key)
                    gone.put(now, key)
                for name in names.result:
                    if name not in needed:
                        contents.delete(name)

            scope.listen(names, "success", on_read)  # the last of the five

        await self._change(sweep)
        return len(evicted)

    async def _change(self, ask: Ask[None]) -> None:
        await self._within("readwrite", ask)
        self._channel.post("changed")


def _create(database: Any) -> None:
    for name in _STORES:
        database.createObjectStore(name)


THUMBNAIL_SIDE = 480
"""Pixels of a thumbnail's longer side: twice its size on the page, for dense screens."""


async def shrunk(blob: Any) -> Any | None:
    """Return a picture's thumbnail; None where the browser can't read the picture."""
    try:
        bitmap = await js.createImageBitmap(blob)
    except JsException:
        return None
    scale = min(1.0, THUMBNAIL_SIDE / max(bitmap.width, bitmap.height))
    width, height = max(1, round(bitmap.width * scale)), max(1, round(bitmap.height * scale))
    canvas = js.OffscreenCanvas.new(width, height)
    context = canvas.getContext("2d")
    context.imageSmoothingQuality = "high"
    context.drawImage(bitmap, 0, 0, width, height)
    bitmap.close()
    return await canvas.convertToBlob(type="image/webp", quality=0.8)
