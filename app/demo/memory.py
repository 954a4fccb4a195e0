"""What a window keeps where nothing is to stay: in memory alone."""

from collections.abc import Callable

from tether.runtime.ports import Records


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


_KEPT = "language"


class DemoRecords(MemoryRecords):
    """Records in memory, except that the language is the ordinary page's.

    Args:
        ordinary: What all windows of the ordinary page share.
    """

    def __init__(self, ordinary: Records) -> None:
        super().__init__()
        self._ordinary = ordinary

    def read(self, key: str) -> str | None:
        """Return one record."""
        return self._ordinary.read(key) if key == _KEPT else super().read(key)

    def write(self, key: str, text: str | None) -> None:
        """Keep or forget a record."""
        if key == _KEPT:
            self._ordinary.write(key, text)
        else:
            super().write(key, text)
