"""Bytes that other programs must read."""

import json
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.tools.comfy.wire import noise
from tools.comfy import encode
from tools.comfy.encode import mux, vp8_frame


def test_pictures_carry_texts() -> None:
    """As JSON, one chunk per entry."""
    content = encode.png(noise(), {"prompt": {"é": 1}, "workflow": {"id": "wf"}}, 4)
    with Image.open(BytesIO(content)) as picture:
        assert json.loads(picture.info["prompt"]) == {"é": 1}
        assert json.loads(picture.info["workflow"]) == {"id": "wf"}


def test_previews_grow_from_the_top() -> None:
    """Small JPEGs, from the first picture to the finished one."""
    before, after = Image.new("RGB", (800, 400)), Image.new("RGB", (1600, 800), "white")
    made = [Image.open(BytesIO(each)) for each in encode.previews(before, after, 4)]
    assert [each.size for each in made] == [(512, 256)] * 4
    assert [each.getpixel((9, 90))[0] > 128 for each in made] == [False, True, True, True]
    assert made[3].getpixel((9, 250))[0] > 128
    assert encode.previews(None, after, 0) == []
    only = Image.open(BytesIO(encode.previews(None, after, 1)[0]))
    assert only.getpixel((0, 0))[0] > 250


@pytest.mark.parametrize(
    ("form", "channel", "mode"),
    [("png", "rgb", "RGB"), ("png", "a", "RGBA"), ("webp", "rgba", "RGBA"), ("jpeg", "rgb", "RGB")],
)
def test_renderings(tmp_path: Path, form: str, channel: str, mode: str) -> None:
    """Another format or only some channels."""
    path = tmp_path / "x.png"
    picture = noise()
    picture.putalpha(100)
    picture.save(path)
    content = encode.reencoded_file(path, form, 80, channel)
    assert content is not None
    with Image.open(BytesIO(content)) as drawn:
        assert (drawn.format, drawn.mode) == (form.upper(), mode)
        if channel == "a":
            assert drawn.getchannel("A").getextrema() == (100, 100)


def test_a_picture_without_alpha_is_opaque(tmp_path: Path) -> None:
    """Its alpha alone is white."""
    noise().save(tmp_path / "opaque.png")
    content = encode.reencoded_file(tmp_path / "opaque.png", "png", 90, "a")
    assert content is not None
    with Image.open(BytesIO(content)) as drawn:
        assert drawn.getchannel("A").getextrema() == (255, 255)


def test_what_is_no_picture_has_no_rendering(tmp_path: Path) -> None:
    """The shell answers 500 then."""
    path = tmp_path / "x.txt"
    path.write_text("text")
    assert encode.reencoded_file(path, "webp", 80, "rgba") is None
    Image.new("CMYK", (2, 2)).save(tmp_path / "x.tif")
    assert encode.reencoded_file(tmp_path / "x.tif", "png", 80, "rgba") is None


def elements(content: bytes) -> list[tuple[int, bytes]]:
    """The EBML elements of one level."""
    found, at = [], 0
    while at < len(content):
        width = 8 - content[at].bit_length() + 1
        name = int.from_bytes(content[at : at + width])
        at += width
        width = 8 - content[at].bit_length() + 1
        size = int.from_bytes(content[at : at + width]) & ((1 << 7 * width) - 1)
        at += width
        found.append((name, content[at : at + size]))
        at += size
    return found


def test_a_video_is_a_row_of_key_frames() -> None:
    """Times in milliseconds, a new cluster every half minute; a browser test has it play."""
    batch = [noise(33, 21) for _ in range(4)]
    content = encode.webm(batch, 0.05, 20.0)
    (head, _), (segment, body) = elements(content)
    assert (head, segment) == (0x1A45DFA3, 0x18538067)
    clusters = [elements(part) for name, part in elements(body) if name == 0x1F43B675]
    starts = [int.from_bytes(cluster[0][1]) for cluster in clusters]
    assert starts == [0, 30_000, 60_000]
    blocks = [
        (start + int.from_bytes(block[1:3], signed=True), block[4:])
        for start, cluster in zip(starts, clusters, strict=True)
        for _, block in cluster[1:]
    ]
    assert [time for time, _ in blocks] == [0, 20_000, 40_000, 60_000]
    for _, frame in blocks:
        assert frame[3:6] == b"\x9d\x01\x2a"  # Every VP8 key frame begins so.
        assert int.from_bytes(frame[6:8], "little") & 0x3FFF == 33


def test_a_lossless_file_has_no_video_frame() -> None:
    """Only lossy WebP holds VP8."""
    buffer = BytesIO()
    noise().save(buffer, format="WEBP", lossless=True)
    with pytest.raises(ValueError, match="no VP8 frame"):
        vp8_frame(buffer.getvalue())
    assert mux([], (1, 1), 10.0)
