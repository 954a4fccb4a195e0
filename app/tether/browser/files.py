"""Workflows and pictures in IndexedDB: once per content, while a task uses them."""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import js
from pyodide.ffi import JsException, to_js

from tether.browser.proxies import ProxyScope, ended, open_database, refuses_blobs
from tether.browser.values import blob_of, packed, to_object
from tether.core.errors import Trouble
from tether.core.events import Emit, StorageFailed
from tether.core.ids import Digest, TaskId

_FILES = "files"
"""Digest -> Blob or text."""

_USES = "uses"
"""[task, digest] -> {digest, at}: a use, and since when (ms)."""

_VERSION = 2

_CHUNK = 1 << 20
_FORGOTTEN_MS = 30 * 24 * 3600 * 1000
"""Milliseconds until the files of a window that never came back are deleted."""


class _Write(NamedTuple):
    """A task's files to be written; `done` gets None, or the error."""

    task_id: TaskId
    files: Mapping[Digest, Any]
    done: asyncio.Future[Exception | None]


class BrowserFiles:
    """Stores blobs and texts; without IndexedDB, or without room, in this page's memory."""

    def __init__(self, name: str, emit: Emit) -> None:
        self._name = name
        self._emit = emit
        self._database: Any = None
        self._memory: dict[Digest, Any] = {}
        self._packs = False
        self._batch: list[_Write] = []
        """Written next, in one transaction: that costs more than what is in it."""
        self._writing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open the store, and delete expired files; to be awaited first."""
        try:
            self._database = await open_database(self._name, _VERSION, _create)
        except OSError as error:
            self._emit(StorageFailed(Trouble.of("files_in_memory", detail=error)))
            return
        self._packs = await refuses_blobs(self._database, _FILES)
        before = js.Date.now() - _FORGOTTEN_MS
        self._collect(None, lambda use: use.at < before)

    @property
    def is_lasting(self) -> bool:
        return self._database is not None

    async def head(self, blob: Any, length: int) -> bytes:
        return bytes((await blob.slice(0, length).arrayBuffer()).to_bytes())

    async def digest(self, blob: Any) -> Digest:
        """Return a blob's BLAKE2b, read piece by piece.

        Insecure pages have no `crypto.subtle`; in Pyodide BLAKE2b runs at 450 MB/s, three times
        as fast as SHA-256.

        Raises:
            OSError: It can't be read: it is a folder, or a file that is gone.
        """
        digest = hashlib.blake2b(digest_size=32)
        for start in range(0, int(blob.size), _CHUNK):
            try:
                piece = await blob.slice(start, start + _CHUNK).arrayBuffer()
            except JsException as error:
                raise OSError(str(error)) from error
            digest.update(piece.to_bytes())
        return Digest(digest.hexdigest())

    async def keep(self, task_id: TaskId, files: Mapping[Digest, Any]) -> None:
        """Store blobs and texts for a task; returns when the browser has written them.

        If it refuses, they stay in memory, and a notice says that a reload loses them.
        """
        if self._database is None:
            self._memory.update(files)
            return
        ready = await packed(files) if self._packs else files
        write = _Write(task_id, ready, asyncio.get_event_loop().create_future())
        self._batch.append(write)
        if self._writing is None:
            self._writing = asyncio.ensure_future(self._write())
        error = await write.done
        if error is not None:
            self._memory.update(files)
            self._emit(StorageFailed(Trouble.of("files_full", detail=error)))

    async def _write(self) -> None:
        while self._batch:
            batch, self._batch = self._batch, []
            error = await self._put(batch)
            for write in batch:
                # There may be room for some of them.
                alone = error is not None and len(batch) > 1
                write.done.set_result(await self._put([write]) if alone else error)
        self._writing = None

    async def _put(self, batch: Iterable[_Write]) -> Exception | None:
        """Write all of a batch or nothing; returns the error, since others wait behind it."""
        try:
            transaction = self._transaction()
            store, uses = transaction.objectStore(_FILES), transaction.objectStore(_USES)
            for write in batch:
                for digest, content in write.files.items():
                    store.put(content, digest)
                    use = to_object({"digest": digest, "at": js.Date.now()})
                    uses.put(use, to_js([write.task_id, digest]))
            await ended(transaction, "complete")
        except (JsException, OSError) as error:
            return error
        return None

    async def read(self, digest: Digest) -> Any | None:
        if self._database is None or digest in self._memory:
            return self._memory.get(digest)
        try:
            request = self._transaction("readonly").objectStore(_FILES).get(digest)
            await ended(request, "success")
        except OSError as error:
            self._emit(StorageFailed(Trouble.of("file_unreadable", detail=error)))
            return None
        return blob_of(request.result) if request.result else None  # a missing one is undefined

    async def read_text(self, digest: Digest) -> str | None:
        kept = await self.read(digest)
        return kept if isinstance(kept, str) else None

    def release(self, task_id: TaskId) -> None:
        if self._database is not None:
            self._collect(_uses_of(task_id), lambda _use: True)

    async def kept_for(self, start: str) -> dict[TaskId, float]:
        if self._database is None:
            return {}
        span = js.IDBKeyRange.bound(to_js([start]), to_js([f"{start}\uffff"]))
        try:
            uses = self._transaction("readonly").objectStore(_USES)
            keys, values = uses.getAllKeys(span), uses.getAll(span)
            await ended(values, "success")
        except OSError:
            return {}
        pairs = zip(keys.result, values.result, strict=True)
        return {TaskId(str(key[0])): use.at / 1000 for key, use in pairs}

    def share(self, task_id: TaskId, of: TaskId) -> None:
        if self._database is None:
            return
        try:
            uses = self._transaction().objectStore(_USES)
        except OSError:
            return  # the files are gone, which the task that needs one says
        scope = ProxyScope()

        def on_uses(event: Any) -> None:
            for use in event.target.result:
                uses.put(use, to_js([task_id, use.digest]))
            scope.end()

        scope.listen(uses.getAll(_uses_of(of)), "success", on_uses)

    def _collect(self, span: Any, is_over: Callable[[Any], bool]) -> None:
        """Delete uses, and files without another use, in one transaction.

        With two, another window could begin to use a file between its count and its deletion.
        """
        try:
            transaction = self._transaction()
        except OSError:
            return  # there is nothing left to delete
        files, uses = transaction.objectStore(_FILES), transaction.objectStore(_USES)
        scope = ProxyScope()

        def on_cursor(event: Any) -> None:
            cursor = event.target.result
            if not cursor:
                return
            if is_over(cursor.value):
                digest = cursor.value.digest
                cursor.delete()
                count = uses.index("digest").count(digest)
                scope.listen(count, "success", lambda e: e.target.result or files.delete(digest))
            getattr(cursor, "continue")()

        request = uses.openCursor(span) if span is not None else uses.openCursor()
        scope.listen(request, "success", on_cursor)
        for end in ("complete", "abort"):
            scope.listen(transaction, end, lambda _event: scope.end())

    def _transaction(self, mode: str = "readwrite") -> Any:
        """Begin a transaction.

        Raises:
            OSError: The browser has closed the database, e.g. since the person deleted site data.
        """
        try:
            return self._database.transaction(to_js([_FILES, _USES]), mode)
        except JsException as error:
            raise OSError(str(error)) from error


def _uses_of(task_id: TaskId) -> Any:
    return js.IDBKeyRange.bound(to_js([task_id]), to_js([task_id, []]))


def _create(database: Any) -> None:
    for name in list(database.objectStoreNames):
        database.deleteObjectStore(name)  # of a version before the first release
    database.createObjectStore(_FILES)
    database.createObjectStore(_USES).createIndex("digest", "digest")
