"""Values on their way to the browser: objects, files, options of `fetch`, stored blobs."""

from collections.abc import Mapping
from typing import Any, TypeVar

import js
from pyodide.ffi import to_js

from tether.core.ids import ServerUrl
from tether.core.protocol.access_token import Access
from tether.core.protocol.address import target_space

Key = TypeVar("Key", bound=str)


def to_object(entries: Any) -> Any:
    """Return a mapping, or whatever holds mappings, with JS objects in their places."""
    return to_js(entries, dict_converter=js.Object.fromEntries)


def new_file(content: Any, name: str, kind: str) -> Any:
    """Return a JS File; `content` is a Blob, a buffer or a JS string, `kind` its MIME type."""
    return js.File.new(to_js([content]), name, to_object({"type": kind}))


def fetch_options(
    page: str, server: ServerUrl, url: str, access: Access | None
) -> tuple[str, dict[str, Any]]:
    """Return the address and the options of `fetch` for an address of a server."""
    options: dict[str, Any] = {"credentials": "omit", "referrerPolicy": "no-referrer"}
    space = target_space(page, server)
    if space is not None:
        options["targetAddressSpace"] = space
    if access is not None:
        url = access.with_query(url)
        # ComfyUI never redirects: whoever does would lead the secret elsewhere.
        options |= {"headers": access.headers(), "redirect": "error"}
    return url, options


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
