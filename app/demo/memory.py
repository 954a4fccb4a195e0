"""Storage in memory, for windows that store nothing."""

from collections.abc import Callable

from tether.runtime.ports import Records


class MemoryRecords:
    """The `Records` port in memory, for one window or several that share it."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def read_all(self) -> dict[str, str]:
        """Return all records."""
        return dict(self._texts)

    def read(self, key: str) -> str | None:
        """Return one record."""
        return self._texts.get(key)

    def write(self, key: str, text: str | None) -> None:
        """Keep a record, or drop it."""
        if text is None:
            self._texts.pop(key, None)
        else:
            self._texts[key] = text

    def listen(self, on_change: Callable[[str, str | None], None]) -> None:
        """Ignore the listener: no other window writes here."""


_STORED = "language"


class DemoRecords(MemoryRecords):
    """Records in memory, except for the language, which is the ordinary page's."""

    def __init__(self, ordinary: Records) -> None:
        super().__init__()
        self._ordinary = ordinary

    def read(self, key: str) -> str | None:
        """Return one record."""
        return self._ordinary.read(key) if key == _STORED else super().read(key)

    def write(self, key: str, text: str | None) -> None:
        """Keep a record, or drop it."""
        if key == _STORED:
            self._ordinary.write(key, text)
        else:
            super().write(key, text)
