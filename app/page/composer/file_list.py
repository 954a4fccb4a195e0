"""The list of files that are chosen for the next tasks, one of each."""

from collections.abc import Callable
from typing import Any

import js

from page.ui.dom import button, by_id, element, listen
from page.ui.file_kinds import kind_of
from page.ui.words import Words
from tether.core.protocol.node_info import FileKind

LARGEST_DECODED = 16 * 2**20
"""Bytes beyond which a picture that isn't shown may only be too large for this device."""

DECODED = frozenset(f"image/{kind}" for kind in ("png", "jpeg", "webp", "gif", "bmp"))
"""What every browser decodes, if it is whole."""

_GLYPHS = {"audio": "♫", "file": "◇"}


class FileList:
    """Shows files by keys, of which none is ever used twice; `on_broken` is told of broken ones."""

    def __init__(self, words: Words, on_broken: Callable[[str, str, Any], None]) -> None:
        self._words = words
        self._on_broken = on_broken
        self._files: dict[str, tuple[str, Any]] = {}
        self._count = 0
        self.element = by_id("pictures")
        # This event doesn't bubble.
        listen(self.element, "error", self._not_decoded, is_first=True)

    def __contains__(self, key: object) -> bool:
        return key in self._files

    def __len__(self) -> int:
        return len(self._files)

    def all(self) -> list[tuple[str, str, Any]]:
        """Return the files as (key, file name, JS File)."""
        return [(key, name, file) for key, (name, file) in self._files.items()]

    def file(self, key: str) -> Any:
        """Return a JS File that is in the list."""
        return self._files[key][1]

    def put(self, name: str, file: Any) -> str:
        """Add a file at the end; returns its key."""
        key = self._new_key()
        self._files[key] = name, file
        self.element.append(self._item(key, name, file))
        return key

    def replace(self, key: str, file: Any) -> str:
        """Put a file in the place of another one that is in the list; returns its key."""
        new, name = self._new_key(), str(file.name)
        kept = self._files.items()
        self._files = dict((new, (name, file)) if each[0] == key else each for each in kept)
        old, item = self._found(key), self._item(new, name, file)
        _forget(old)
        old.replaceWith(item)
        item.querySelector(".mask").focus()
        return new

    def drop(self, key: str) -> bool:
        """Take a file off the list; tells whether it was there."""
        if self._files.pop(key, None) is None:
            return False
        item = self._found(key)
        _forget(item)
        item.remove()
        return True

    def offer_masks(self, is_offered: bool) -> None:
        """Offer to paint masks on pictures, or no longer."""
        self.element.classList.toggle("masked", is_offered)

    def offer_workflow(self, key: str) -> None:
        """Offer to open the workflow that a picture carries, instead of using the picture."""
        if key in self._files:
            label = self._words.say("compose.its_workflow")
            self._found(key).append(button("workflow", key, label, "quiet carried"))

    def _new_key(self) -> str:
        self._count += 1
        return f"p{self._count}"

    def _found(self, key: str) -> Any:
        return self.element.querySelector(f'[data-picture="{key}"]')

    def _item(self, key: str, name: str, file: Any) -> Any:
        """Make what shows a file, with what can be done to it."""
        say, kind = self._words.say, kind_of(str(file.type), name)
        remove = button("remove", key, "×", aria_label=say("compose.remove", picture=name))
        named = element("span", "", "", element("bdi", "", name), title=name)
        parts = [_thumbnail(kind, file), named, remove]
        if kind == "picture":
            label = say("mask.title", picture=name)
            parts.append(button("mask", key, say("mask.open"), "quiet mask", aria_label=label))
        return element("li", "", "", *parts, data_picture=key)

    def _not_decoded(self, event: Any) -> None:
        """Tell of a picture that is broken; what this browser doesn't know, a server may."""
        key = str(event.target.parentElement.dataset.picture)
        if key in self._files:
            name, file = self._files[key]
            if str(file.type) in DECODED and file.size <= LARGEST_DECODED:
                self._on_broken(key, name, file)


def _thumbnail(kind: FileKind, file: Any) -> Any:
    """Make what shows a file: of sounds and others, what they are."""
    if kind == "picture":
        return element("img", "", src=js.URL.createObjectURL(file), alt="")
    if kind == "video":
        address = js.URL.createObjectURL(file)
        # At the very start many films are black.
        return element("video", "", src=f"{address}#t=0.5", preload="metadata", muted="")
    return element("span", "kind", _GLYPHS[kind], aria_hidden="true")


def _forget(item: Any) -> None:
    """Free the file that an item shows."""
    # Source: File API, `revokeObjectURL`: an address with a fragment is none that it knows.
    js.URL.revokeObjectURL(getattr(item.firstElementChild, "src", "").partition("#")[0])
