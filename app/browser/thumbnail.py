"""Small pictures of large ones, made by the browser off the page's own thread."""

from typing import Any

import js
from pyodide.ffi import JsException

SIDE = 480
"""Pixels of a thumbnail's longer side: twice what is shown, for dense screens."""


async def shrunk(blob: Any) -> Any | None:
    """Return a picture's thumbnail; None where the browser can't read the picture."""
    try:
        bitmap = await js.createImageBitmap(blob)
    except JsException:
        return None
    scale = min(1.0, SIDE / max(bitmap.width, bitmap.height))
    width, height = max(1, round(bitmap.width * scale)), max(1, round(bitmap.height * scale))
    canvas = js.OffscreenCanvas.new(width, height)
    context = canvas.getContext("2d")
    context.imageSmoothingQuality = "high"
    context.drawImage(bitmap, 0, 0, width, height)
    bitmap.close()
    return await canvas.convertToBlob(type="image/webp", quality=0.8)
