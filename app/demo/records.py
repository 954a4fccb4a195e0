"""What a demo remembers: nothing over a reload, but for the language."""

from app.inpage.memory import MemoryRecords
from app.runtime.ports import Records

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
