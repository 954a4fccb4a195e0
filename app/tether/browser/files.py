"""Workflows and pictures in IndexedDB: once per content, while a task uses them.

Beside them stands each task's entry of the ledger, written in the same transaction: so a task is
on disk whole or not at all, before anything of it is sent.
"""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import js
from pyodide.ffi import JsException, to_js

from tether.browser.proxies import ProxyScope, ended, open_database, refuses_blobs
from tether.browser.values import blob_of, packed, to_object
from tether.core.errors import Trouble
from tether.core.events import Emit, StorageFailed
from tether.core.ids import Digest, TaskId

_FILES = "files"
"""Digest -> Blob or text; `entry:` and a task -> its entry."""

_ENTRY = "entry:"
_LAST = "\uffff"

_USES = "uses"
"""[task, digest] -> {digest, at}: a use, and since when (ms)."""

_VERSION = 2

_CHUNK = 1 << 20
_PATIENCE = 10.0
"""Seconds after which IndexedDB is taken for silent: what waits for it goes on without."""

_OPENED_WITHIN = 5.0
"""Seconds that the page's start waits for IndexedDB."""

_FORGOTTEN_MS = 30 * 24 * 3600 * 1000
"""Milliseconds until the files of a window that never came back are deleted."""


class _Write(NamedTuple):
    """A task's files and entry to be written; `done` gets None, or the error.

    Only a write that somebody waits for must be on disk: flushing it flushes those before it.
    """

    task_id: TaskId
    files: Mapping[Digest, Any] = MappingProxyType({})
    entry: str | None = ""
    """None deletes it; "" leaves it as it is."""
    done: asyncio.Future[Exception | None] | None = None


