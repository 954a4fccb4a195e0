"""Values on their way to the browser: objects, files, options of `fetch`, stored blobs."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

import js
from pyodide.ffi import to_js

from tether.core.ids import ServerUrl
from tether.core.protocol.access_token import Access
from tether.core.protocol.address import target_space
from tether.core.windows.transfers import SILENT_FOR, is_too_slow

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


_FOLDED = 16 * 2**20
"""Bytes that are kept as pieces; more become a Blob, which browsers keep outside the page."""


async def in_time(work: Awaitable[Any]) -> Any:
    """Await a step of an answer.

    Raises:
        OSError: It takes too long.
    """
    return await asyncio.wait_for(work, SILENT_FOR)


async def body_of(answer: Any, limit: int) -> Any | None:
    """Return a body as a Blob; None when it has more than `limit` bytes.

    They are counted as they come out of the decoder: `Content-Length` is of what is on the wire,
    and a megabyte of gzip can be a gigabyte.

    Raises:
        JsException: It breaks off.
        OSError: Nothing came for too long, or too little.
    """
    if not answer.body:
        return js.Blob.new()  # e.g. with status 204
    now = asyncio.get_event_loop().time
    reader, parts, begun = answer.body.getReader(), js.Array.new(), now()
    length = folded = 0
    while not (piece := await in_time(reader.read())).done:
        length += piece.value.length
        if length > limit:
            return None
        if is_too_slow(length, now() - begun):
            raise OSError(f"{length} bytes in {now() - begun:.0f} s")
        parts.push(piece.value)
        if length - folded > _FOLDED:
            parts, folded = js.Array.of(js.Blob.new(parts)), length
    kind = {"type": answer.headers.get("content-type") or ""}
    return js.Blob.new(parts, to_object(kind))
