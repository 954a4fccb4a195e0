"""The content of a file, which stands where a page has a JavaScript Blob."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes, with their number as `size`."""

    content: bytes

    @property
    def size(self) -> int:
        """The number of bytes."""
        return len(self.content)
