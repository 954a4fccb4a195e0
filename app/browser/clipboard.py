"""Pictures on the clipboard."""

import js
from pyodide.ffi import JsException, to_js


def can_copy_pictures() -> bool:
    """Say whether the browser takes pictures here: on secure pages alone."""
    return bool(js.isSecureContext) and hasattr(js, "ClipboardItem")


async def copy_picture(address: str) -> bool:
    """Put a picture of the page on the clipboard, as PNG: browsers take no other kind."""
    try:
        bitmap = await js.createImageBitmap(await (await js.fetch(address)).blob())
        canvas = js.OffscreenCanvas.new(bitmap.width, bitmap.height)
        canvas.getContext("2d").drawImage(bitmap, 0, 0)
        picture = await canvas.convertToBlob()
        item = js.ClipboardItem.new(
            to_js({"image/png": picture}, dict_converter=js.Object.fromEntries)
        )
        await js.navigator.clipboard.write(to_js([item]))
    except JsException:
        return False  # the person, or the browser, doesn't let the page
    return True
