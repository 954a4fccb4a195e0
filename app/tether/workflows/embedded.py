"""Workflows embedded in the files that people have: pictures, videos, sounds, models, JSON.

A search is a generator: it yields the parts to read as (offset, length), is sent
their bytes, and returns what it found. So a file of any size costs a few kilobytes; what a
hostile one costs is bounded by one `Budget` for all of it.
"""

import zlib
from collections.abc import Generator, Iterator
from typing import NamedTuple, TypeAlias

from tether.core.errors import BadInput
from tether.core.protocol.workflow import LONGEST_WORKFLOW
from tether.workflows.budget import Budget
from tether.workflows.tags import id3_texts, ogg_comments, vorbis_texts

LONGEST = LONGEST_WORKFLOW
"""Most bytes of a part that can hold a workflow."""

LONGEST_NAME = 64
KEYS = ("prompt", "workflow", "comment")

_MOST_PACKED = 1_032
"""Bytes that one packed byte unpacks to at most. Source: zlib, technical details."""

_NEAR = LONGEST // 4
"""Bytes at the beginning, or the end, of a file whose texts are at either."""

_TAG_STRING = b"\x44\x87"
_BEGINS = (b"{", b"[", b'"')
_BOMS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


class Carried(NamedTuple):
    """The texts of a file that may be workflows; `is_text` where they are all of it."""

    texts: tuple[str, ...] = ()
    is_text: bool = False


class _Texts:
    """What one file was found to hold, and what its search may still cost."""

    def __init__(self) -> None:
        self.budget = Budget()
        self.found: dict[str, None] = {}

    def add(self, text: bytes) -> None:
        """Keep a text that may be JSON, whatever its name; in EXIF one stands before it.

        Source: ComfyUI 0.28.1, comfy_extras/nodes_images.py, read: "prompt:{…}".
        """
        text = text.strip(b"\0 \t\r\n")
        if text[:1] not in _BEGINS:
            text = text[text.find(b":", 0, LONGEST_NAME) + 1 :].lstrip()
        if text[:1] in _BEGINS and len(text) <= LONGEST and self.budget.has_bytes(len(text)):
            self.found[_decoded(text)] = None

    def add_all(self, texts: Iterator[bytes]) -> None:
        """Keep those of several texts that may be JSON."""
        for text in texts:
            self.add(text)


Search: TypeAlias = Generator[tuple[int, int], bytes, None]


def search(size: int) -> Generator[tuple[int, int], bytes, Carried]:
    """Search a file of so many bytes for workflows.

    Source: ComfyUI 0.28.1, nodes.py and comfy_extras (nodes_images, nodes_video, nodes_audio,
    nodes_hunyuan3d), read: PNG text chunks; `comf` chunks in animated PNG; EXIF in WebP; metadata
    in MP4, tags in WebM, comments in FLAC and Opus, ID3 in MP3; `<metadata>` in SVG; `extras` in
    GLB; `__metadata__` in `.latent`. ComfyUI-VideoHelperSuite, read: a `comment` in videos.

    Raises:
        BadInput: It is a text, and too long.
    """
    head = yield 0, min(64, size)
    found = _Texts()
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        yield from _png(size, found)
    elif head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        yield from _webp(size, found)
    elif head.startswith(b"\xff\xd8"):
        yield from _jpeg(size, found)
    elif head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        yield from _mp4(size, found)
    elif head.startswith(b"\x1a\x45\xdf\xa3"):
        yield from _matroska(size, found)
    elif head.startswith(b"fLaC"):
        yield from _flac(size, found)
    elif head.startswith(b"OggS"):
        comments = ogg_comments((yield 0, min(size, _NEAR)), found.budget)
        found.add_all(vorbis_texts(comments, found.budget))
    elif head.startswith(b"ID3"):
        found.add_all(id3_texts((yield 0, min(size, _NEAR)), found.budget))
    elif head.startswith(b"glTF") and head[16:20] == b"JSON":
        found.add((yield 20, min(_little(head[12:16]), LONGEST, size)))
    elif head[8:9] == b"{" and _little(head[:8]) <= size - 8:
        found.add((yield 8, min(_little(head[:8]), LONGEST)))
    elif head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<svg", b"<?xml", b"<!")):
        found.add(_svg((yield 0, min(size, _NEAR))))
    elif head.startswith(tuple(_BOMS)) or head.lstrip()[:1] in _BEGINS:
        if size > LONGEST:
            raise BadInput("workflow_too_long", limit=LONGEST)
        return Carried((_text((yield 0, size)),), is_text=True)
    return Carried(tuple(found.found))


