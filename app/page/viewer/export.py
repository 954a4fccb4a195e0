"""Takes a picture out of the page: onto the clipboard, or into a tab of its own."""

from typing import Any

import js
from pyodide.ffi import JsException, to_js


def can_copy_pictures() -> bool:
    """Say whether the clipboard takes pictures, which it does on secure pages alone."""
    return bool(js.isSecureContext) and hasattr(js, "ClipboardItem")


async def copy_picture(address: str) -> bool:
    """Put a picture on the clipboard as PNG, the only type that all browsers take."""
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
        return False  # not permitted
    return True


async def open_picture(address: str, name: str) -> bool:
    """Show a picture in a new tab; False when the browser opens none.

    A `blob:` URL opened by itself would have its id as title, and end with this page. As an image
    in an empty document it outlives the page, and whatever it holds, nothing in it can run.
    """
    tab = js.window.open("", "_blank")
    if not tab:  # JavaScript's null
        return False
    document = tab.document
    document.title = name
    document.documentElement.lang = js.document.documentElement.lang
    _set(document.documentElement, color_scheme="light dark", height="100%")
    _set(document.body, margin="0", min_height="100%", display="grid", place_items="center")
    try:
        content = await (await js.fetch(address)).blob()
    except JsException:
        tab.close()  # its card was removed in that moment
        return False
    picture = document.createElement("img")
    picture.alt = name
    picture.src = tab.URL.createObjectURL(content)  # it ends with the tab
    _set(picture, max_width="100%")
    document.body.append(picture)
    return True


def _set(target: Any, **properties: str) -> None:
    for name, value in properties.items():
        target.style.setProperty(name.replace("_", "-"), value)
