"""Where a server's file contents lie: a temporary folder that goes away with it."""

from hashlib import sha256
from itertools import count
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import BinaryIO

from app.simulator.http import Blob


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
        key = f"blob-{next(self._numbers)}"
        self.path(key).write_bytes(content)
        return Blob(key, len(content), sha256(content).hexdigest())

    def add_stream(self, stream: BinaryIO) -> Blob:
        """Keep what is left to read of a stream."""
        key = f"blob-{next(self._numbers)}"
        path = self.path(key)
        with path.open("wb") as file:
            copyfileobj(stream, file)
        with path.open("rb") as file:
            digest = sha256()
            while chunk := file.read(1 << 20):
                digest.update(chunk)
        return Blob(key, path.stat().st_size, digest.hexdigest())

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
