"""Workflows embedded in the files that ComfyUI saves: pictures, animations, videos.

A search is a generator: it yields the parts to read as (offset, length), is sent
their bytes, and returns what it found. So a file of any size costs a few kilobytes.
"""

import zlib
from collections.abc import Generator
from itertools import pairwise
from typing import NamedTuple, TypeAlias

LONGEST = 8_000_000
"""Most bytes of a part that can hold a workflow."""

MOST_UNPACKED = 2 * LONGEST
"""Most bytes that one file's texts are unpacked to: a few kilobytes can become gigabytes."""

LONGEST_NAME = 64
_PARTS = 2_000
"""Most parts of a file that are read; a hostile file has millions."""

Search: TypeAlias = Generator[tuple[int, int], bytes, dict[str, str]]


class Carried(NamedTuple):
    """The workflows of a file: texts in API format (`prompt`) and in the editor's (`workflow`)."""

    prompt: str = ""
    workflow: str = ""


def search(size: int) -> Generator[tuple[int, int], bytes, Carried]:
    """Search a file of so many bytes for workflows.

    Source: ComfyUI 0.28.1, nodes.py and comfy_extras (nodes_images, nodes_video), read: PNG text
    chunks `prompt` and `workflow`; `comf` chunks in animated PNG; EXIF Model "prompt:…" and Make
    "workflow:…" in WebP; metadata keys in MP4, tags in WebM.
    """
    head = yield 0, min(16, size)
    found: dict[str, str] = {}
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        found = yield from _png(size)
    elif head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        found = yield from _webp(size)
    elif head.startswith(b"\xff\xd8"):
        found = yield from _jpeg(size)
    elif head[4:8] == b"ftyp":
        found = yield from _mp4(size)
    elif head.startswith(b"\x1a\x45\xdf\xa3"):
        found = yield from _webm(size)
    return Carried(found.get("prompt", ""), found.get("workflow", ""))


def _png(size: int) -> Search:
    found: dict[str, str] = {}
    at, left = 8, MOST_UNPACKED
    for _ in range(_PARTS):
        head = yield at, 8
        length, kind = int.from_bytes(head[:4]), head[4:8]
        if len(head) < 8 or kind == b"IEND" or at + 12 + length > size:
            break
        if kind in (b"tEXt", b"zTXt", b"iTXt", b"comf") and length <= LONGEST:
            name, _, text = (yield at + 8, length).partition(b"\0")
            unpacked = _png_text(kind, text, left)
            left -= len(unpacked)
            _put(found, name.decode("latin-1"), unpacked)
        at += 12 + length
    return found


def _png_text(kind: bytes, text: bytes, most: int) -> bytes:
    """Return the text of a chunk, unpacked to so many bytes. Source: PNG, section 11.3.3."""
    is_packed = kind == b"zTXt"
    if is_packed:
        text = text[1:]
    elif kind == b"iTXt":
        is_packed = text[:1] == b"\1"
        text = text[2:].split(b"\0", 2)[-1]
    if is_packed and most > 0:  # 0 would be no limit
        try:
            return zlib.decompressobj().decompress(text, min(most, LONGEST))
        except zlib.error:
            return b""
    return b"" if is_packed else text


def _webp(size: int) -> Search:
    at = 12
    for _ in range(_PARTS):
        head = yield at, 8
        length = int.from_bytes(head[4:8], "little")
        if len(head) < 8:
            break
        if head[:4] == b"EXIF" and length <= LONGEST:
            return _exif((yield at + 8, min(length, size)).removeprefix(b"Exif\0\0"))
        at += 8 + length + length % 2
    return {}


def _jpeg(size: int) -> Search:
    at = 2
    for _ in range(_PARTS):
        head = yield at, 4
        if len(head) < 4 or head[0] != 0xFF or head[1] == 0xDA or at > size:
            break
        length = int.from_bytes(head[2:4])
        if head[1] == 0xE1:
            segment = yield at + 4, max(0, length - 2)
            if segment.startswith(b"Exif\0\0"):
                return _exif(segment[6:])
        at += 2 + length
    return {}


def _exif(block: bytes) -> dict[str, str]:
    """Read the texts "prompt:…" and "workflow:…" of an EXIF block, in whatever tag."""
    found: dict[str, str] = {}
    order = "little" if block[:2] == b"II" else "big"

    def number(at: int, length: int) -> int:
        return int.from_bytes(block[at : at + length], order)  # type: ignore[arg-type] # is one

    folders = [number(4, 4)]
    for folder in folders:
        for entry in range(min(number(folder, 2), 500)):
            at = folder + 2 + 12 * entry
            tag, kind = number(at, 2), number(at + 2, 2)
            count, value = number(at + 4, 4), number(at + 8, 4)
            if tag == 0x8769 and len(folders) == 1:  # the folder with the comment
                folders.append(value)
            elif kind in (1, 2, 7) and count > 4:  # bytes, ASCII, anything
                text = block[value : value + count]
                if text.startswith(b"UNICODE\0"):
                    utf16 = "utf-16-be" if text[8:9] == b"\0" else "utf-16-le"
                    text = text[8:].decode(utf16, "replace").encode()
                name, _, text = text.removeprefix(b"ASCII\0\0\0").rstrip(b"\0").partition(b":")
                _put(found, name.decode("latin-1").strip(), text)
    return found