def _little(number: bytes) -> int:
    return int.from_bytes(number, "little")


def _decoded(text: bytes) -> str:
    """Read UTF-8, which most write, or Latin-1, which PNG's `tEXt` is."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _text(content: bytes) -> str:
    for mark, encoding in _BOMS.items():
        if content.startswith(mark):
            return content.removeprefix(mark).decode(encoding, "replace")
    return content.decode("utf-8", "replace")


def _png(size: int, found: _Texts) -> Search:
    at = 8
    while found.budget.has_part():
        head = yield at, 8
        length, kind = int.from_bytes(head[:4]), head[4:8]
        if len(head) < 8 or kind == b"IEND" or at + 12 + length > size:
            break
        is_text = kind in (b"tEXt", b"zTXt", b"iTXt", b"comf", b"eXIf") and length <= LONGEST
        if is_text and found.budget.has_bytes(length):
            content = yield at + 8, length
            name, _, text = content.partition(b"\0")
            if kind == b"eXIf":
                _exif(content, found)
            elif name.decode("latin-1").lower() in KEYS:
                found.add(_png_text(kind, text, found.budget))
        at += 12 + length


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


def _webp(size: int, found: _Texts) -> Search:
    at = 12
    while found.budget.has_part():
        head = yield at, 8
        length = _little(head[4:8])
        if len(head) < 8:
            break
        if head[:4] == b"EXIF" and length <= LONGEST and found.budget.has_bytes(length):
            _exif((yield at + 8, min(length, size)).removeprefix(b"Exif\0\0"), found)
        at += 8 + length + length % 2


def _jpeg(size: int, found: _Texts) -> Search:
    at = 2
    while found.budget.has_part():
        head = yield at, 4
        if len(head) < 4 or head[0] != 0xFF or head[1] == 0xDA or at > size:
            break
        length = int.from_bytes(head[2:4])
        # APP1, of which there may be several, or a comment.
        if head[1] in (0xE1, 0xFE) and found.budget.has_bytes(length):
            segment = yield at + 4, max(0, length - 2)
            if segment.startswith(b"Exif\0\0"):
                _exif(segment[6:], found)
            elif head[1] == 0xFE:
                found.add(segment)
        at += 2 + length


def _exif(block: bytes, found: _Texts) -> None:
    """Read the texts of an EXIF block, in whatever tag."""
    order = "little" if block[:2] == b"II" else "big"

    def number(at: int, length: int) -> int:
        return int.from_bytes(block[at : at + length], order)  # type: ignore[arg-type] # is one

    folders = [number(4, 4)]
    for folder in folders:
        for entry in range(min(number(folder, 2), 500)):
            if not found.budget.has_part():
                return
            at = folder + 2 + 12 * entry
            tag, kind = number(at, 2), number(at + 2, 2)
            count, value = number(at + 4, 4), number(at + 8, 4)
            if tag == 0x8769 and len(folders) == 1:  # the folder with the comment
                folders.append(value)
            elif kind in (1, 2, 7) and count > 4:  # bytes, ASCII, anything
                if not found.budget.has_bytes(min(count, len(block))):
                    return
                text = block[value : value + count]
                if text.startswith(b"UNICODE\0"):
                    utf16 = "utf-16-be" if text[8:9] == b"\0" else "utf-16-le"
                    text = text[8:].decode(utf16, "replace").encode("utf-8", "replace")
                found.add(text.removeprefix(b"ASCII\0\0\0"))


def _mp4(size: int, found: _Texts) -> Search:
    """Read what `moov` says in `udta/meta/ilst`, in `meta/ilst`, and in `udta` itself."""
    movie = (yield from _boxes(0, size, found.budget)).get(b"moov", (0, 0))
    inside = yield from _boxes(*movie, found.budget)
    user = yield from _boxes(*inside.get(b"udta", (0, 0)), found.budget)
    for kind, (begin, end) in user.items():
        if kind == b"\xa9cmt" and end - begin <= LONGEST and found.budget.has_bytes(end - begin):
            # A text of QuickTime: its length and language, two bytes each, stand before it.
            found.add((yield begin, end - begin)[4:])
    for begin, end in (each[b"meta"] for each in (user, inside) if b"meta" in each):
        # `meta` has four bytes before its boxes, but not where QuickTime wrote it.
        skip = 4 if (yield begin, 8)[4:8] != b"hdlr" else 0
        boxes = yield from _boxes(begin + skip, end, found.budget)
        items = boxes.get(b"ilst", (0, 0))
        length = items[1] - items[0]
        if length <= LONGEST and found.budget.has_bytes(length):
            for item in _listed((yield items[0], length), found.budget):
                # Its `data` box: length, kind, type, locale, then the text.
                found.add(item[16:])


def _boxes(
    at: int, end: int, budget: Budget
) -> Generator[tuple[int, int], bytes, dict[bytes, tuple[int, int]]]:
    """Return the boxes between two offsets: kind -> where its content begins and ends."""
    found: dict[bytes, tuple[int, int]] = {}
    while at < end and budget.has_part():
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


def _listed(part: bytes, budget: Budget) -> Iterator[bytes]:
    """Split a list of boxes into the contents of each."""
    at = 0
    while at + 8 <= len(part) and budget.has_part():
        length = max(8, int.from_bytes(part[at : at + 4]))
        yield part[at + 8 : at + length]
        at += length


def _matroska(size: int, found: _Texts) -> Search:
    """Find `TagString` at the beginning and end of a WebM or MKV file, where tags are.

    Source: RFC 8794 (EBML), sections 4 and 5; RFC 9559, section 5.1.8.
    """
    near = min(size, _NEAR)
    for start in dict.fromkeys((0, size - near)):
        part = yield start, near
        at = part.find(_TAG_STRING)
        while at >= 0 and found.budget.has_part():
            first = part[at + 2] if at + 2 < near else 0
            width = 9 - first.bit_length() if first else 9
            length = int.from_bytes(part[at + 2 : at + 2 + width]) & ((1 << 7 * width) - 1)
            begin = at + 2 + width
            if first and begin + length <= near and part[begin : begin + 1] in _BEGINS:
                found.add(part[begin : begin + length])
            at = part.find(_TAG_STRING, at + 2)


def _flac(size: int, found: _Texts) -> Search:
    """Read the comments of a FLAC file. Source: RFC 9639, section 8."""
    at = 4
    while found.budget.has_part():
        head = yield at, 4
        length = int.from_bytes(head[1:4])
        if len(head) < 4 or at + 4 + length > size:
            break
        if head[0] & 127 == 4 and length <= LONGEST and found.budget.has_bytes(length):
            found.add_all(vorbis_texts((yield at + 4, length), found.budget))
        if head[0] & 128:  # the last one
            break
        at += 4 + length


def _svg(part: bytes) -> bytes:
    """Return what stands in the first `<metadata>`, as ComfyUI writes it: unescaped."""
    inside = part.partition(b"<metadata")[2].partition(b">")[2].partition(b"</metadata>")[0]
    return inside.strip().removeprefix(b"<![CDATA[").removesuffix(b"]]>")
