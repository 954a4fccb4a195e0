"""Parts of the page's code that are fetched when they are first wanted."""

from typing import Any

import js
from pyodide.ffi import JsException
from pyscript import config

from tether.browser.site import fetch_text
from tether.core.errors import TetherError


async def load_part(*names: str) -> None:
    """Fetch parts of the page's code by their names in `pyscript.toml`, unless they are here.

    Raises:
        TetherError: The page's own host doesn't give them.
    """
    try:
        await js.tetherLoadPython(*(path for name in names for path in config["lazy"][name]))
    except JsException as error:
        raise TetherError("part_missing", detail=error.message) from error


async def load_text(path: str) -> str:
    """Fetch a text of the page's own.

    Raises:
        TetherError: The page's own host doesn't give it.
    """
    try:
        text = await fetch_text(path)
    except JsException as error:
        raise TetherError("part_missing", detail=error.message) from error
    if text is None:
        raise TetherError("part_missing", detail=path)
    return text


async def load_library(path: str) -> Any:
    """Import a JavaScript module of the page's own.

    Raises:
        TetherError: The page's own host doesn't give it.
    """
    try:
        return await js.tetherImport(path)
    except JsException as error:
        raise TetherError("part_missing", detail=error.message) from error
