"""Pictures to send: no two alike."""

from io import BytesIO

from PIL import Image
from playwright.async_api import FilePayload


def picture(number: int) -> FilePayload:
    """A small picture that no other task has."""
    buffer = BytesIO()
    Image.new("RGB", (96, 64), (number % 256, number // 256, 150)).save(buffer, format="PNG")
    return {"name": f"{number}.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
