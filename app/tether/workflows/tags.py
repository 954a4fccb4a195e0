"""Texts in the tags of sound files: Vorbis comments (FLAC, Ogg) and ID3 (MP3)."""

from collections.abc import Iterator

from tether.workflows.budget import Budget

_ENCODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")


def vorbis_texts(block: bytes, budget: Budget) -> Iterator[bytes]:
    """Yield the values of a block of comments, `NAME=value`.

    Source: RFC 7845, section 5.2; lengths are four bytes, the least first.
    """
    at = 4 + _little(block, 0)  # who wrote it
    left = _little(block, at)
    at += 4
    while left and at < len(block) and budget.has_part():
        left -= 1
        length = _little(block, at)
        yield block[at + 4 : at + 4 + length].partition(b"=")[2]
        at += 4 + length


def ogg_comments(part: bytes, budget: Budget) -> bytes:
    """Return the block of comments at the beginning of an Ogg file, without its pages' heads.

    Source: RFC 3533, section 6: 27 bytes, the last of which counts the lengths that follow.
    """
    pieces = []
    at = 0
    while part.startswith(b"OggS", at) and at + 27 <= len(part) and budget.has_part():
        lengths = part[at + 27 : at + 27 + part[at + 26]]
        begin = at + 27 + len(lengths)
        at = begin + sum(lengths)
        pieces.append(part[begin:at])
    payload = b"".join(pieces)
    for mark in (b"OpusTags", b"\x03vorbis"):
        if mark in payload:
            return payload.partition(mark)[2]
    return b""


def id3_texts(part: bytes, budget: Budget) -> Iterator[bytes]:
    """Yield the texts that people's programs add, in UTF-8: `TXXX`, and comments.

    Source: ID3v2.3 and 2.4, section 4; in 2.4 lengths have seven bits a byte.
    """
    end = 10 + _seven(part[6:10])
    at = 10
    while at < end and budget.has_part():
        head = part[at : at + 10]
        if len(head) < 10 or head[0] == 0:
            return
        length = _frame_length(head[4:8], part[3])
        content = part[at + 10 : at + 10 + length]
        if head[:4] in (b"TXXX", b"COMM") and content:
            encoding = _ENCODINGS[content[0] & 3]
            text = content[4 if head[:4] == b"COMM" else 1 :].decode(encoding, "replace")
            # What it is called, a zero, and the text.
            yield text.partition("\0")[2].lstrip("\ufeff").encode("utf-8", "replace")
        at += 10 + length


def _frame_length(digits: bytes, version: int) -> int:
    """Read the length of a frame; some write it in 2.4 as in 2.3, and mostly it shows."""
    has_seven_bits = version == 4 and max(digits) < 128
    return _seven(digits) if has_seven_bits else int.from_bytes(digits)


def _little(block: bytes, at: int) -> int:
    return int.from_bytes(block[at : at + 4], "little")


def _seven(number: bytes) -> int:
    value = 0
    for byte in number:
        value = value << 7 | byte & 127
    return value
