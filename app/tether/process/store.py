"""What a process keeps in one SQLite file: its records, its tasks' entries, workflows, pictures.

All of it but the contents of files is in memory as well. What is written waits for the end of the
round, so that a task's state, its entry and its files are on disk together or not at all; what the
disk refuses stays in memory, and is written with what comes next.
"""

import asyncio
import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tether.core.errors import TetherError, Trouble
from tether.core.events import Emit, StorageFailed
from tether.core.ids import Digest, TaskId
from tether.process.blob import Blob

_ENTRIES, _USES = "entries", "uses"
"""The spaces of tasks' entries, and of uses: key `task digest`, text the time."""

_OURS = 0x54455448
"""The application id of a state file, "TETH". Source: SQLite, `PRAGMA application_id`."""

_TABLES = f"""
PRAGMA application_id = {_OURS};
CREATE TABLE IF NOT EXISTS texts (
    space TEXT, key TEXT, text TEXT NOT NULL, PRIMARY KEY (space, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS contents (digest TEXT PRIMARY KEY, content BLOB NOT NULL);
"""


class StateFile:
    """Texts by space and key, and contents by digest; one process at a time has the file.

    Args:
        path: The file, made where there is none; None keeps all in memory.
        emit: Gets `StorageFailed`.

    Raises:
        TetherError: Another process has it open, or it is no such file.
    """

    def __init__(self, path: Path | None, emit: Emit) -> None:
        self._emit = emit
        self.is_lasting = path is not None
        self._texts: dict[str, dict[str, str]] = {}
        self._unsaved: dict[tuple[str, str], str | None] = {}
        self._contents: dict[Digest, Blob | str | None] = {}
        """Those that are not on disk yet; None for one to be deleted."""
        self._is_due = False
        try:
            if path is not None:  # tokens are in it: nobody else may read them
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._file = sqlite3.connect(path or ":memory:", timeout=0.0, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise TetherError("state_unreadable", file=path, detail=error) from error
        try:
            self._open(path)
        except sqlite3.Error as error:
            self._file.close()
            code = "state_in_use" if "locked" in str(error) else "state_unreadable"
            raise TetherError(code, file=path, detail=error) from error
        except TetherError:
            self._file.close()
            raise

    def _open(self, path: Path | None) -> None:
        ask = self._file.execute
        is_empty = ask("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        if not is_empty and ask("PRAGMA application_id").fetchone()[0] != _OURS:
            why = "it is the database of another program"
            raise TetherError("state_unreadable", file=path, detail=why)
        for rule in ("auto_vacuum = FULL", "locking_mode = EXCLUSIVE", "journal_mode = WAL"):
            ask(f"PRAGMA {rule}")
        ask("PRAGMA synchronous = FULL")
        self._file.executescript(f"BEGIN IMMEDIATE; {_TABLES} COMMIT;")
        for space, key, text in ask("SELECT space, key, text FROM texts"):
            self._texts.setdefault(space, {})[key] = text

    def texts(self, space: str) -> Mapping[str, str]:
        """Return the texts of a space by key."""
        return self._texts.setdefault(space, {})

    def put(self, space: str, key: str, text: str | None) -> None:
        """Write a text, or delete it; it is on disk after this round of the loop."""
        text = None if text is None else _whole(text)
        if text is None:
            self._texts.setdefault(space, {}).pop(key, None)
        else:
            self._texts.setdefault(space, {})[key] = text
        self._unsaved[space, key] = text
        self._soon()

    def put_content(self, digest: Digest, content: Blob | str | None) -> None:
        """Write a content, or delete it, as `put`."""
        self._contents[digest] = _whole(content) if isinstance(content, str) else content
        self._soon()

    def content(self, digest: Digest) -> Blob | str | None:
        """Return a content, or None."""
        if digest in self._contents:
            return self._contents[digest]
        try:
            row = self._file.execute(
                "SELECT content FROM contents WHERE digest = ?", (digest,)
            ).fetchone()
        except sqlite3.Error as error:
            self._emit(StorageFailed(Trouble.of("file_unreadable", detail=error)))
            return None
        if row is None:
            return None
        return row[0] if isinstance(row[0], str) else Blob(row[0])

    def save(self) -> sqlite3.Error | None:
        """Write to disk what waits for it; returns why that can't be done, and says so."""
        self._is_due = False
        if not self._unsaved and not self._contents:
            return None
        try:
            self._file.execute("BEGIN IMMEDIATE")
            try:
                self._write()
                self._file.execute("COMMIT")
            finally:
                if self._file.in_transaction:
                    self._file.execute("ROLLBACK")
        except sqlite3.Error as error:
            self._emit(StorageFailed(Trouble.of("state_full", detail=error)))
            return error
        self._unsaved.clear()
        self._contents.clear()
        return None

    def _write(self) -> None:
        for (space, key), text in self._unsaved.items():
            if text is None:
                self._file.execute("DELETE FROM texts WHERE space = ? AND key = ?", (space, key))
            else:
                self._file.execute("REPLACE INTO texts VALUES (?, ?, ?)", (space, key, text))
        for digest, content in self._contents.items():
            if content is None:
                self._file.execute("DELETE FROM contents WHERE digest = ?", (digest,))
            else:
                kept = content.content if isinstance(content, Blob) else content
                self._file.execute("REPLACE INTO contents VALUES (?, ?)", (digest, kept))

    def close(self) -> None:
        """Write what waits, and let the file go."""
        self.save()
        self._file.close()

    def _soon(self) -> None:
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._save_due)

    def _save_due(self) -> None:
        if self._is_due:
            self.save()


def _whole(text: str) -> str:
    """Return a text without half characters, which no file takes."""
    return text.encode(errors="replace").decode()


class ProcessRecords:
    """Implements `Records` with a space of a state file; no other process writes there."""

    def __init__(self, file: StateFile, space: str) -> None:
        self._file = file
        self._space = space

    def read_all(self) -> Mapping[str, str]:
        return dict(self._file.texts(self._space))

    def read(self, key: str) -> str | None:
        return self._file.texts(self._space).get(key)

    def write(self, key: str, text: str | None) -> None:
        self._file.put(self._space, key, text)

    def listen(self, on_change: Callable[[str, str | None], None]) -> None:
        """Ignore the listener."""


class ProcessFiles:
    """Implements `Files` with a state file."""

    def __init__(self, file: StateFile) -> None:
        self._file = file
        self.is_lasting = file.is_lasting
        self._used: dict[TaskId, set[Digest]] = {}
        self._users: dict[Digest, set[TaskId]] = {}
        for key in file.texts(_USES):
            task_id, _, digest = key.rpartition(" ")
            self._note(TaskId(task_id), Digest(digest))

    async def head(self, blob: Blob, length: int) -> bytes:
        return blob.content[:length]

    async def digest(self, blob: Blob) -> Digest:
        """Return a blob's BLAKE2b, as a page does."""
        work = hashlib.blake2b(digest_size=32)
        await asyncio.to_thread(work.update, blob.content)
        return Digest(work.hexdigest())

    async def keep(
        self, task_id: TaskId, files: Mapping[Digest, Blob | str], entry: str = ""
    ) -> None:
        added = files.keys() - self._used.get(task_id, set())
        for digest, content in files.items():
            if digest not in self._users:
                self._file.put_content(digest, content)
            self._use(task_id, digest)
        if entry:
            self._file.put(_ENTRIES, task_id, entry)
        error = self._file.save()
        if error is not None:  # what isn't on disk isn't accepted
            for digest in added:
                self._drop(task_id, digest)
            if entry:
                self.keep_entry(task_id, None)
            raise TetherError("task_unkept", detail=error)
        await asyncio.sleep(0)  # of many, servers get the first before all are kept

    def keep_entry(self, task_id: TaskId, text: str | None) -> None:
        self._file.put(_ENTRIES, task_id, text)

    def when_settled(self, act: Callable[[], None]) -> None:
        self._file.save()
        act()

    async def entries(self) -> dict[TaskId, str]:
        return {TaskId(key): text for key, text in self._file.texts(_ENTRIES).items()}

    async def kept_for(self, start: str) -> dict[TaskId, float]:
        uses = self._file.texts(_USES).items()
        found = ((key.rpartition(" ")[0], float(at)) for key, at in uses if key.startswith(start))
        return {TaskId(task_id): at for task_id, at in found}

    async def read(self, digest: Digest, is_needed: bool = False) -> Blob | str | None:
        return self._file.content(digest)

    async def read_text(self, digest: Digest, is_needed: bool = False) -> str | None:
        kept = self._file.content(digest)
        return kept if isinstance(kept, str) else None

    def release(self, task_id: TaskId) -> None:
        for digest in tuple(self._used.get(task_id, ())):
            self._drop(task_id, digest)
        self._used.pop(task_id, None)

    def _drop(self, task_id: TaskId, digest: Digest) -> None:
        self._file.put(_USES, f"{task_id} {digest}", None)
        self._used[task_id].discard(digest)
        self._users[digest].discard(task_id)
        if not self._users[digest]:
            del self._users[digest]
            self._file.put_content(digest, None)

    def share(self, task_id: TaskId, of: TaskId) -> None:
        for digest in tuple(self._used.get(of, ())):
            self._use(task_id, digest)

    def _use(self, task_id: TaskId, digest: Digest) -> None:
        self._file.put(_USES, f"{task_id} {digest}", str(time.time()))
        self._note(task_id, digest)

    def _note(self, task_id: TaskId, digest: Digest) -> None:
        self._used.setdefault(task_id, set()).add(digest)
        self._users.setdefault(digest, set()).add(task_id)
