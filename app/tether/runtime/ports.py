"""The ports: what the runtime needs from outside. `tether/browser` implements them, and so do
the demo and the tests.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from tether.core.events import Answered, Emit, RequestFailed
from tether.core.ids import Chance, Digest, ServerUrl, TaskId, WindowId
from tether.core.model.task import Task
from tether.core.protocol.handover import ResultSource
from tether.core.protocol.hosted_list import Listed
from tether.core.protocol.outputs import Fetched, Output
from tether.core.protocol.requests import Request
from tether.core.timers import Timer


class Clock(Protocol):
    """Time, and timers by key."""

    def now(self) -> float:
        """Return seconds since the epoch, on a clock that never jumps."""

    def start(self, key: Timer, delay: float) -> None:
        """Emit `TimerFired(key)` after `delay` seconds; replaces a timer of the same key."""

    def stop(self, key: Timer) -> None:
        """Cancel a timer, if there is one."""


class Sockets(Protocol):
    """WebSockets by server and attempt."""

    def open(self, server: ServerUrl, attempt: int, url: str) -> None:
        """Open a socket; it emits events, `SocketClosed` last."""

    def send(self, server: ServerUrl, attempt: int, text: str) -> None:
        """Send a text frame, if the socket is still open."""

    def close(self, server: ServerUrl, attempt: int) -> None:
        """Close a socket."""


class Http(Protocol):
    """HTTP requests to servers."""

    def send(self, request: Request) -> None:
        """Send a request; `Answered` or `RequestFailed` follows unless it is aborted."""

    def abort(self, request_id: int) -> None:
        """Abort a request, if it is under way."""


class Records(Protocol):
    """Small records, kept over reloads: this window's, or those that all windows share."""

    def read_all(self) -> Mapping[str, str]:
        """Return all records."""

    def read(self, key: str) -> str | None:
        """Return one record, or None."""

    def write(self, key: str, text: str | None) -> None:
        """Store a record, or delete it.

        What the browser refuses is kept for this page alone, and `StorageFailed` says so.
        """

    def listen(self, on_change: Callable[[str, str | None], None]) -> None:
        """Report every record that another window writes or deletes, from now on."""


class Store(Protocol):
    """The part of `Files` that a session needs."""

    async def read_text(self, digest: Digest, is_needed: bool = False) -> str | None:
        """Return a stored text, or None."""

    def release(self, task_id: TaskId) -> None:
        """End a task's use of its files; files that no task uses are deleted."""

    def share(self, task_id: TaskId, of: TaskId) -> None:
        """Let a task use the files of another, too."""

    def keep_entry(self, task_id: TaskId, text: str | None) -> None:
        """Store a task's entry of the ledger, or delete it."""

    def when_settled(self, act: Callable[[], None]) -> None:
        """Call a function once all entries are on disk, or the browser won't have them there."""


class Files(Store, Protocol):
    """Workflows and pictures by content, kept over reloads. `Any` is a JS Blob.

    What the browser refuses to store stays in memory, and `StorageFailed` says so.
    """

    @property
    def is_lasting(self) -> bool:
        """Whether a reload finds what is stored."""

    async def kept_for(self, start: str) -> Mapping[TaskId, float]:
        """Return the users whose names start so, and since when (in seconds) they use files."""

    async def head(self, blob: Any, length: int) -> bytes:
        """Return the first bytes of a blob; raises as `digest`."""

    async def digest(self, blob: Any) -> Digest:
        """Return a blob's digest.

        Raises:
            OSError: It can't be read: it is a folder, or a file that is gone.
        """

    async def keep(self, task_id: TaskId, files: Mapping[Digest, Any], entry: str = "") -> None:
        """Store blobs and texts for a task, and its entry, at once; returns when all is on disk."""

    async def entries(self) -> Mapping[TaskId, str]:
        """Return the entries of all tasks."""

    async def read(self, digest: Digest, is_needed: bool = False) -> Any | None:
        """Return a stored blob, or None.

        While the browser is silent, one that `is_needed` is waited for: it is on disk all the same.
        """


class Previews(Protocol):
    """Where preview pictures are shown."""

    def show(self, task_id: TaskId, frame: object, offset: int, mime: str) -> None:
        """Show the picture that starts at `offset` of a frame, instead of the task's last one."""


