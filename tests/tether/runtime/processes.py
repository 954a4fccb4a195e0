"""localStorage as windows in processes of their own see it."""

from collections.abc import Callable


class Origin:
    """Windows that write at once, and learn later what others have written, in one order for all.

    Source: Chromium keeps a copy of localStorage in each process, and tells the others of a write.
    """

    def __init__(self, windows: int) -> None:
        self.log: list[tuple[object, str, str | None]] = []
        self.windows = [ProcessRecords(self) for _ in range(windows)]

    def settle(self) -> None:
        """Let all windows learn of everything."""
        for window in self.windows:
            while window.hear():
                pass


class ProcessRecords:
    """The records as one process has them."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._texts: dict[str, str] = {}
        self._heard = 0
        self._listeners: list[Callable[[str, str | None], None]] = []

    def read_all(self) -> dict[str, str]:
        return dict(self._texts)

    def read(self, key: str) -> str | None:
        return self._texts.get(key)

    def write(self, key: str, text: str | None) -> None:
        self._set(key, text)
        self._origin.log.append((self, key, text))

    def listen(self, on_change: Callable[[str, str | None], None]) -> None:
        self._listeners.append(on_change)

    def hear(self) -> bool:
        """Learn of the next write of all; False when there is none."""
        log = self._origin.log
        if self._heard == len(log):
            return False
        writer, key, text = log[self._heard]
        self._heard += 1
        # A write of its own that others still have to learn of comes after this one.
        is_over = any(other is self and k == key for other, k, _ in log[self._heard :])
        if writer is not self and not is_over:
            self._set(key, text)
            for listener in self._listeners:
                listener(key, text)
        return True

    def _set(self, key: str, text: str | None) -> None:
        if text is None:
            self._texts.pop(key, None)
        else:
            self._texts[key] = text
