"""Telling pictures from other files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tether.core.protocol.image_type import (
    TYPE_HEAD,
    ending,
    is_heic,
    is_picture,
    is_raw,
    may_carry_workflow,
)


@pytest.mark.parametrize(
    "head",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"\xff\xd8\xff\xe0\0\x10JFIF",
        b"GIF89a",
        b"BM\x46",
        b"II*\0",
        b"RIFF\x24\0\0\0WEBPVP8 ",
        b"\0\0\0\x1cftypavif",
    ],
)
def test_a_picture_is_known_by_its_first_bytes(head: bytes) -> None:
    """Sixteen of them suffice."""
    assert is_picture(head[:TYPE_HEAD])


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"Hello, lab",
        b"<svg xmlns=",
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"\0\0\0\x18ftypmp42",
        b"\0\0\0\x18ftypheic",
        b"%PDF-1.7",
    ],
)
def test_other_files_are_none_whatever_they_are_called(head: bytes) -> None:
    """A server would take them and fail only when the workflow runs."""
    assert not is_picture(head)


def test_what_iphones_keep_is_told_from_other_files() -> None:
    """The person reads what to do about it."""
    assert is_heic(b"\0\0\0\x18ftypheic\0\0\0\0")
    assert not is_heic(b"\0\0\0\x1cftypavif")
    assert not is_heic(b"\xff\xd8\xff\xe0\0\x10JFIF")


@given(st.binary(max_size=TYPE_HEAD))
def test_any_file_is_one_or_the_other(head: bytes) -> None:
    """However short."""
    assert is_picture(head) in (True, False)


def test_a_picture_gets_the_ending_of_its_kind() -> None:
    """Others are called PNG: servers open them by their content."""
    heads = (b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\x24\0\0\0WEBP", b"\x89PNG\r\n", b"BM")
    assert [ending(head) for head in heads] == [".jpg", ".gif", ".webp", ".png", ".png"]


@pytest.mark.parametrize(
    ("head", "is_carried"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0tEXtprompt\0{", True),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0tEXtworkflow\0{", True),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0tEXtComment\0prompt", False),
        (b"", False),
    ],
)
def test_a_picture_that_comfyui_made_is_told_from_others(head: bytes, is_carried: bool) -> None:
    """By the names of its text chunks, not by what somebody wrote into one."""
    assert may_carry_workflow(head) is is_carried


def test_a_raw_photo_is_known_by_its_name() -> None:
    """It begins as a TIFF picture does."""
    assert is_raw("IMG_0001.CR2") and is_raw("x.dng")
    assert not is_raw("x.tiff") and not is_raw("cr2")
