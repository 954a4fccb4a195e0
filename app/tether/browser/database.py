"""IndexedDB: requests in transactions, over a connection that is made anew when it is lost."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import js
from pyodide.ffi import JsException

from tether.browser.proxies import ProxyScope
from tether.browser.values import to_object

PATIENCE = 10.0
"""Seconds after which the browser is taken for silent: what waits for it goes on without."""

OPENED_WITHIN = 5.0
"""Seconds that the page's start waits for the browser."""

T = TypeVar("T")

Stores: TypeAlias = Mapping[str, Any]

Ask: TypeAlias = Callable[[Stores, ProxyScope], T]
"""Makes the requests of a transaction; the scope ends with it."""


class Database:
    """A database with its stores, which `create` makes.

    A connection is lost when the person deletes site data, when another version of the page needs
    the database, and for reasons of the browser's own. `on_lost` is called with None when all was
    deleted, and with the reason when there will be no other connection.
    """

    def __init__(
        self,
        name: str,
        version: int,
        create: Callable[[Any], None],
        on_lost: Callable[[OSError | None], None] = lambda _error: None,
    ) -> None:
        self._name = name
        self._version = version
        self._create = create
        self._on_lost = on_lost
        self._connection: Any = None
        self._opening: asyncio.Future[None] | None = None
        self._scope = ProxyScope()
        self._unanswered: set[asyncio.Future[Any]] = set()
        self.was_open = False
        """Whether there ever was a connection: what was stored then may be there."""
        self._is_refused = True
        self.is_silent = False
        """Whether it neither opens nor is refused: what was stored may be there."""

    @property
    def is_open(self) -> bool:
        """Whether it can be used: the browser neither refuses it nor is silent."""
        return not self._is_refused and not self._unanswered

    async def open(self) -> None:
        """Connect; several calls at once wait for one connection.

        Raises:
            TimeoutError: The browser is silent.
            OSError: It refuses.
        """
        if self._opening is None or self._opening.done():
            self._opening = asyncio.ensure_future(self._connect())
        await asyncio.shield(self._opening)

    async def within(self, mode: str, ask: Ask[T], durability: str = "default") -> T:
        """Make requests in one transaction, and return what `ask` did once it is complete.

        Only a strict one is on disk then.

        Raises:
            TimeoutError: The browser is silent. It may be done later all the same.
            OSError: It refuses.
        """
        work = asyncio.ensure_future(self._within(mode, ask, durability))
        try:
            return await asyncio.wait_for(asyncio.shield(work), PATIENCE)
        except TimeoutError:
            self._unanswered.add(work)
            work.add_done_callback(self._answered)
            raise TimeoutError(f"no answer in {PATIENCE:g} s") from None

    async def refuses_blobs(self, store: str) -> bool:
        """Find out whether a store takes no blobs, with one that is deleted at once.

        Alone in its transaction: beside other requests a refusal can block the database for good.
        Source: WebKitGTK 2.50.6 in a private session, measured.
        """

        def ask(stores: Stores, _scope: ProxyScope) -> None:
            stores[store].put(js.Blob.new(), "")
            stores[store].delete("")

        try:
            await self.within("readwrite", ask)
        except OSError:
            return True
        return False

    def _answered(self, work: asyncio.Future[Any]) -> None:
        self._unanswered.discard(work)
        work.exception()  # who asked has gone on without

    async def _connect(self) -> None:
        self._disconnect()
        try:
            self._connection = await asyncio.wait_for(self._opened(), OPENED_WITHIN)
        except TimeoutError:
            self._is_refused = self.is_silent = True
            raise TimeoutError(f"no answer in {OPENED_WITHIN:g} s") from None
        except OSError:
            self._is_refused, self.is_silent = True, False
            raise
        self.was_open, self._is_refused, self.is_silent = True, False, False
        self._scope.listen(self._connection, "close", lambda _event: self._lost(True))
        # By another version of the page, or by who deletes it all.
        self._scope.listen(
            self._connection, "versionchange", lambda event: self._lost(not event.newVersion)
        )

    async def _opened(self) -> Any:
        """Return a connection, at the second attempt if need be.

        What is being opened may be closed by who deletes site data. Source: Chromium's "AbortError:
        The connection was closed.", seen when it was deleted twice.
        """
        try:
            return await _opened(self._name, self._version, self._create)
        except OSError as error:
            if not str(error).startswith("AbortError"):
                raise
        return await _opened(self._name, self._version, self._create)

    def _disconnect(self) -> None:
        self._scope.end()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _lost(self, is_deleted: bool) -> None:
        self._disconnect()
        if is_deleted:
            self._on_lost(None)
        self._reconnecting = asyncio.ensure_future(self._reconnect())

    async def _reconnect(self) -> None:
        try:
            await self.open()
        except OSError as error:
            self._on_lost(error)

    async def _within(self, mode: str, ask: Ask[T], durability: str) -> T:
        transaction = None
        try:
            transaction = self._begin(mode, durability)
            return await _complete(transaction, ask)
        except OSError:
            # The browser may have lost the connection without a word; what it has refused to
            # write it will refuse again.
            if transaction is not None and mode == "readwrite":
                raise
        await self.open()
        return await _complete(self._begin(mode, durability), ask)

    def _begin(self, mode: str, durability: str) -> Any:
        if self._connection is None:
            raise OSError("the browser has closed the store")
        options = to_object({"durability": durability})
        try:
            return self._connection.transaction(self._connection.objectStoreNames, mode, options)
        except JsException as error:
            raise OSError(str(error)) from error


