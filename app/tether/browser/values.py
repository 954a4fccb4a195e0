"""Python values as the browser's own: objects, files, and blobs as IndexedDB takes them."""

from collections.abc import Mapping
from typing import Any, TypeVar

import js
from pyodide.ffi import to_js

Key = TypeVar("Key", bound=str)


def to_object(entries: Any) -> Any:
    """Return a mapping, or whatever holds mappings, with JS objects in their places."""
    return to_js(entries, dict_converter=js.Object.fromEntries)


def new_file(content: Any, name: str, kind: str) -> Any:
    """Return a JS File; `content` is a Blob, a buffer or a JS string, `kind` its MIME type."""
    return js.File.new(to_js([content]), name, to_object({"type": kind}))


async def packed(blobs: Mapping[Key, Any]) -> dict[Key, Any]:
    """Return blobs in a form that every IndexedDB stores: bytes and type. Texts are left."""
    found = {}
    for key, blob in blobs.items():
        if isinstance(blob, str):
            found[key] = blob
        else:
            found[key] = to_object({"content": await blob.arrayBuffer(), "type": blob.type})
    return found


def blob_of(value: Any) -> Any:
    """Return what was stored as a blob again, packed or not."""
    content = getattr(value, "content", None)
    if content is None:
        return value
    return js.Blob.new(to_js([content]), to_object({"type": value.type}))
