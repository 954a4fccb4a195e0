"""Pictures and workflows that are dropped or pasted anywhere on the page."""

from collections.abc import Callable
from typing import Any

import js

from app.ui.dom import listen


class DropAnywhere:
    """Takes files in, and marks the page while some are dragged over it.

    Args:
        take: Is called with the files.
    """

    def __init__(self, take: Callable[[list[Any]], None]) -> None:
        self._take = take
        self._mark = js.document.documentElement.classList
        self._is_marked = False
        listen(js.document, "dragover", self._over)
        listen(js.document, "dragleave", self._left)
        listen(js.document, "drop", self._dropped)
        listen(js.document, "paste", self._pasted)

    def _over(self, event: Any) -> None:
        event.preventDefault()
        # A link or a picture of the page itself is no file to be dropped.
        if not self._is_marked and event.dataTransfer.types.includes("Files"):
            self._show(True)

    def _left(self, event: Any) -> None:
        """Inside the page something else is entered; where the page ends, nothing is."""
        if not event.relatedTarget:
            self._show(False)

    def _dropped(self, event: Any) -> None:
        event.preventDefault()
        self._show(False)
        self._take(list(event.dataTransfer.files))

    def _pasted(self, event: Any) -> None:
        files = list(event.clipboardData.files)
        if files:
            event.preventDefault()
            self._take(files)

    def _show(self, is_over: bool) -> None:
        self._is_marked = is_over
        self._mark.toggle("dragging", is_over)