def _mp4(size: int) -> Search:
    """Find `moov/udta/meta` (or `moov/meta`): `keys` and `ilst`."""
    boxes = yield from _boxes(0, size)
    for path in ((b"moov", b"udta", b"meta"), (b"moov", b"meta")):
        place = None
        inside = boxes
        for kind in path:
            place = inside.get(kind)
            if place is None:
                break
            # `meta` has four bytes before its boxes, but not where QuickTime wrote it.
            skip = 4 if kind == b"meta" and (yield place[0], 8)[4:8] != b"hdlr" else 0
            inside = yield from _boxes(place[0] + skip, place[1])
        if place is not None and b"keys" in inside and b"ilst" in inside:
            keys, items = inside[b"keys"], inside[b"ilst"]
            if max(keys[1] - keys[0], items[1] - items[0]) > LONGEST:
                return {}
            names = yield keys[0], keys[1] - keys[0]
            values = yield items[0], items[1] - items[0]
            return _mp4_texts(names, values)
    return {}


def _boxes(at: int, end: int) -> Generator[tuple[int, int], bytes, dict[bytes, tuple[int, int]]]:
    """Return the boxes between two offsets: kind -> where its content begins and ends."""
    found: dict[bytes, tuple[int, int]] = {}
    for _ in range(_PARTS):
        head = yield at, 16
        length, skip = int.from_bytes(head[:4]), 8
        if length == 1:
            length, skip = int.from_bytes(head[8:16]), 16
        elif length == 0:
            length = end - at
        if len(head) < 8 or length < skip or at + length > end:
            break
        found.setdefault(head[4:8], (at + skip, at + length))
        at += length
    return found


def _mp4_texts(keys: bytes, items: bytes) -> dict[str, str]:
    """Read names and values of QuickTime metadata; items are numbered from 1."""
    # Both are lists of boxes: length, kind (an item's is its number), content.
    names = [name for _, name in _listed(keys[8:])]
    found: dict[str, str] = {}
    for number, item in _listed(items):
        if 0 < number <= len(names):
            # A `data` box: length, kind, type, locale, then the text.
            _put(found, names[number - 1].decode("latin-1"), item[16:])
    return found


def _listed(part: bytes) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    at = 0
    while at + 8 <= len(part) and len(found) < _PARTS:
        length = max(8, int.from_bytes(part[at : at + 4]))
        found.append((int.from_bytes(part[at + 4 : at + 8]), part[at + 8 : at + length]))
        at += length
    return found


def _webm(size: int) -> Search:
    """Find `TagName` and `TagString` at the file's beginning and end, where tags are."""
    found: dict[str, str] = {}
    near = min(size, LONGEST // 4)
    for start in dict.fromkeys((0, size - near)):
        part = yield start, near
        names = _elements(part, b"\x45\xa3", LONGEST_NAME)
        for (name, after), (_, until) in pairwise([*names, (b"", len(part))]):
            texts = _elements(part[after:until], b"\x44\x87", LONGEST)
            if texts:
                _put(found, name.decode("latin-1").lower(), texts[0][0])
    return found


def _elements(part: bytes, kind: bytes, longest: int) -> list[tuple[bytes, int]]:
    """Return the contents of all elements of a kind, and where each ends.

    Source: RFC 8794 (EBML), sections 4 and 5.
    """
    found: list[tuple[bytes, int]] = []
    at = part.find(kind)
    while at >= 0 and len(found) < _PARTS:
        first = part[at + 2] if at + 2 < len(part) else 0
        width = 9 - first.bit_length() if first else 9
        length = int.from_bytes(part[at + 2 : at + 2 + width]) & ((1 << 7 * width) - 1)
        begin = at + 2 + width
        if first and length <= longest and begin + length <= len(part):
            found.append((part[begin : begin + length], begin + length))
        at = part.find(kind, at + 2)
    return found


def _put(found: dict[str, str], name: str, text: bytes) -> None:
    """Keep the first JSON object under one of the two names."""
    name = name.lower().rpartition(".")[2]
    if name in ("prompt", "workflow") and text.lstrip()[:1] == b"{":
        found.setdefault(name, text.decode("utf-8", "replace"))
