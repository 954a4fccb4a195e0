"""All that the core can ask for; `Request` (in `requests`) is the one more."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from tether.core.ids import Digest, ServerUrl, TaskId
from tether.core.protocol.requests import Request


@dataclass(frozen=True, slots=True)
class OpenSocket:
    """Open a WebSocket; what it says carries the attempt."""

    server: ServerUrl
    attempt: int
    url: str


@dataclass(frozen=True, slots=True)
class SendFrame:
    """Send a text frame."""

    server: ServerUrl
    attempt: int
    text: str


@dataclass(frozen=True, slots=True)
class CloseSocket:
    """Close a WebSocket; `SocketClosed` follows when it is gone."""

    server: ServerUrl
    attempt: int


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Fire `key` in so many seconds; a timer of the same key is replaced."""

    key: tuple[str, ...]
    delay: float


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Forget a timer, if it is there."""

    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AbortRequest:
    """Give a request up; nothing of it is told any more."""

    request_id: int


@dataclass(frozen=True, slots=True)
class SaveRecord:
    """Keep a text for this window over reloads; None forgets it."""

    key: str
    text: str | None


@dataclass(frozen=True, slots=True)
class SaveEntry:
    """Keep a text about a task for all windows of this browser; None forgets it."""

    task_id: TaskId
    text: str | None


class Broadcast(NamedTuple):
    """Say something to all other pages of this browser; it may get lost."""

    text: str


@dataclass(frozen=True, slots=True)
class LoadWorkflow:
    """Read a stored workflow; `WorkflowLoaded` follows."""

    digest: Digest


@dataclass(frozen=True, slots=True)
class ReleaseFiles:
    """A task needs its stored files no more; what nobody refers to is deleted."""

    task_id: TaskId


class ShareFiles(NamedTuple):
    """A new task needs the stored files of another, which has them still."""

    task_id: TaskId
    of: TaskId


@dataclass(frozen=True, slots=True)
class ShowPreview:
    """Show the picture inside a binary frame, from `offset` on."""

    task_id: TaskId
    frame: object
    offset: int
    mime: str


Command: TypeAlias = (
    OpenSocket
    | SendFrame
    | CloseSocket
    | StartTimer
    | StopTimer
    | Request
    | AbortRequest
    | SaveRecord
    | SaveEntry
    | Broadcast
    | LoadWorkflow
    | ReleaseFiles
    | ShareFiles
    | ShowPreview
)

Commands: TypeAlias = tuple[Command, ...]
