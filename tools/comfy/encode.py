"""Pictures into bytes: PNG with its text chunks, previews, animations."""

import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tools.comfy.pixels import Batch, Picture
from tools.comfy.webm import mux, vp8_frame

_PREVIEW_SIDE = 512  # Source: ComfyUI, `--preview-size`.
_PREVIEW_QUALITY = 95
_WEBP_EFFORT = {"default": 4, "fastest": 0, "slowest": 6}


def png(image: Picture, texts: Mapping[str, object], compress_level: int) -> bytes:
    """A PNG with one text chunk per entry, as JSON: where workflows travel with pictures."""
    info = PngInfo()
    for name, value in texts.items():
        info.add_text(name, json.dumps(value))
    buffer = BytesIO()
    image.save(buffer, format="PNG", pnginfo=info, compress_level=compress_level)
    return buffer.getvalue()


def plain_png(image: Picture) -> bytes:
    """A PNG and nothing else, as `SaveImageWebsocket` sends it."""
    return png(image, {}, compress_level=1)


def previews(before: Picture | None, after: Picture, count: int) -> list[bytes]:
    """Small JPEGs in which the finished picture grows over the first one from the top."""
    if count == 0:
        return []
    finished = _small(after)
    start = Image.new("RGB", finished.size) if before is None else before.convert("RGB")
    start = start.resize(finished.size)
    made = []
    for step in range(1, count + 1):
        edge = finished.height * step // count
        mixed = start.copy()
        mixed.paste(finished.crop((0, 0, finished.width, edge)), (0, 0))
        buffer = BytesIO()
        mixed.save(buffer, format="JPEG", quality=_PREVIEW_QUALITY)
        made.append(buffer.getvalue())
    return made


def animated_webp(batch: Batch, fps: float, *, lossless: bool, quality: int, method: str) -> bytes:
    """All pictures of a batch as one looping WebP."""
    buffer = BytesIO()
    batch[0].save(
        buffer,
        format="WEBP",
        save_all=True,
        append_images=batch[1:],
        duration=int(1000 / fps),
        loop=0,
        lossless=lossless,
        quality=quality,
        method=_WEBP_EFFORT[method],
    )
    return buffer.getvalue()


def webm(batch: Batch, fps: float, crf: float) -> bytes:
    """All pictures of a batch as a VP8 video; a higher `crf` (0 to 63) is smaller and worse."""
    quality = round(100 * (1 - crf / 63))
    frames = []
    for image in batch:
        buffer = BytesIO()
        image.save(buffer, format="WEBP", quality=quality, method=2)
        frames.append(vp8_frame(buffer.getvalue()))
    return mux(frames, batch[0].size, fps)


def reencoded(image: Picture, form: str, quality: int, channel: str) -> bytes:
    """A picture as `/view` serves it with `preview` or `channel`."""
    if channel == "rgb":
        image = image.convert("RGB")
    elif channel == "a":
        alpha = (
            image.getchannel("A") if "A" in image.getbands() else Image.new("L", image.size, 255)
        )
        image = Image.new("RGBA", image.size)
        image.putalpha(alpha)
    buffer = BytesIO()
    if form == "png":
        image.save(buffer, format="PNG")
    else:
        image.save(buffer, format=form, quality=quality)
    return buffer.getvalue()


def reencoded_file(path: Path, form: str, quality: int, channel: str) -> bytes | None:
    """The same for a file; None if it is no picture."""
    try:
        with Image.open(path) as image:
            return reencoded(image, form, quality, channel)
    except (OSError, ValueError, OverflowError, Image.DecompressionBombError):
        return None


def _small(image: Picture) -> Picture:
    small = image.convert("RGB")
    small.thumbnail((_PREVIEW_SIDE, _PREVIEW_SIDE))
    return small
