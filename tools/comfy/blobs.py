"""The contents of a server's files, in a temporary folder that is deleted with it."""

from hashlib import sha256
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from simulator.http import Blob


class BlobWriter:
    """A blob that is being written: `write` all of it, then `end`; or `abandon` it."""

    def __init__(self, key: str, path: Path) -> None:
        self._key = key
        self._path = path
        self._file = path.open("wb")
        self._digest = sha256()
        self._size = 0

    def write(self, piece: bytes) -> None:
        """Write the next piece."""
        self._file.write(piece)
        self._digest.update(piece)
        self._size += len(piece)

    def end(self) -> Blob:
        """Close the file, and return the blob."""
        self._file.close()
        return Blob(self._key, self._size, self._digest.hexdigest())

    def abandon(self) -> None:
        """Delete what was written: the upload broke off."""
        self._file.close()
        self._path.unlink()


class BlobStore:
    """Blobs by key. All but `drop` and `close` may be called from any thread."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="comfy-server-")
        self._numbers = count(1)

    @property
    def folder(self) -> Path:
        """The folder of the files."""
        return Path(self._folder.name)

    def path(self, key: str) -> Path:
        """Return the file of a blob."""
        return self.folder / key

    def add(self, content: bytes) -> Blob:
        """Store bytes."""
        writer = self.begin()
        writer.write(content)
        return writer.end()

    def begin(self) -> "BlobWriter":
        """Return a writer for bytes that come piece by piece."""
        key = f"blob-{next(self._numbers)}"
        return BlobWriter(key, self.path(key))

    def read(self, key: str, start: int, stop: int) -> bytes:
        """Return bytes `start` to `stop` (excluded) of a blob, fewer if it is shorter."""
        with self.path(key).open("rb") as file:
            file.seek(start)
            return file.read(stop - start)

    def drop(self, key: str) -> None:
        """Delete a blob."""
        self.path(key).unlink(missing_ok=True)

    def close(self) -> None:
        """Delete all blobs."""
        self._folder.cleanup()
