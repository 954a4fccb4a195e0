"""The heads of binary frames."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import MessageError
from app.core.preview import HEAD, Preview, parse_preview
from tests.core.farm import recorded, recorded_texts
from tests.core.junk import NESTED, anything


def head(story: str) -> bytes:
    """The start of a real frame."""
    return bytes.fromhex(recorded(story)[0]["hex"])


def described(about: object) -> bytes:
    """A preview of the newer form with any description."""
    text = json.dumps(about).encode()
    return b"\0\0\0\4" + len(text).to_bytes(4, "big") + text + b"\xff\xd8"


def test_the_newer_form_names_its_task() -> None:
    """With our feature flag, a preview says whose it is; the picture starts behind."""
    frame = head("described preview")
    preview = parse_preview(frame)
    assert preview == Preview("image/jpeg", 174, "fd5c6322-b409-4d19-838a-841a1e0a4e2b", "2")
    assert frame[174:].startswith(b"\xff\xd8\xff")


def test_the_older_form_names_nobody() -> None:
    """JPEG or PNG, eight bytes from the start."""
    assert parse_preview(head("bare preview")) == Preview("image/jpeg", 8)
    assert parse_preview(b"\0\0\0\1\0\0\0\2\x89PNG") == Preview("image/png", 8)


def test_texts_are_passed_over() -> None:
    """Progress texts go to everybody and name no task."""
    assert parse_preview(head("progress text")) is None
    assert parse_preview(b"") is None


def test_a_preview_without_a_node_is_one() -> None:
    """The task is what matters."""
    frame = described({"prompt_id": "p", "image_type": "image/png"})
    assert parse_preview(frame) == Preview("image/png", len(frame) - 2, "p", None)


@pytest.mark.parametrize(
    "frame",
    [
        b"\1",
        b"\0\0\0\1\0\0\0\3gif",
        b"\0\0\0\1\1",
        b"\0\0\0\4",
        b"\0\0\0\4\xff\xff\xff\xff{}",
        b"\0\0\0\4\0\0\0\1\xff",
        described({"prompt_id": "p", "image_type": "image/svg+xml"}),
        described([]),
        b"\0\0\0\4" + len(NESTED).to_bytes(4, "big") + NESTED.encode(),
    ],
)
def test_a_preview_of_an_unknown_shape_is_told(frame: bytes) -> None:
    """Unknown kinds, cut frames, and descriptions that describe nothing."""
    with pytest.raises(MessageError):
        parse_preview(frame)


REAL = [bytes.fromhex(text) for text in recorded_texts("hex")]


@given(
    st.binary(max_size=64)
    | st.binary(max_size=HEAD).map(lambda rest: b"\0\0\0\4" + rest)
    | anything.map(described)
    | st.builds(
        lambda frame, at, byte: frame[:at] + bytes([byte]) + frame[at + 1 :],
        st.sampled_from(REAL),
        st.integers(0, 180),
        st.integers(0, 255),
    )
)
def test_a_binary_frame_can_raise_nothing_but_a_message_error(frame: bytes) -> None:
    """Whatever bytes a peer sends."""
    try:
        preview = parse_preview(frame)
    except MessageError:
        return
    assert preview is None or preview.mime in ("image/jpeg", "image/png")
