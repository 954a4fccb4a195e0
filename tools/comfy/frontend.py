"""The official frontend and its templates, where they are installed: files that a server gives.

They are test dependencies with licences of their own (GPL-3.0, MIT): run, never shipped.
"""

import importlib.util
from pathlib import Path
from posixpath import normpath

CURE = "tools/dev/setup.sh python oracle"

_PACKAGES = {
    "templates/": ("comfyui_workflow_templates_json", "templates"),
    "": ("comfyui_frontend_package", "static"),
}
"""The start of a path, and what is there: a folder of a package."""


class FrontendMissing(Exception):
    """A package isn't installed."""


class Frontend:
    """The files of the official frontend, by the path of a request.

    Raises:
        FrontendMissing: A package isn't installed.
    """

    def __init__(self) -> None:
        self._folders = {start: _folder(*place) for start, place in _PACKAGES.items()}

    def find(self, path: str) -> Path | None:
        """Return the file with that path; `/` is the page itself."""
        name = normpath(f"/{path}").lstrip("/") or "index.html"
        for start, folder in self._folders.items():
            if name.startswith(start):
                file = folder / name.removeprefix(start)
                return file if file.is_file() else None
        return None


def templates() -> Path:
    """Return the folder of the official templates.

    Raises:
        FrontendMissing: They aren't installed.
    """
    return _folder(*_PACKAGES["templates/"])


def _folder(package: str, name: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise FrontendMissing(f"{package} is not installed; {CURE} installs it")
    return Path(found.origin).parent / name
