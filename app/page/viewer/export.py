"""How a picture leaves the large view: to the clipboard, or to a tab of its own."""

from typing import Any

import js
from pyodide.ffi import JsException, to_js

from tether.browser.values import to_object


async def copy_picture(address: str) -> bool:
    """Put a picture on the clipboard as PNG, the only type that all browsers take."""
    try:
        bitmap = await js.createImageBitmap(await (await js.fetch(address)).blob())
        canvas = js.OffscreenCanvas.new(bitmap.width, bitmap.height)
        canvas.getContext("2d").drawImage(bitmap, 0, 0)
        item = js.ClipboardItem.new(to_object({"image/png": await canvas.convertToBlob()}))
        await js.navigator.clipboard.write(to_js([item]))
    except JsException:
        return False  # not permitted
    return True


async def open_tab(address: str, name: str) -> bool:
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
    _style(document.documentElement, color_scheme="light dark", height="100%")
    _style(document.body, margin="0", min_height="100%", display="grid", place_items="center")
    try:
        content = await (await js.fetch(address)).blob()
    except JsException:
        tab.close()  # its card was removed in that moment
        return False
    picture = document.createElement("img")
    picture.alt = name
    picture.src = tab.URL.createObjectURL(content)  # it ends with the tab
    _style(picture, max_width="100%")
    document.body.append(picture)
    return True


def _style(target: Any, **properties: str) -> None:
    for name, value in properties.items():
        target.style.setProperty(name.replace("_", "-"), value)
