"""Bytes on the wire."""

import json

from simulator.events import Preview
from simulator.frames import (
    plain_preview,
    preview_with_metadata,
    progress_text,
    status_frame,
    text_frame,
)

JPEG = b"\xff\xd8\xff\xe0"


def test_plain_previews_carry_no_id() -> None:
    """Code 1, the kind of image, the image."""
    assert plain_preview(Preview(False, JPEG)) == bytes.fromhex("0000000100000001ffd8ffe0")
    assert plain_preview(Preview(True, b"x")) == bytes.fromhex("0000000100000002") + b"x"


def test_previews_with_metadata_name_node_and_task() -> None:
    """Code 4, a length, JSON, the image."""
    frame = preview_with_metadata(Preview(True, b"image"), "2", "p")
    assert frame[:4] == bytes.fromhex("00000004")
    length = int.from_bytes(frame[4:8])
    metadata = json.loads(frame[8 : 8 + length])
    assert metadata["image_type"] == "image/png"
    assert (metadata["node_id"], metadata["prompt_id"]) == ("2", "p")
    assert frame[8 + length :] == b"image"


def test_progress_texts_name_a_node() -> None:
    """Code 3, a length, the node id, the text; what can't be written is replaced."""
    assert progress_text("6", "hellö") == bytes.fromhex("000000030000000136") + "hellö".encode()
    assert progress_text("\ud800", "\ud800").endswith(b"??")


def test_messages_are_escaped_as_comfyui_does() -> None:
    """ASCII only, with spaces."""
    assert text_frame("x", {"a": "é"}) == '{"type": "x", "data": {"a": "\\u00e9"}}'
    assert "sid" not in status_frame(3)
    assert json.loads(status_frame(3, "A"))["data"]["sid"] == "A"
