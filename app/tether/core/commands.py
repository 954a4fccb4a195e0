"""All that the core can ask for, besides a `Request`."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from tether.core.ids import Digest, ServerUrl, TaskId
from tether.core.protocol.handover import ResultSource
from tether.core.protocol.requests import Request
from tether.core.timers import Timer


@dataclass(frozen=True, slots=True)
class OpenSocket:
    """Open a WebSocket; its events carry the attempt."""

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
    """Fire a timer after `delay` seconds; an equal one that runs is replaced."""

    key: Timer
    delay: float


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Cancel a timer, if it runs."""

    key: Timer


@dataclass(frozen=True, slots=True)
class AbortRequest:
    """Abort a request; no event follows."""

    request_id: int


@dataclass(frozen=True, slots=True)
class SaveRecord:
    """Store a text for this window over reloads; None deletes it."""

    key: str
    text: str | None


@dataclass(frozen=True, slots=True)
class SaveEntry:
    """Store a text about a task for all windows of this browser; None deletes it.

    `kept` is what is to be on disk before the next POST.
    """

    task_id: TaskId
    text: str | None
    kept: str | None


class Broadcast(NamedTuple):
    """Send a text to all other pages of this browser; it may get lost."""

    text: str


@dataclass(frozen=True, slots=True)
class LoadWorkflow:
    """Read a stored workflow; `WorkflowLoaded` follows."""

    digest: Digest


class FetchResult(NamedTuple):
    """Fetch a result from its server and store it for a task that takes it.

    `ResultFetched` or `FetchFailed` follows.
    """

    task_id: TaskId
    source: ResultSource


@dataclass(frozen=True, slots=True)
class ReleaseFiles:
    """A task no longer needs its stored files; those that no task needs are deleted."""

    task_id: TaskId


class ShareFiles(NamedTuple):
    """A new task needs the stored files of another task, which still has them."""

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
    | FetchResult
    | ReleaseFiles
    | ShareFiles
    | ShowPreview
)

Commands: TypeAlias = tuple[Command, ...]
