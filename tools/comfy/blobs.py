"""Where a server's file contents lie: a temporary folder that goes away with it."""

from hashlib import sha256
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from simulator.http import Blob


class BlobWriter:
    """One blob in the making: `write` all of it, then `end`; or `abandon` it."""

    def __init__(self, key: str, path: Path) -> None:
        self._key = key
        self._path = path
        self._file = path.open("wb")
        self._digest = sha256()
        self._size = 0

    def write(self, piece: bytes) -> None:
        """Take the next piece."""
        self._file.write(piece)
        self._digest.update(piece)
        self._size += len(piece)

    def end(self) -> Blob:
        """Close the file; the blob is whole."""
        self._file.close()
        return Blob(self._key, self._size, self._digest.hexdigest())

    def abandon(self) -> None:
        """Delete what was written: the rest never came."""
        self._file.close()
        self._path.unlink()


class BlobStore:
    """Files by key. All but `drop` and `close` may be called from any thread."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="comfy-server-")
        self._numbers = count(1)

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return Path(self._folder.name)

    def path(self, key: str) -> Path:
        """Where a blob lies."""
        return self.folder / key

    def add(self, content: bytes) -> Blob:
        """Keep bytes."""
        writer = self.begin()
        writer.write(content)
        return writer.end()

    def begin(self) -> "BlobWriter":
        """Keep bytes that come piece by piece."""
        key = f"blob-{next(self._numbers)}"
        return BlobWriter(key, self.path(key))

    def read(self, key: str, start: int, stop: int) -> bytes:
        """Bytes `start` to `stop` (excluded) of a blob; shorter if it is shorter."""
        with self.path(key).open("rb") as file:
            file.seek(start)
            return file.read(stop - start)

    def drop(self, key: str) -> None:
        """Delete a blob."""
        self.path(key).unlink(missing_ok=True)

    def close(self) -> None:
        """Delete them all."""
        self._folder.cleanup()
