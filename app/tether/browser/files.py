"""Workflows and pictures in IndexedDB: once per content, while a task uses them.

Beside them stands each task's entry of the ledger, written in the same transaction: so a task is
on disk whole or not at all, before anything of it is sent.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any, NamedTuple

import js
from pyodide.ffi import JsException, to_js

from tether.browser.database import Database, Stores
from tether.browser.proxies import ProxyScope
from tether.browser.values import blob_of, packed, to_object
from tether.core.errors import Trouble
from tether.core.events import Emit, StorageCleared, StorageFailed
from tether.core.ids import Digest, TaskId

_FILES = "files"
"""Digest -> Blob or text; `entry:` and a task -> its entry."""

_ENTRY = "entry:"
_LAST = "\uffff"

_USES = "uses"
"""[task, digest] -> {digest, at}: a use, and since when (ms)."""

_VERSION = 2

_CHUNK = 1 << 20

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
    """Stores blobs and texts; without IndexedDB, or without room, in this page's memory.

    Nothing that the browser does raises here: what can't be kept is reported, and an entry that
    was refused is written with the next ones.
    """

    def __init__(self, name: str, emit: Emit) -> None:
        self._database = Database(name, _VERSION, _create, self._lost)
        self._emit = emit
        self._memory: dict[Digest, Any] = {}
        self._packs = False
        self._is_flushed = True
        self._batch: list[_Write] = []
        """Written next, in one transaction: that costs more than what is in it."""
        self._refused: dict[TaskId, _Write] = {}
        """The entries that the browser has not taken."""
        self._writing: asyncio.Task[None] | None = None
        self._jobs: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Open the store, and delete expired files; to be awaited first."""
        try:
            await self._database.open()
        except OSError as error:
            self._lost(error)
            return
        self._packs = await self._database.refuses_blobs(_FILES)
        before = js.Date.now() - _FORGOTTEN_MS
        self._collect(None, lambda use: use.at < before)

    def _lost(self, error: OSError | None) -> None:
        if error is None:
            self._emit(StorageCleared())
        else:
            self._emit(StorageFailed(Trouble.of("files_in_memory", detail=error)))

    @property
    def is_lasting(self) -> bool:
        return self._database.is_open

    async def head(self, blob: Any, length: int) -> bytes:
        return bytes(await _bytes_of(blob.slice(0, length)))

    async def digest(self, blob: Any) -> Digest:
        """Return a blob's BLAKE2b, read piece by piece.

        Insecure pages have no `crypto.subtle`; in Pyodide BLAKE2b runs at 450 MB/s, three times
        as fast as SHA-256.

        Raises:
            OSError: It can't be read: it is a folder, or a file that is gone.
        """
        digest = hashlib.blake2b(digest_size=32)
        for start in range(0, int(blob.size), _CHUNK):
            digest.update(await _bytes_of(blob.slice(start, start + _CHUNK)))
        return Digest(digest.hexdigest())

    async def keep(self, task_id: TaskId, files: Mapping[Digest, Any], entry: str = "") -> None:
        """Store blobs and texts for a task, and its entry; returns when all is on disk.

        If the browser refuses, they stay in memory, and a notice says that a reload loses them.
        """
        if not self._database.is_open:
            self._memory.update(files)
            return
        if not await self._flushed(_Write(task_id, files, entry)):
            self._memory.update(files)

    def keep_entry(self, task_id: TaskId, text: str | None) -> None:
        if self._database.is_open:
            self._is_flushed = False
            self._queue(_Write(task_id, entry=text))
        elif self._database.was_open:
            self._refused[task_id] = _Write(task_id, entry=text)

    def when_settled(self, act: Callable[[], None]) -> None:
        if self._is_flushed or not self._database.is_open:
            act()
        else:
            flush = asyncio.ensure_future(self._flushed(_Write(TaskId(""))))
            flush.add_done_callback(lambda _flush: act())

    async def entries(self) -> dict[TaskId, str]:
        pairs = await self._pairs(_FILES, _ENTRY, _ENTRY + _LAST)
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
            refused, self._refused = self._refused, {}
            is_known = bool(refused)
            error = await self._put([*refused.values(), *batch])
            if error is None:
                refused.clear()
                self._is_flushed = any(write.done for write in batch) and not self._batch
            is_alone = len(batch) == 1 and not is_known
            for write in batch:
                # There may be room for some of them.
                failure = error if error is None or is_alone else await self._put([write])
                if write.entry != "":
                    refused.pop(write.task_id, None)
                    if failure is not None:
                        refused[write.task_id] = _Write(write.task_id, entry=write.entry)
                if write.done is not None and not write.done.done():
                    write.done.set_result(failure)
                elif failure is not None and not is_known:
                    self._emit(StorageFailed(Trouble.of("files_full", detail=failure)))
            self._refused = refused | self._refused
        self._writing = None

    async def _put(self, batch: Sequence[_Write]) -> Exception | None:
        """Write all of a batch or nothing; returns the error, since others wait behind it."""

        def put(stores: Stores, _scope: ProxyScope) -> None:
            files, uses = stores[_FILES], stores[_USES]
            for write in batch:
                if write.entry is None:
                    files.delete(_ENTRY + write.task_id)
                elif write.entry:
                    files.put(write.entry, _ENTRY + write.task_id)
                for digest, content in write.files.items():
                    files.put(content, digest)
                    use = to_object({"digest": digest, "at": js.Date.now()})
                    uses.put(use, to_js([write.task_id, digest]))
            # At once: a page that is left aborts what it has not committed.
            files.transaction.commit()

        is_strict = any(write.done for write in batch)
        try:
            if self._packs:
                batch = [write._replace(files=await packed(write.files)) for write in batch]
            await self._database.within("readwrite", put, "strict" if is_strict else "relaxed")
        except Exception as error:
            return error
        return None

    async def read(self, digest: Digest, is_needed: bool = False) -> Any | None:
        database, is_told = self._database, False
        while digest not in self._memory and (
            database.was_open or (is_needed and database.is_silent)
        ):
            try:
                request = await database.within(
                    "readonly", lambda stores, _scope: stores[_FILES].get(digest)
                )
            except OSError as error:
                if not is_told:
                    self._emit(StorageFailed(Trouble.of("file_unreadable", detail=error)))
                if not (is_needed and isinstance(error, TimeoutError)):
                    return None
                is_told = True
            else:  # a missing one is undefined
                return blob_of(request.result) if request.result else None
        return self._memory.get(digest)

    async def read_text(self, digest: Digest, is_needed: bool = False) -> str | None:
        kept = await self.read(digest, is_needed)
        return kept if isinstance(kept, str) else None

    def release(self, task_id: TaskId) -> None:
        self._collect(task_id, lambda _use: True)

    async def kept_for(self, start: str) -> dict[TaskId, float]:
        pairs = await self._pairs(_USES, [start], [start + _LAST])
        return {TaskId(str(key[0])): use.at / 1000 for key, use in pairs}

    def share(self, task_id: TaskId, of: TaskId) -> None:
        def share(stores: Stores, scope: ProxyScope) -> None:
            uses = stores[_USES]

            def on_uses(event: Any) -> None:
                for use in event.target.result:
                    uses.put(use, to_js([task_id, use.digest]))

            scope.listen(uses.getAll(_uses_of(of)), "success", on_uses)

        self._soon(share)

    async def _pairs(self, name: str, first: Any, last: Any) -> list[tuple[Any, Any]]:
        """Return the keys from first to last, and their values; none where they can't be read."""

        def ask(stores: Stores, _scope: ProxyScope) -> tuple[Any, Any]:
            span = js.IDBKeyRange.bound(to_js(first), to_js(last))
            return stores[name].getAllKeys(span), stores[name].getAll(span)

        if not self._database.is_open:
            return []
        try:
            keys, values = await self._database.within("readonly", ask)
        except OSError as error:
            self._emit(StorageFailed(Trouble.of("file_unreadable", detail=error)))
            return []
        return list(zip(keys.result, values.result, strict=True))

    def _collect(self, task_id: TaskId | None, is_over: Callable[[Any], bool]) -> None:
        """Delete uses, of a task or of all, and files without another use, in one transaction.

        With two, another window could begin to use a file between its count and its deletion.
        """

        def collect(stores: Stores, scope: ProxyScope) -> None:
            files, uses = stores[_FILES], stores[_USES]

            def on_cursor(event: Any) -> None:
                cursor = event.target.result
                if not cursor:
                    return
                if is_over(cursor.value):
                    digest = cursor.value.digest
                    cursor.delete()
                    count = uses.index("digest").count(digest)
                    scope.listen(
                        count, "success", lambda e: e.target.result or files.delete(digest)
                    )
                getattr(cursor, "continue")()

            request = uses.openCursor() if task_id is None else uses.openCursor(_uses_of(task_id))
            scope.listen(request, "success", on_cursor)

        self._soon(collect)

    def _soon(self, ask: Callable[[Stores, ProxyScope], None]) -> None:
        """Change what tasks use; where nothing can be changed, nothing is worth a word."""

        async def work() -> None:
            with suppress(OSError):
                await self._database.within("readwrite", ask)

        if self._database.is_open:
            job = asyncio.ensure_future(work())
            self._jobs.add(job)
            job.add_done_callback(self._jobs.discard)


async def _bytes_of(blob: Any) -> Any:
    try:
        return (await blob.arrayBuffer()).to_bytes()
    except JsException as error:
        raise OSError(str(error)) from error


def _uses_of(task_id: TaskId) -> Any:
    return js.IDBKeyRange.bound(to_js([task_id]), to_js([task_id, []]))


def _create(database: Any) -> None:
    for name in list(database.objectStoreNames):
        database.deleteObjectStore(name)  # of a version before the first release
    database.createObjectStore(_FILES)
    database.createObjectStore(_USES).createIndex("digest", "digest")
