"""aiohttp's requests into the machine's, and the machine's answers into aiohttp's."""

import asyncio
from typing import BinaryIO, cast

from aiohttp import web

from app.simulator.http import (
    FileBody,
    FilePart,
    Form,
    PictureBody,
    Request,
    Response,
    TextPart,
)
from tools.comfy_blobs import BlobStore
from tools.comfy_encode import reencoded_file


def bare_request(incoming: web.Request) -> Request:
    """A request without its body, as a WebSocket handshake is one."""
    headers = {name.lower(): value for name, value in incoming.headers.items()}
    return Request(incoming.method, incoming.raw_path, headers)


async def read_request(incoming: web.Request, blobs: BlobStore, limit: int) -> Request:
    """A whole request; of a body over the limit only the size is told."""
    body, form, size, is_malformed = b"", None, 0, False
    limited = incoming.clone(client_max_size=limit)
    try:
        if incoming.path.endswith("/upload/image"):
            form = await _read_form(limited, blobs)
        else:
            body = await limited.read()
            size = len(body)
    except web.HTTPRequestEntityTooLarge:
        size = limit + 1
    except ValueError:  # So aiohttp calls a multipart body without sense.
        is_malformed = True
    bare = bare_request(incoming)
    return Request(bare.method, bare.target, bare.headers, body, form, size, is_malformed)


async def write_response(response: Response, blobs: BlobStore) -> web.Response:
    """An answer with the bytes it speaks of."""
    content: bytes
    match response.body:
        case FileBody(key, start, stop):
            content = await asyncio.to_thread(blobs.read, key, start, stop)
        case PictureBody(key, form, quality, channel, otherwise):
            path = blobs.path(key)
            drawn = await asyncio.to_thread(reencoded_file, path, form, quality, channel)
            if drawn is None:
                return await write_response(otherwise, blobs)
            content = drawn
        case bytes() as content:
            pass
    answer = web.Response(
        status=response.status, headers=list(response.headers), body=content or None
    )
    if ("Connection", "close") in response.headers:
        answer.force_close()
    return answer


async def _read_form(incoming: web.Request, blobs: BlobStore) -> Form:
    parts: list[FilePart | TextPart] = []
    for name, value in (await incoming.post()).items():
        if isinstance(value, web.FileField):
            stream = cast(BinaryIO, value.file)
            blob = await asyncio.to_thread(blobs.add_stream, stream)
            stream.close()
            parts.append(FilePart(name, value.filename, blob))
        else:
            text = value if isinstance(value, str) else bytes(value).decode(errors="replace")
            parts.append(TextPart(name, text))
    return tuple(parts)
