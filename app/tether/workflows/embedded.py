"""Workflows embedded in the files that ComfyUI saves: pictures, animations, videos.

A search is a generator: it yields the parts to read as (offset, length), is sent
their bytes, and returns what it found. So a file of any size costs a few kilobytes; what a
hostile one costs is bounded by one `Budget` for all of it.
"""

import zlib
from collections.abc import Generator, Iterator
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from tether.workflows.budget import Budget

LONGEST = 8_000_000
"""Most bytes of a part that can hold a workflow."""

LONGEST_NAME = 64
KEYS = ("prompt", "workflow")

_MOST_PACKED = 1_032
"""Bytes that one packed byte unpacks to at most. Source: zlib, technical details."""

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
    budget = Budget()
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        found = yield from _png(size, budget)
    elif head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        found = yield from _webp(size, budget)
    elif head.startswith(b"\xff\xd8"):
        found = yield from _jpeg(size, budget)
    elif head[4:8] == b"ftyp":
        found = yield from _mp4(size, budget)
    elif head.startswith(b"\x1a\x45\xdf\xa3"):
        found = yield from _webm(size, budget)
    return Carried(found.get("prompt", ""), found.get("workflow", ""))


def _png(size: int, budget: Budget) -> Search:
    found: dict[str, str] = {}
    at = 8
    while budget.has_part():
        head = yield at, 8
        length, kind = int.from_bytes(head[:4]), head[4:8]
        if len(head) < 8 or kind == b"IEND" or at + 12 + length > size:
            break
        is_text = kind in (b"tEXt", b"zTXt", b"iTXt", b"comf") and length <= LONGEST
        if is_text and budget.has_bytes(length):
            name, _, text = (yield at + 8, length).partition(b"\0")
            if _key(name) in KEYS:
                _put(found, name, _png_text(kind, text, budget))
        at += 12 + length
    return found


def _png_text(kind: bytes, text: bytes, budget: Budget) -> bytes:
    """Return the text of a chunk, "" if it can't be unpacked. Source: PNG, section 11.3.3."""
    is_packed = kind == b"zTXt"
    if is_packed:
        text = text[1:]
    elif kind == b"iTXt":
        is_packed = text[:1] == b"\1"
        text = text[2:].split(b"\0", 2)[-1]
    if not is_packed:
        return text
    # Before it is tried: one that is damaged at its end costs as much as a sound one.
    most = min(LONGEST, _MOST_PACKED * len(text))
    if not most or not budget.has_bytes(most):
        return b""
    try:
        return zlib.decompressobj().decompress(text, most)
    except zlib.error:
        return b""


def _webp(size: int, budget: Budget) -> Search:
    at = 12
    while budget.has_part():
        head = yield at, 8
        length = int.from_bytes(head[4:8], "little")
        if len(head) < 8:
            break
        if head[:4] == b"EXIF" and length <= LONGEST and budget.has_bytes(length):
            block = yield at + 8, min(length, size)
            return _exif(block.removeprefix(b"Exif\0\0"), budget)
        at += 8 + length + length % 2
    return {}


def _jpeg(size: int, budget: Budget) -> Search:
    at = 2
    while budget.has_part():
        head = yield at, 4
        if len(head) < 4 or head[0] != 0xFF or head[1] == 0xDA or at > size:
            break
        length = int.from_bytes(head[2:4])
        if head[1] == 0xE1 and budget.has_bytes(length):
            segment = yield at + 4, max(0, length - 2)
            if segment.startswith(b"Exif\0\0"):
                return _exif(segment[6:], budget)
        at += 2 + length
    return {}


def _exif(block: bytes, budget: Budget) -> dict[str, str]:
    """Read the texts "prompt:…" and "workflow:…" of an EXIF block, in whatever tag."""
    found: dict[str, str] = {}
    order = "little" if block[:2] == b"II" else "big"

    def number(at: int, length: int) -> int:
        return int.from_bytes(block[at : at + length], order)  # type: ignore[arg-type] # is one

    folders = [number(4, 4)]
    for folder in folders:
        for entry in range(min(number(folder, 2), 500)):
            if not budget.has_part():
                return found
            at = folder + 2 + 12 * entry
            tag, kind = number(at, 2), number(at + 2, 2)
            count, value = number(at + 4, 4), number(at + 8, 4)
            if tag == 0x8769 and len(folders) == 1:  # the folder with the comment
                folders.append(value)
            elif kind in (1, 2, 7) and count > 4:  # bytes, ASCII, anything
                if not budget.has_bytes(min(count, len(block))):
                    return found
                text = block[value : value + count]
                if text.startswith(b"UNICODE\0"):
                    utf16 = "utf-16-be" if text[8:9] == b"\0" else "utf-16-le"
                    text = text[8:].decode(utf16, "replace").encode()
                name, _, text = text.removeprefix(b"ASCII\0\0\0").rstrip(b"\0").partition(b":")
                _put(found, name.strip(), text)
    return found


