"""A picture in a tab of its own, which has the picture's name and needs this page no longer."""

from typing import Any

import js
from pyodide.ffi import JsException


async def open_picture(address: str, name: str) -> bool:
    """Show a picture of the page in a new tab; False when the browser opens none.

    A `blob:` opened as such has its id as a title, and is gone with this page. Here it is an
    image in an empty document: nothing in it can run, whatever it is.
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
        tab.close()  # its card has gone in that moment
        return False
    picture = document.createElement("img")
    picture.alt = name
    picture.src = tab.URL.createObjectURL(content)  # it lives and ends with the tab
    _set(picture, max_width="100%")
    document.body.append(picture)
    return True


def _set(target: Any, **properties: str) -> None:
    for name, value in properties.items():
        target.style.setProperty(name.replace("_", "-"), value)
