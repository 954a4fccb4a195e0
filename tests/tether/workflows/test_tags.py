"""Texts in the tags of sound files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tether.workflows.budget import MOST_PARTS, Budget
from tether.workflows.tags import id3_texts, ogg_comments, vorbis_texts


def little(number: int) -> bytes:
    return number.to_bytes(4, "little")


def comments(*texts: bytes) -> bytes:
    rows = [little(len(text)) + text for text in texts]
    return little(3) + b"enc" + little(len(rows)) + b"".join(rows)


def test_comments_have_names() -> None:
    block = comments(b"TITLE=x", b"prompt={}", b"nameless")
    assert list(vorbis_texts(block, Budget())) == [b"x", b"{}", b""]


def test_a_count_beyond_the_block_ends_with_it() -> None:
    block = little(0) + little(2**32 - 1) + little(3) + b"a=b"
    assert list(vorbis_texts(block, Budget())) == [b"b"]
    endless = little(0) + little(2**32 - 1) + little(0) * (MOST_PARTS + 9)
    assert len(list(vorbis_texts(endless, Budget()))) == MOST_PARTS


def page(content: bytes) -> bytes:
    """A page of an Ogg file, with lengths of at most 255 bytes."""
    lengths = [min(255, len(content) - at) for at in range(0, len(content), 255)]
    return b"OggS" + bytes(22) + bytes([len(lengths), *lengths]) + content


@pytest.mark.parametrize("mark", [b"OpusTags", b"\x03vorbis"])
def test_comments_may_go_on_in_the_next_page(mark: bytes) -> None:
    block = mark + comments(b"prompt=" + b"x" * 600)
    pages = page(b"OpusHead") + page(block[:300]) + page(block[300:])
    assert ogg_comments(pages, Budget()) == block.removeprefix(mark)
    assert ogg_comments(page(b"fishead"), Budget()) == b""
    assert ogg_comments(page(b"") * (MOST_PARTS + 1) + page(block), Budget()) == b""


def tag(version: int, *frames: bytes) -> bytes:
    content = b"".join(frames)
    size = bytes((0, 0, len(content) >> 7, len(content) & 127))
    return b"ID3" + bytes((version, 0, 0)) + size + content


def frame(kind: bytes, content: bytes, *, seven: bool = False) -> bytes:
    length = len(content)
    digits = bytes((0, 0, length >> 7, length & 127)) if seven else length.to_bytes(4)
    return kind + digits + b"\0\0" + content


def test_texts_of_people_and_of_programs() -> None:
    title = frame(b"TIT2", b"\3song")
    own = frame(b"TXXX", b"\3prompt\0{}")
    comment = frame(b"COMM", b"\0eng\0{1}")
    utf16 = frame(b"TXXX", b"\1" + "a\0\ufeff{2}".encode("utf-16"))
    empty = frame(b"TXXX", b"")
    found = id3_texts(tag(3, title, own, comment, utf16, empty), Budget())
    assert list(found) == [b"{}", b"{1}", b"{2}"]


@pytest.mark.parametrize("seven", [True, False])
def test_lengths_of_seven_bits_and_those_that_should_be(seven: bool) -> None:
    """In 2.4; some programs write them as in 2.3."""
    long = frame(b"TXXX", b"\3prompt\0" + b"x" * 192, seven=seven)
    found = list(id3_texts(tag(4, long, frame(b"TXXX", b"\3a\0b")), Budget()))
    assert found == [b"x" * 192, b"b"]


def test_what_is_behind_the_tag_is_no_tag() -> None:
    assert list(id3_texts(tag(3) + frame(b"TXXX", b"\3a\0b"), Budget())) == []
    assert list(id3_texts(tag(3, bytes(20), frame(b"TXXX", b"\3a\0b")), Budget())) == []
    assert list(id3_texts(tag(3, frame(b"TXXX", b"\3a\0b"))[:15], Budget())) == []


@given(st.binary(max_size=200), st.sampled_from([b"", b"OggS", b"ID3\3", b"ID3\4"]))
def test_any_bytes_have_some_texts_or_none(content: bytes, head: bytes) -> None:
    part = head + content
    list(vorbis_texts(ogg_comments(part, Budget()), Budget()))
    list(vorbis_texts(part, Budget()))
    if part.startswith(b"ID3") and len(part) >= 10:
        list(id3_texts(part, Budget()))
