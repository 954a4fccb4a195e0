"""What the runtime needs from the world; `app/browser` has it, and tests have their own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tether.core.ids import Chance, Digest, ServerUrl, TaskId, WindowId
from tether.core.model.task import Task
from tether.core.protocol.hosted_list import Listed
from tether.core.protocol.outputs import Fetched, Output
from tether.core.protocol.requests import Request
from tether.core.timers import Timer


class Clock(Protocol):
    """Time and timers."""

    def now(self) -> float:
        """Return seconds since the epoch, on a clock that doesn't jump."""

    def start(self, key: Timer, delay: float) -> None:
        """Emit `TimerFired(key)` in so many seconds; replaces a timer of the same key."""

    def stop(self, key: Timer) -> None:
        """Forget a timer, if there is one."""


class Sockets(Protocol):
    """WebSockets; each is known by its server and attempt."""

    def open(self, server: ServerUrl, attempt: int, url: str) -> None:
        """Open a socket; it emits until `SocketClosed`."""

    def send(self, server: ServerUrl, attempt: int, text: str) -> None:
        """Send a text frame, if the socket is still open."""

    def close(self, server: ServerUrl, attempt: int) -> None:
        """Close a socket."""


class Http(Protocol):
    """Calls to servers."""

    def send(self, request: Request) -> None:
        """Make a call; `Answered` or `RequestFailed` follows, unless aborted."""

    def abort(self, request_id: int) -> None:
        """Give a call up, if it is under way."""


class Records(Protocol):
    """Small records, kept over reloads: this window's, or those that all windows share."""

    def read_all(self) -> Mapping[str, str]:
        """Return all records."""

    def read(self, key: str) -> str | None:
        """Return one record, or None."""

    def write(self, key: str, text: str | None) -> None:
        """Keep a record, or forget it; emits `StorageFailed` when the browser refuses."""

    def listen(self, on_change: Callable[[str, str | None], None]) -> None:
        """Tell of every record that another window writes or forgets, from now on."""


class Store(Protocol):
    """What a session needs of the kept workflows and pictures."""

    async def read_text(self, digest: Digest) -> str | None:
        """Return a kept text, or None."""

    def release(self, task_id: TaskId) -> None:
        """A task needs its files no more; what no task needs is deleted."""

    def share(self, task_id: TaskId, of: TaskId) -> None:
        """A task needs the files of another, too."""


class Files(Store, Protocol):
    """Workflows and pictures, kept once per content over reloads. `Any` is a JS Blob."""

    @property
    def is_lasting(self) -> bool:
        """Say whether a reload finds what is kept."""

    async def kept_for(self, start: str) -> Mapping[TaskId, float]:
        """Return who needs files, of those whose names start so, and since when (seconds)."""

    async def head(self, blob: Any, length: int) -> bytes:
        """Return the first bytes of a blob."""

    async def digest(self, blob: Any) -> Digest:
        """Return the name of a blob by its content; raises OSError when it can't be read."""

    async def keep(self, task_id: TaskId, files: Mapping[Digest, Any]) -> None:
        """Keep these blobs and texts for a task; returns when they are safe."""

    async def read(self, digest: Digest) -> Any | None:
        """Return a kept blob, or None."""


class Previews(Protocol):
    """Preview pictures on their way to the screen."""

    def show(self, task_id: TaskId, frame: object, offset: int, mime: str) -> None:
        """Show the picture in a frame, from `offset` on, instead of the task's last one."""


class Hold(Protocol):
    """Where one page holds the claim to a window id, against all other pages.

    `is_proof` says that a claim which is taken has a page that lives.
    """

    is_proof: bool

    async def take(self, window_id: WindowId, token: str) -> bool:
        """Take a claim; False when another page holds it, alive or not."""

    async def seize(self, window_id: WindowId, token: str) -> None:
        """Take a claim from whoever holds it."""

    def leave(self) -> None:
        """Let go of the claim, if it is still held."""


class Channel(Protocol):
    """Where the pages of one folder hear each other."""

    def listen(self, on_text: Callable[[str], None]) -> None:
        """Give on what other pages say, from now on."""

    def post(self, text: str) -> None:
        """Say something to all other pages."""


def nobody(_text: str) -> None:
    """Say something where nobody hears it."""


@dataclass(frozen=True, slots=True)
class Ports:
    """One of each; `say` tells all other pages of the folder something."""

    clock: Clock
    sockets: Sockets
    http: Http
    records: Records
    shared: Records
    files: Store
    previews: Previews
    say: Callable[[str], None] = nobody


class World(Protocol):
    """Where a window lives: the browser with servers outside, or a demo inside the page."""

    clock: Clock
    chance: Chance
    sockets: Sockets
    http: Http
    records: Records
    shared: Records
    channel: Channel
    files: Files

    def make_hold(self) -> Hold:
        """Return a place to hold one window's claim."""

    async def open(self) -> None:
        """Open the files; to be awaited before any is kept."""

    async def presets(self, say: Callable[..., str]) -> Listed:
        """Return the servers that are there without a person's doing, as `servers.json` has them.

        It may be asked for again, and say something else then.
        """

    def address(self, task: Task, output: Output) -> str:
        """Return where a result file is found: on its server, or in the page once fetched."""

    def is_direct(self, task: Task) -> bool:
        """Say whether a player or a link gets the task's results by itself."""

    async def fetch(self, task: Task, output: Output, *, is_asked: bool) -> Fetched:
        """Bring a result file into the page; a large one only when somebody asks for it."""

    async def content(self, task: Task, output: Output, limit: int) -> Any | None:
        """Return a result file as a Blob; None if it has more bytes or can't be had."""

    def forget(self, task_id: TaskId) -> None:
        """Nobody sees a task's results any more."""
