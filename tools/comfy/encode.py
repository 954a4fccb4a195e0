"""Pictures as bytes: PNG with its text chunks, previews, videos.

A video is made by hand: a lossy WebP picture is a VP8 key frame, and WebM only wraps those.
Source: RFC 6386 (VP8), the WebP container specification, RFC 8794 (EBML), RFC 9559 (Matroska).
"""

import json
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from struct import pack, unpack_from
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tools.comfy.pixels import Batch, Picture

_PREVIEW_SIDE = 512  # Source: ComfyUI, `--preview-size`.
_PREVIEW_QUALITY = 95
_CLUSTER_MS = 30_000  # Times inside a cluster are signed 16-bit milliseconds.
_TRACK = 1
_KEY_FRAME = 0x80


def png(image: Picture, texts: Mapping[str, object], compress_level: int) -> bytes:
    """Encode a PNG with one text chunk per entry, as JSON: workflows travel in them."""
    info = PngInfo()
    for name, value in texts.items():
        info.add_text(name, json.dumps(value))
    return _saved(image, "PNG", pnginfo=info, compress_level=compress_level)


def previews(before: Picture | None, after: Picture, count: int) -> list[bytes]:
    """Encode small JPEGs in which the finished picture replaces the first one from the top down."""
    if count == 0:
        return []
    finished = after.convert("RGB")
    finished.thumbnail((_PREVIEW_SIDE, _PREVIEW_SIDE))
    start = Image.new("RGB", finished.size) if before is None else before.convert("RGB")
    start = start.resize(finished.size)
    made = []
    for step in range(1, count + 1):
        edge = finished.height * step // count
        mixed = start.copy()
        mixed.paste(finished.crop((0, 0, finished.width, edge)), (0, 0))
        made.append(_saved(mixed, "JPEG", quality=_PREVIEW_QUALITY))
    return made


def webm(batch: Batch, fps: float, crf: float) -> bytes:
    """Encode a batch as a VP8 video; a higher `crf` (0 to 63) is smaller and worse."""
    quality = round(100 * (1 - crf / 63))
    frames = [vp8_frame(_saved(image, "WEBP", quality=quality, method=2)) for image in batch]
    return mux(frames, batch[0].size, fps)


def _saved(image: Picture, form: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format=form, **options)
    return buffer.getvalue()


def _channel(image: Picture, channel: str) -> Picture:
    if channel == "rgb":
        return image.convert("RGB")
    if channel == "rgba":
        return image
    has_alpha = "A" in image.getbands()
    alpha = image.getchannel("A") if has_alpha else Image.new("L", image.size, 255)
    masked = Image.new("RGBA", image.size)
    masked.putalpha(alpha)
    return masked


def reencoded_file(path: Path, form: str, quality: int, channel: str) -> bytes | None:
    """Encode a picture as `/view` serves it with `preview` or `channel`; None if it is none."""
    try:
        with Image.open(path) as image:
            # PNG ignores the quality.
            return _saved(_channel(image, channel), form, quality=quality)
    except (OSError, ValueError, OverflowError, Image.DecompressionBombError):
        return None


def vp8_frame(webp: bytes) -> bytes:
    """Return the VP8 key frame inside a lossy WebP file.

    Raises:
        ValueError: There is none: the file is lossless, or no WebP.
    """
    at = 12  # After `RIFF`, the size and `WEBP`.
    while at + 8 <= len(webp):
        name = webp[at : at + 4]
        (size,) = unpack_from("<I", webp, at + 4)
        if name == b"VP8 ":
            return webp[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    raise ValueError("a WebP file has no VP8 frame; was it written without loss?")


def mux(frames: list[bytes], picture_size: tuple[int, int], fps: float) -> bytes:
    """Wrap VP8 key frames of one size in a WebM file."""
    head = _element(
        0x1A45DFA3,
        _number(0x4286, 1),  # EBML version, and the one needed to read it
        _number(0x42F7, 1),
        _number(0x42F2, 4),  # longest id and size
        _number(0x42F3, 8),
        _element(0x4282, b"webm"),
        _number(0x4287, 4),  # document type's version, and the one needed to read it
        _number(0x4285, 2),
    )
    info = _element(
        0x1549A966,
        _number(0x2AD7B1, 1_000_000),  # one tick is a millisecond
        _element(0x4489, pack(">d", 1000 * len(frames) / fps)),
        _element(0x4D80, b"tether"),
        _element(0x5741, b"tether"),
    )
    video = _element(0xE0, _number(0xB0, picture_size[0]), _number(0xBA, picture_size[1]))
    track = _element(
        0xAE,
        _number(0xD7, _TRACK),
        _number(0x73C5, _TRACK),
        _number(0x83, 1),  # video
        _number(0x9C, 0),  # no lacing
        _element(0x86, b"V_VP8"),
        _number(0x23E383, round(1_000_000_000 / fps)),
        video,
    )
    tracks = _element(0x1654AE6B, track)
    return head + _element(0x18538067, info, tracks, *_clusters(frames, fps))


def _clusters(frames: list[bytes], fps: float) -> Iterable[bytes]:
    by_start: dict[int, list[bytes]] = {}
    for number, frame in enumerate(frames):
        time = round(1000 * number / fps)
        start = time - time % _CLUSTER_MS
        block = pack(">BhB", 0x80 | _TRACK, time - start, _KEY_FRAME) + frame
        by_start.setdefault(start, [_number(0xE7, start)]).append(_element(0xA3, block))
    for members in by_start.values():
        yield _element(0x1F43B675, *members)


def _element(identifier: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    name = identifier.to_bytes((identifier.bit_length() + 7) // 8)
    return name + (1 << 56 | len(content)).to_bytes(8) + content


def _number(identifier: int, value: int) -> bytes:
    return _element(identifier, value.to_bytes(max(1, (value.bit_length() + 7) // 8)))
