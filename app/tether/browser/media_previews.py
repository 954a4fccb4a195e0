"""Preview pictures, from their frames to the screen."""

from collections.abc import Callable
from typing import Any

import js

from tether.core.ids import TaskId


class BrowserPreviews:
    """Keeps each task's last picture, and revokes the address of the one before.

    Addresses are made when they are painted: more pictures come than that.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._frames: dict[TaskId, tuple[Any, int, str]] = {}
        self._urls: dict[TaskId, str] = {}

    def show(self, task_id: TaskId, frame: Any, offset: int, mime: str) -> None:
        """Show the picture in a frame at the next paint; its bytes never enter Python."""
        self._frames[task_id] = frame, offset, mime
        self._on_change()

    def url(self, task_id: TaskId) -> str:
        """Return the address of a task's last preview, "" for none."""
        last = self._frames.pop(task_id, None)
        if last is not None:
            self.drop(task_id)
            self._urls[task_id] = js.tetherPicture(*last)
        return self._urls.get(task_id, "")

    def drop(self, task_id: TaskId) -> None:
        """Free a task's preview."""
        self._frames.pop(task_id, None)
        url = self._urls.pop(task_id, None)
        if url is not None:
            js.URL.revokeObjectURL(url)
