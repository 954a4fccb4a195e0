"""What a window keeps where nothing is to stay: in memory alone."""

from collections.abc import Callable

from app.core.ids import TaskId


class MemoryRecords:
    """Small records of one window, or of several that share them."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def read_all(self) -> dict[str, str]:
        """Return all records."""
        return dict(self._texts)

    def read(self, key: str) -> str | None:
        """Return one record."""
        return self._texts.get(key)

    def write(self, key: str, text: str | None) -> None:
        """Keep or forget a record."""
        if text is None:
            self._texts.pop(key, None)
        else:
            self._texts[key] = text

    def listen(self, on_change: Callable[[str, str | None], None]) -> None:
        """No other window writes here."""


class NoPreviews:
    """Nobody looks."""

    def show(self, task_id: TaskId, frame: object, offset: int, mime: str) -> None:
        """Let it go."""
