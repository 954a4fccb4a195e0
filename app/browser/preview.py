"""Preview pictures on their way from a frame to the screen."""

from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import to_js

from app.core.ids import TaskId


class BrowserPreviews:
    """Keeps one picture address a task; the one before is revoked."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._urls: dict[TaskId, str] = {}

    def show(self, task_id: TaskId, frame: Any, offset: int, mime: str) -> None:
        """Make an address of the picture in a frame; its bytes never enter Python."""
        self.drop(task_id)
        bytes_of_it = js.Uint8Array.new(frame, offset)
        options = to_js({"type": mime}, dict_converter=js.Object.fromEntries)
        blob = js.Blob.new(to_js([bytes_of_it]), options)
        self._urls[task_id] = js.URL.createObjectURL(blob)
        self._on_change()

    def url(self, task_id: TaskId) -> str:
        """Return the address of a task's last preview, "" for none."""
        return self._urls.get(task_id, "")

    def drop(self, task_id: TaskId) -> None:
        """Free a task's preview."""
        url = self._urls.pop(task_id, None)
        if url is not None:
            js.URL.revokeObjectURL(url)
