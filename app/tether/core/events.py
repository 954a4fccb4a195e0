"""All that can happen to a window."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, TypeAlias

from tether.core.cells import Cell
from tether.core.errors import Trouble
from tether.core.ids import Digest, NodeId, OwnerTag, PromptId, ServerUrl, TaskId
from tether.core.protocol.handover import ResultSource, UploadPlace
from tether.core.protocol.requests import Request
from tether.core.protocol.workflow import Workflow
from tether.core.timers import Timer
from tether.core.windows.ledger import Entry
from tether.core.windows.peers import BroadcastReceived


@dataclass(frozen=True, slots=True)
class ServerAdded:
    """A server may be used from now on."""

    server: ServerUrl
    name: str


@dataclass(frozen=True, slots=True)
class ServerRemoved:
    """A server gets no more tasks; those that it has are tracked to their end.

    `instead` is its corrected address: what was chosen for the server goes there.
    """

    server: ServerUrl
    instead: ServerUrl | None = None


class ServerPaused(NamedTuple):
    """A person paused a server, or resumed it."""

    server: ServerUrl
    is_paused: bool


class SubstitutesChanged(NamedTuple):
    """A server has other names for what workflows name: the workflow's -> the server's."""

    server: ServerUrl
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Picture:
    """An input picture, stored under its digest; `size` in bytes."""

    node_id: NodeId
    input: str
    digest: Digest
    filename: str
    size: int


@dataclass(frozen=True, slots=True)
class TaskAccepted:
    """A task whose workflow and pictures are safely stored.

    `pinned` is the server that the person chose, None for any. `again_of` is the task that
    this one repeats, `asked_at` as in `Task`, 0 for now; `cell` is its place in a sweep. The result
    of the task `after` fills one of the inputs in `takes`; `source` is where it is, if known.
    """

    task_id: TaskId
    prompt_id: PromptId
    title: str
    workflow: Workflow
    digest: Digest
    pictures: tuple[Picture, ...]
    pinned: ServerUrl | None = None
    again_of: TaskId | None = None
    asked_at: float = 0.0
    after: TaskId | None = None
    takes: tuple[UploadPlace, ...] = ()
    cell: Cell | None = None
    source: ResultSource | None = None


@dataclass(frozen=True, slots=True)
class TasksOrphaned:
    """A window is gone, and this one holds its claim: it adopts the unfinished tasks."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class CollectRequested:
    """A person collects all tasks of an owner from the servers, except those known elsewhere."""

    owner: OwnerTag
    known: frozenset[PromptId] = frozenset()


@dataclass(frozen=True, slots=True)
class SendAllRequested:
    """A person is about to close the page: every waiting task is to go to a server now."""


class QueuePaused(NamedTuple):
    """A person paused what waits in the window, or resumed it."""

    is_paused: bool


class TaskUnpinned(NamedTuple):
    """A person lets a waiting task go to any server."""

    task_id: TaskId


class QueueOrdered(NamedTuple):
    """A person wants waiting tasks to go, in this order, right behind another one, or before all
    that wait in any window."""

    task_ids: tuple[TaskId, ...]
    after: TaskId | None = None


class RebalancingChosen(NamedTuple):
    """A person allowed tasks to move from a server's queue to an idle server, or forbade it."""

    is_wanted: bool


class PreviewsChosen(NamedTuple):
    """A person wants servers to send pictures of the work in progress, or none."""

    is_wanted: bool


class AimChanged(NamedTuple):
    """A script aimed the window at a server, or (None) at none."""

    server: ServerUrl | None


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """A person cancelled a task."""

    task_id: TaskId


@dataclass(frozen=True, slots=True)
class TaskDismissed:
    """A person removed an ended task from the list."""

    task_id: TaskId


class ResultsKept(NamedTuple):
    """The results of a completed task are kept where they outlive its window."""

    task_id: TaskId


class ResultFetched(NamedTuple):
    """The result that a task takes is stored for it; None where its server has it no more."""

    task_id: TaskId
    digest: Digest | None
    size: int = 0


class FetchFailed(NamedTuple):
    """The result that a task takes can't be had or stored now; `why` says more, if it is known."""

    task_id: TaskId
    why: Trouble | None = None


class WorkflowLoaded(NamedTuple):
    """A stored workflow was read; None when it is gone or unreadable."""

    digest: Digest
    workflow: Workflow | None


@dataclass(frozen=True, slots=True)
class SocketOpened:
    """The browser has opened the socket of an attempt."""

    server: ServerUrl
    attempt: int


@dataclass(frozen=True, slots=True)
class FrameReceived:
    """A text frame came."""

    server: ServerUrl
    attempt: int
    text: str


@dataclass(frozen=True, slots=True)
class BinaryReceived:
    """A binary frame came: its first bytes, and the whole as the adapter's own object."""

    server: ServerUrl
    attempt: int
    head: bytes
    frame: object


@dataclass(frozen=True, slots=True)
class SocketClosed:
    """The socket of an attempt is closed."""

    server: ServerUrl
    attempt: int
    code: int


@dataclass(frozen=True, slots=True)
class Answered:
    """A server has answered, with whatever status."""

    request: Request
    status: int
    text: str
    seconds: float = 0.0
    """From the call to its answer; 0 where it wasn't measured."""
    retry_after: float = 0.0
    """Seconds for which the server asks to be left alone; 0 where it doesn't."""


class Failure(Enum):
    """Why a request has no answer."""

    TIMEOUT = "timeout"
    NETWORK = "network"
    FILE_GONE = "file_gone"
    REDIRECTED = "redirected"  # to another address, which was not called


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """A request ended without an answer; it may have had its effect."""

    request: Request
    failure: Failure


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer of this window ran out."""

    key: Timer


class PageChange(Enum):
    """What the browser did with the page."""

    ONLINE = "online"
    VISIBLE = "visible"
    RESUMED = "resumed"
    HIDDEN = "hidden"


class PageChanged(NamedTuple):
    """The network came back, or the page was shown, hidden or restored from the browser's cache."""

    change: PageChange


@dataclass(frozen=True, slots=True)
class StorageFailed:
    """The browser could not store something."""

    trouble: Trouble


@dataclass(frozen=True, slots=True)
class StorageCleared:
    """The person deleted what the browser had stored, while the page was open."""


Event: TypeAlias = (
    ServerAdded
    | ServerRemoved
    | ServerPaused
    | SubstitutesChanged
    | TaskAccepted
    | TasksOrphaned
    | CollectRequested
    | SendAllRequested
    | QueuePaused
    | TaskUnpinned
    | QueueOrdered
    | RebalancingChosen
    | PreviewsChosen
    | AimChanged
    | CancelRequested
    | TaskDismissed
    | ResultsKept
    | ResultFetched
    | FetchFailed
    | WorkflowLoaded
    | SocketOpened
    | FrameReceived
    | BinaryReceived
    | SocketClosed
    | Answered
    | RequestFailed
    | TimerFired
    | PageChanged
    | BroadcastReceived
    | StorageFailed
    | StorageCleared
)


def server_of(event: Event) -> ServerUrl | None:
    """Return the server that an event is about; None for one of no server."""
    match event:
        case Answered(request) | RequestFailed(request):
            return request.server
        case TimerFired(key):
            return getattr(key, "server", None)
    return getattr(event, "server", None)


Emit: TypeAlias = Callable[[Event], None]
"""Queues an event; never raises, never blocks."""