def _mp4(size: int, budget: Budget) -> Search:
    """Find `moov/udta/meta` (or `moov/meta`): `keys` and `ilst`."""
    boxes = yield from _boxes(0, size, budget)
    for path in ((b"moov", b"udta", b"meta"), (b"moov", b"meta")):
        place = None
        inside = boxes
        for kind in path:
            place = inside.get(kind)
            if place is None:
                break
            # `meta` has four bytes before its boxes, but not where QuickTime wrote it.
            skip = 4 if kind == b"meta" and (yield place[0], 8)[4:8] != b"hdlr" else 0
            inside = yield from _boxes(place[0] + skip, place[1], budget)
        if place is not None and b"keys" in inside and b"ilst" in inside:
            keys, items = inside[b"keys"], inside[b"ilst"]
            lengths = keys[1] - keys[0], items[1] - items[0]
            if max(lengths) > LONGEST or not budget.has_bytes(sum(lengths)):
                return {}
            names = yield keys[0], lengths[0]
            values = yield items[0], lengths[1]
            return _mp4_texts(names, values, budget)
    return {}


def _boxes(
    at: int, end: int, budget: Budget
) -> Generator[tuple[int, int], bytes, dict[bytes, tuple[int, int]]]:
    """Return the boxes between two offsets: kind -> where its content begins and ends."""
    found: dict[bytes, tuple[int, int]] = {}
    while budget.has_part():
        head = yield at, 16
        length, skip = int.from_bytes(head[:4]), 8
        if length == 1:
            length, skip = int.from_bytes(head[8:16]), 16
        elif length == 0:
            length = end - at
        if len(head) < 8 or length < skip or at + length > end:
            break
        found.setdefault(head[4:8], (at + skip, at + length))
        if head[4:8] == b"moov":
            break  # a video in fragments has thousands of boxes after it
        at += length
    return found


def _mp4_texts(keys: bytes, items: bytes, budget: Budget) -> dict[str, str]:
    """Read names and values of QuickTime metadata; items are numbered from 1."""
    # Both are lists of boxes: length, kind (an item's is its number), content.
    names = [name for _, name in _listed(keys[8:], budget)]
    found: dict[str, str] = {}
    for number, item in _listed(items, budget):
        if 0 < number <= len(names):
            # A `data` box: length, kind, type, locale, then the text.
            _put(found, names[number - 1], item[16:])
    return found


def _listed(part: bytes, budget: Budget) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    at = 0
    while at + 8 <= len(part) and budget.has_part():
        length = max(8, int.from_bytes(part[at : at + 4]))
        found.append((int.from_bytes(part[at + 4 : at + 8]), part[at + 8 : at + length]))
        at += length
    return found


def _webm(size: int, budget: Budget) -> Search:
    """Find `TagName` and `TagString` at the file's beginning and end, where tags are."""
    found: dict[str, str] = {}
    near = min(size, LONGEST // 4)
    for start in dict.fromkeys((0, size - near)):
        part = yield start, near
        names = list(_elements(part, b"\x45\xa3", (0, near), LONGEST_NAME, budget))
        for (name, after), (_, until) in pairwise([*names, (b"", near)]):
            for text, _ in _elements(part, b"\x44\x87", (after, until), LONGEST, budget):
                _put(found, name, text)
                break
    return found


def _elements(
    part: bytes, kind: bytes, span: tuple[int, int], longest: int, budget: Budget
) -> Iterator[tuple[bytes, int]]:
    """Yield the contents of all elements of a kind in a span, and where each ends.

    Source: RFC 8794 (EBML), sections 4 and 5.
    """
    at = part.find(kind, *span)
    while at >= 0 and budget.has_part():
        first = part[at + 2] if at + 2 < len(part) else 0
        width = 9 - first.bit_length() if first else 9
        length = int.from_bytes(part[at + 2 : at + 2 + width]) & ((1 << 7 * width) - 1)
        begin = at + 2 + width
        if first and length <= longest and begin + length <= span[1]:
            yield part[begin : begin + length], begin + length
        at = part.find(kind, at + 2, span[1])


def _key(name: bytes) -> str:
    """Return what a text is kept under: metadata of videos has names of several parts."""
    return name.decode("latin-1").lower().rpartition(".")[2]


def _put(found: dict[str, str], name: bytes, text: bytes) -> None:
    """Keep the first JSON object under one of the two names."""
    key = _key(name)
    if key in KEYS and text.lstrip()[:1] == b"{":
        found.setdefault(key, text.decode("utf-8", "replace"))
