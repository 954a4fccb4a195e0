"""Compiles the page's Python into archives of byte code; runs inside Pyodide itself.

`tools/site/python.mjs` runs this in Node. `tools/site/library/sitecustomize.py` takes them in.
"""

import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from tools.site.build_stdlib import packed


def archive(sources: Mapping[str, str], written: Iterable[str] = ()) -> bytes:
    """Return the packed byte code of modules.

    Args:
        sources: Path -> source.
        written: What their dataclasses and named tuples will write: see `tools/site/written.py`.
    """
    return packed({path: text.encode() for path, text in sources.items()}, written)


def read_manifest(text: str) -> dict[str, Any]:
    """Parse `pyscript.toml`."""
    return tomllib.loads(text)
