"""Compiles the page's Python into archives of byte code; runs inside Pyodide itself.

`tools/site_python.mjs` runs this in Node. The archives are stored, not deflated, like the
standard library's (`tools/build_stdlib.py`).
"""

import importlib.util
import io
import tomllib
import zipfile
from collections.abc import Mapping
from typing import Any

from tools.build_stdlib import byte_code


def archive(sources: Mapping[str, str]) -> bytes:
    """Return a zip with a module of byte code for each source, by path.

    PyScript writes its own sources into the page's file system: Python looks for their byte code
    in `__pycache__`. Ours stands where the source would.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as compiled:
        for path, text in sorted(sources.items()):
            cached = importlib.util.cache_from_source(path)
            name = cached if path.startswith("pyscript/") else f"{path}c"
            compiled.writestr(zipfile.ZipInfo(name), byte_code(text.encode(), path))
    return target.getvalue()


def read_manifest(text: str) -> dict[str, Any]:
    """Parse `pyscript.toml`."""
    return tomllib.loads(text)