class BrowserFiles:
    """Stores blobs and texts; without IndexedDB, or without room, in this page's memory."""

    def __init__(self, name: str, emit: Emit) -> None:
        self._name = name
        self._emit = emit
        self._database: Any = None
        self._memory: dict[Digest, Any] = {}
        self._packs = False
        self._scope = ProxyScope()
        self._reconnecting: asyncio.Task[bool] | None = None
        self._is_flushed = True
        self._batch: list[_Write] = []
        """Written next, in one transaction: that costs more than what is in it."""
        self._writing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open the store, and delete expired files; to be awaited first."""
        if not await self._connect():
            return
        self._packs = await refuses_blobs(self._database, _FILES)
        before = js.Date.now() - _FORGOTTEN_MS
        self._collect(None, lambda use: use.at < before)

    async def _connect(self) -> bool:
        try:
            opening = open_database(self._name, _VERSION, _create)
            self._database = database = await self._answer(opening, _OPENED_WITHIN)
        except OSError as error:
            self._emit(StorageFailed(Trouble.of("files_in_memory", detail=error)))
            return False

        def deleted(_event: Any) -> None:
            self._emit(StorageFailed(Trouble.of("files_deleted")))
            reconnect()

        def asked_for(_event: Any) -> None:
            # By another version of the page, or by who deletes it all.
            database.close()
            reconnect()

        def reconnect() -> None:
            self._scope.end()
            self._database = None
            self._reconnecting = asyncio.ensure_future(self._connect())

        self._scope.listen(database, "close", deleted)
        self._scope.listen(database, "versionchange", asked_for)
        return True

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

    async def keep(self, task_id: TaskId, files: Mapping[Digest, Any], entry: str = "") -> None:
        """Store blobs and texts for a task, and its entry; returns when all is on disk.

        If the browser refuses, they stay in memory, and a notice says that a reload loses them.
        """
        if self._database is None:
            self._memory.update(files)
            return
        ready = await packed(files) if self._packs else files
        if not await self._flushed(_Write(task_id, ready, entry)):
            self._memory.update(files)

    def keep_entry(self, task_id: TaskId, text: str | None) -> None:
        if self._database is not None:
            self._is_flushed = False
            self._queue(_Write(task_id, entry=text))

    def when_settled(self, act: Callable[[], None]) -> None:
        if self._is_flushed or self._database is None:
            act()
        else:
            flush = asyncio.ensure_future(self._flushed(_Write(TaskId(""))))
            flush.add_done_callback(lambda _flush: act())

    async def entries(self) -> dict[TaskId, str]:
        if self._database is None:
            return {}
        span = js.IDBKeyRange.bound(_ENTRY, _ENTRY + _LAST)
        try:
            files = self._transaction("readonly").objectStore(_FILES)
            keys, texts = files.getAllKeys(span), files.getAll(span)
            await self._answer(ended(texts, "success"))
        except OSError as error:
            self._emit(StorageFailed(Trouble.of("file_unreadable", detail=error)))
            return {}
        pairs = zip(keys.result, texts.result, strict=True)
        return {TaskId(str(key).removeprefix(_ENTRY)): str(text) for key, text in pairs}

    async def _flushed(self, write: _Write) -> bool:
        """Write something to disk; False, and a notice, when the browser doesn't."""
        done: asyncio.Future[Exception | None] = asyncio.get_event_loop().create_future()
        self._queue(write._replace(done=done))
        error = await done
        if error is not None:
            self._emit(StorageFailed(Trouble.of("files_full", detail=error)))
        return error is None

    def _queue(self, write: _Write) -> None:
        self._batch.append(write)
        if self._writing is None:
            self._writing = asyncio.ensure_future(self._write())

    async def _write(self) -> None:
        while self._batch:
            batch, self._batch = self._batch, []
            is_flush = any(write.done for write in batch)
            self._is_flushed = is_flush
            error = await self._put(batch)
            for write in batch:
                # There may be room for some of them.
                alone = error is not None and len(batch) > 1
                failure = await self._put([write]) if alone else error
                if write.done is not None:
                    write.done.set_result(failure)
        self._writing = None

    async def _put(self, batch: Iterable[_Write]) -> Exception | None:
        """Write all of a batch or nothing; returns the error, since others wait behind it."""
        try:
            is_strict = any(write.done for write in batch)
            transaction = self._transaction(durability="strict" if is_strict else "relaxed")
            store, uses = transaction.objectStore(_FILES), transaction.objectStore(_USES)
            for write in batch:
                if write.entry is None:
                    store.delete(_ENTRY + write.task_id)
                elif write.entry:
                    store.put(write.entry, _ENTRY + write.task_id)
                for digest, content in write.files.items():
                    store.put(content, digest)
                    use = to_object({"digest": digest, "at": js.Date.now()})
                    uses.put(use, to_js([write.task_id, digest]))
            # At once: a page that is left aborts what it has not committed.
            transaction.commit()
            await self._answer(ended(transaction, "complete"))
        except (JsException, OSError) as error:
            return error
        return None

    async def read(self, digest: Digest) -> Any | None:
        if self._database is None or digest in self._memory:
            return self._memory.get(digest)
        try:
            request = self._transaction("readonly").objectStore(_FILES).get(digest)
            await self._answer(ended(request, "success"))
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
        span = js.IDBKeyRange.bound(to_js([start]), to_js([start + _LAST]))
        try:
            uses = self._transaction("readonly").objectStore(_USES)
            keys, values = uses.getAllKeys(span), uses.getAll(span)
            await self._answer(ended(values, "success"))
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

    async def _answer(self, work: Coroutine[Any, Any, Any], patience: float = _PATIENCE) -> Any:
        """Await IndexedDB.

        Raises:
            OSError: It refuses, or is silent: from then on files stay in memory.
        """
        try:
            return await asyncio.wait_for(work, patience)
        except TimeoutError:
            self._database = None
            raise OSError(f"no answer in {patience:g} s") from None

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

    def _transaction(self, mode: str = "readwrite", durability: str = "default") -> Any:
        """Begin a transaction; a strict one is complete once it is on disk.

        Raises:
            OSError: The browser has closed the database, e.g. since the person deleted site data.
        """
        if self._database is None:
            raise OSError("the browser has closed the store")
        options = to_object({"durability": durability})
        try:
            return self._database.transaction(to_js([_FILES, _USES]), mode, options)
        except JsException as error:
            raise OSError(str(error)) from error


def _uses_of(task_id: TaskId) -> Any:
    return js.IDBKeyRange.bound(to_js([task_id]), to_js([task_id, []]))


def _create(database: Any) -> None:
    for name in list(database.objectStoreNames):
        database.deleteObjectStore(name)  # of a version before the first release
    database.createObjectStore(_FILES)
    database.createObjectStore(_USES).createIndex("digest", "digest")
