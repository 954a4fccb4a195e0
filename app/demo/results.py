"""Addresses of results that are inside the page."""

from collections.abc import Callable
from typing import Any

import js

from tether.core.ids import TaskId


class Results:
    """Gives each result one address, for as long as its task's card is there."""

    def __init__(self) -> None:
        self._urls: dict[TaskId, dict[str, str]] = {}

    def address(self, task_id: TaskId, target: str, content_of: Callable[[str], Any | None]) -> str:
        """Return an address of a task's result, "" for one that isn't there.

        Args:
            task_id: The task.
            target: What its server would be asked for.
            content_of: Returns the Blob that the server shows there, or None.
        """
        urls = self._urls.setdefault(task_id, {})
        if target not in urls:
            blob = content_of(target)
            if blob is None:
                return ""
            urls[target] = str(js.URL.createObjectURL(blob))
        return urls[target]

    def forget(self, task_id: TaskId) -> None:
        """Free what a task's card showed."""
        for url in self._urls.pop(task_id, {}).values():
            js.URL.revokeObjectURL(url)