class _Requests(ProxyScope):
    """What listens to a transaction's requests: it aborts where the browser refuses another."""

    def __init__(self, transaction: Any) -> None:
        super().__init__()
        self._transaction = transaction

    def listen(self, target: Any, name: str, function: Callable[..., Any]) -> None:
        def guarded(event: Any) -> None:
            try:
                function(event)
            except JsException as error:
                js.console.info(f"Tether: a request is refused: {error}")
                _abort(self._transaction)

        super().listen(target, name, guarded)


async def _complete(transaction: Any, ask: Ask[T]) -> T:
    """Make requests, and return what `ask` did once their transaction is complete."""
    scope = _Requests(transaction)
    try:
        names = list(transaction.objectStoreNames)
        asked = ask({name: transaction.objectStore(name) for name in names}, scope)
        await _ended(transaction, "complete")
    except JsException as error:
        _abort(transaction)
        raise OSError(str(error)) from error
    finally:
        scope.end()
    return asked


def _abort(transaction: Any) -> None:
    """Undo what was asked before a request was refused."""
    try:
        transaction.abort()
    except JsException:
        return  # the browser has done so


async def _ended(source: Any, name: str) -> None:
    """Wait for the event by which a request or transaction succeeds.

    Raises:
        OSError: It failed, with the browser's reason.
    """
    future: asyncio.Future[None] = asyncio.get_event_loop().create_future()
    scope = ProxyScope()

    def good(_event: Any) -> None:
        if not future.done():
            future.set_result(None)

    def bad(event: Any) -> None:
        event.preventDefault()
        if not future.done():
            future.set_exception(OSError(str(source.error)))

    scope.listen(source, name, good)
    # A request's error passes its transaction on the way, which must then abort.
    for kind in ("abort",) if hasattr(source, "abort") else ("error",):
        scope.listen(source, kind, bad)
    try:
        await future
    finally:
        scope.end()


async def _opened(name: str, version: int, create: Callable[[Any], None]) -> Any:
    """Return a connection; `create` makes the stores of a new version.

    Raises:
        OSError: The browser refuses, with its reason.
    """
    scope = ProxyScope()
    try:
        request = js.indexedDB.open(name, version)
        scope.listen(request, "upgradeneeded", lambda _event: create(request.result))
        await _ended(request, "success")
    except asyncio.CancelledError:
        # One that comes too late is nobody's, and must be in nobody's way.
        ProxyScope().listen(request, "success", lambda _event: request.result.close())
        raise
    except JsException as error:
        raise OSError(str(error)) from error
    finally:
        scope.end()
    return request.result