class Hold(Protocol):
    """Holds one page's claim to a window id against all other pages.

    `is_proof`: while another page holds the claim, that page is alive.
    """

    is_proof: bool

    async def take(self, window_id: WindowId, token: str) -> bool:
        """Take the claim; False when another page holds it, alive or not."""

    async def seize(self, window_id: WindowId, token: str) -> None:
        """Take the claim from whoever holds it."""

    def release(self) -> None:
        """Release the claim, if it is still held."""


class Channel(Protocol):
    """Messages between the pages of one folder."""

    def listen(self, on_text: Callable[[str], None]) -> None:
        """Call a function with every message of another page, from now on."""

    def post(self, text: str) -> None:
        """Send a message to all other pages."""


class PageLife(Protocol):
    """The page that the client runs in."""

    def restart(self) -> None:
        """Load the page anew."""

    def listen(
        self, emit: Emit, on_sleep: Callable[[], None], on_wake: Callable[[], Awaitable[None]]
    ) -> None:
        """Report `PageChanged`, a page that falls asleep or ends, and one that wakes up."""

    def ask_before_leaving(self, is_needed: Callable[[], bool]) -> None:
        """Let the browser ask before a person closes a page that is needed."""


class NoPreviews:
    """Drops preview pictures."""

    def show(self, task_id: TaskId, frame: object, offset: int, mime: str) -> None:
        """Drop the picture."""


async def no_results(_task_id: TaskId, source: ResultSource) -> tuple[Digest, int] | None:
    """Have no result of any task."""
    raise OSError(f"{source.server} can't be asked")


HandOver: TypeAlias = Callable[[TaskId, ResultSource], Awaitable[tuple[Digest, int] | None]]
"""Stores a result for a task that takes it: its digest and bytes, None where it is gone.

It raises OSError where the result can't be had now.
"""


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of a runner; `say` sends a message to all other pages of the folder."""

    clock: Clock
    sockets: Sockets
    http: Http
    records: Records
    shared: Records
    files: Store
    previews: Previews = field(default_factory=NoPreviews)
    say: Callable[[str], None] = lambda _text: None
    hand_over: HandOver = no_results


Kept: TypeAlias = Callable[[Task, Output], Awaitable[Any | None]]
"""Returns a result file that the browser keeps, as a Blob; None for one that it doesn't."""


class World(Protocol):
    """Everything outside a client: the browser and its network, or a demo inside the page."""

    clock: Clock
    chance: Chance
    sockets: Sockets
    http: Http
    records: Records
    shared: Records
    channel: Channel
    files: Files
    page: PageLife

    def make_hold(self) -> Hold:
        """Return a hold for one window's claim."""

    async def open(self) -> None:
        """Open the files; to be awaited before anything is stored."""

    async def presets(self, say: Callable[..., str]) -> Listed:
        """Return the servers that the host of the page presets, in the form of `servers.json`.

        A later call may return others.
        """

    def address(self, task: Task, output: Output) -> str:
        """Return a result file's address: on its server, or in the page once fetched."""

    def is_direct(self, task: Task) -> bool:
        """Whether an `<img>`, a player or a link gets the task's results by their addresses."""

    async def fetch(self, task: Task, output: Output, *, is_asked: bool) -> Fetched:
        """Bring a result file into the page; a large one only when a person asked for it."""

    async def content(self, task: Task, output: Output, limit: int) -> Any | None:
        """Return a result file as a Blob; None if it has more bytes or can't be had."""

    def take_from(self, kept: Kept) -> None:
        """Take the results of tasks that are kept from there, and only others from servers."""

    async def kept(self, task: Task, output: Output) -> Any | None:
        """Return a result file that the browser keeps whole; None for one that it doesn't."""

    async def bring(self, source: ResultSource) -> Any | None:
        """Return a result as a Blob, for another task; None where its server has it no more.

        Raises:
            OSError: It can't be had now, or is too large.
        """

    def retain(self, is_shown: Callable[[TaskId], bool]) -> None:
        """Free what was fetched of the results of all tasks but those that are shown."""


OnAnswer: TypeAlias = Callable[[Answered | RequestFailed], None]
"""Takes how an HTTP request ended."""

MakeWorld: TypeAlias = Callable[[Emit, OnAnswer], World]
"""Makes a world: HTTP reports to the second function, everything else to the first."""
