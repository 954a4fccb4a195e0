"""How much one server may say: what it sends costs all other servers their turn."""

LONGEST_FRAME = 2_000_000
"""Characters of a text frame that is read; what a longer one told is found in the server's books.

Source: ComfyUI 0.28.1, measured: `progress_state` of 1,000 nodes has 300,000.
"""

_FRAMES, _FRAMES_PER_SECOND = 30_000.0, 500.0
_CHARACTERS, _CHARACTERS_PER_SECOND = 32e6, 4e6


class Flood:
    """Two buckets that fill up with time, and that every frame empties a little."""

    __slots__ = ("_at", "_characters", "_frames")

    def __init__(self) -> None:
        self._at = 0.0
        self._frames = _FRAMES
        self._characters = _CHARACTERS

    def takes(self, length: int, now: float) -> bool:
        """Count a frame; False once there were too many, or too many characters."""
        passed = max(0.0, now - self._at)
        self._at = now
        self._frames = min(_FRAMES, self._frames + passed * _FRAMES_PER_SECOND) - 1
        characters = self._characters + passed * _CHARACTERS_PER_SECOND
        self._characters = min(_CHARACTERS, characters) - length
        return self._frames >= 0 and self._characters >= 0
