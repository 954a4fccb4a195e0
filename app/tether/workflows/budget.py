"""What the search of one file may cost, whatever is in it."""

MOST_PARTS = 2_000
"""Parts of one file that are looked at: chunks, boxes, entries; a hostile file has millions."""

MOST_BYTES = 32_000_000
"""Bytes of one file that are read, copied or unpacked: its entries may share the same ones."""


class Budget:
    """Counts the work on one file, over all of its parts.

    It is counted and not timed: so a file has one outcome, however busy the machine is. Once
    something was too much, all is.
    """

    def __init__(self) -> None:
        self._parts = MOST_PARTS
        self._bytes = MOST_BYTES

    def has_part(self) -> bool:
        """Count one more part; False when there were too many."""
        self._parts -= 1
        return self._parts >= 0

    def has_bytes(self, length: int) -> bool:
        """Count so many bytes before they are read, copied or unpacked; False for too many."""
        self._bytes -= length
        return self._bytes >= 0
