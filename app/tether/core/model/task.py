"""One job of this window, from acceptance to its end, and its progress on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from tether.core.cells import Cell
from tether.core.errors import InvalidTransition, Trouble
from tether.core.events import Picture
from tether.core.ids import ClientId, Digest, NodeId, PromptId, ServerUrl, TaskId
from tether.core.protocol.handover import ResultSource, UploadPlace
from tether.core.protocol.outputs import Output


class Progress:
    """The progress of one task, from 0 to 1; it never falls, and every node weighs the same.

    Four nodes, two done and the third at 9 of 100: (2 + 0.09) / 4 = 52.25 %.
    Only nodes that the outputs need are counted, cached ones as done.
    """

    __slots__ = ("_nodes", "_shares", "advances", "current", "step")

    def __init__(self, nodes: frozenset[NodeId] = frozenset()) -> None:
        self._nodes = nodes
        self._shares: dict[NodeId, float] = {}
        self.current: NodeId | None = None
        """The node that the latest frame named."""
        self.step: tuple[float, float] = (0.0, 1.0)
        """Its value and maximum."""
        self.advances = 0
        """How often it advanced."""

    @property
    def overall(self) -> float:
        """The share of the task that is done, 0 to 1."""
        if not self._nodes:
            return 0.0
        return sum(self._shares.values()) / len(self._nodes)

    @property
    def node(self) -> float:
        """The share of the current node that is done, 0 to 1."""
        return self._shares.get(self.current, 0.0) if self.current is not None else 0.0

    def count(self, nodes: frozenset[NodeId]) -> None:
        """Set which nodes will run; the progress of others is dropped."""
        self._nodes = nodes
        self._shares = {node: share for node, share in self._shares.items() if node in nodes}

    def begin(self, node_id: NodeId) -> None:
        """A node starts to run; the one before it is done."""
        if self.current is not None and self.current != node_id:
            self.reach(self.current, 1.0)
        if self.current != node_id:
            self.step = (0.0, 1.0)
            self.advances += 1
        self.current = node_id

    def reach(self, node_id: NodeId, share: float) -> None:
        """A node has advanced to a share; steps back and unknown nodes are ignored."""
        if node_id in self._nodes and share > self._shares.get(node_id, 0.0):
            self._shares[node_id] = min(share, 1.0)
            self.advances += 1


class State(Enum):
    """Where a task stands. Bound to a server from `CONNECTING` on."""

    WAITING = "waiting"  # in this window only; no server has it
    CONNECTING = "connecting"  # a server is chosen; its socket opens
    UPLOADING = "uploading"  # its pictures go to the server
    POSTING = "posting"  # the server may have it from now on
    UNKNOWN = "unknown"  # the POST has no answer: being looked up
    QUEUED = "queued"  # the server has it
    RUNNING = "running"  # the server works on it
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"  # the server had it and no longer knows it
    ADOPTED = "adopted"  # another window tracks it to its end

    # They are looked up for every frame, and Enum's own way is a call into Python.
    __hash__ = object.__hash__


ASKED_APART = 2e-6
"""Seconds between the `asked_at` of two tasks of one press of Run: they tell their order."""

FIRST_TURNS = 1e6
"""Turns below this are of tasks that a person put before all others, of all windows: far from any
time at which a task is asked for."""

ENDED = frozenset({State.COMPLETED, State.FAILED, State.CANCELLED, State.LOST, State.ADOPTED})
ON_SERVER = frozenset({State.UNKNOWN, State.QUEUED, State.RUNNING})
IN_TRANSIT = frozenset({State.CONNECTING, State.UPLOADING, State.POSTING})

_STEPS: Mapping[State, frozenset[State]] = {
    State.WAITING: frozenset({State.CONNECTING, State.FAILED, State.CANCELLED, State.ADOPTED}),
    State.CONNECTING: frozenset(
        {State.WAITING, State.UPLOADING, State.POSTING, State.FAILED, State.CANCELLED}
    ),
    State.UPLOADING: frozenset({State.WAITING, State.POSTING, State.FAILED, State.CANCELLED}),
    # Frames can overtake the answer to the POST, so every end is possible here; and a server
    # that says no has queued nothing, so the task may go elsewhere.
    State.POSTING: ENDED | {State.WAITING, State.UNKNOWN, State.QUEUED, State.RUNNING},
    # Found to be nowhere, it is sent again or taken back.
    State.UNKNOWN: ENDED | {State.WAITING, State.POSTING, State.QUEUED, State.RUNNING},
    State.QUEUED: ENDED | {State.RUNNING},
    State.RUNNING: ENDED,
    **dict.fromkeys(ENDED, frozenset()),
}


@dataclass(slots=True)
class Task:
    """A task, its binding to a server, and its end.

    Times are seconds since the epoch, on the page's own clock.
    """

    task_id: TaskId
    prompt_id: PromptId
    title: str
    digest: Digest
    pictures: tuple[Picture, ...]
    pinned: ServerUrl | None
    accepted_at: float
    state: State = State.WAITING
    server: ServerUrl | None = None
    client_id: ClientId | None = None
    bound_at: float = 0.0
    posted_at: float = 0.0
    acknowledged_at: float = 0.0
    started_at: float = 0.0
    ended_at: float = 0.0
    is_cancel_wanted: bool = False
    trouble: Trouble | None = None
    outputs: tuple[Output, ...] = ()
    refused_outputs: frozenset[NodeId] = frozenset()
    names: dict[tuple[NodeId, str], str] = field(default_factory=dict)
    ended_by: str = ""
    epoch: int = 0
    """How often it went from one window to another."""
    again_of: TaskId | None = None
    """The task that this one repeats."""
    is_run_again: bool = False
    is_kept: bool = False
    """Its results are kept where they outlive its window."""
    has_files: bool = True
    """Its workflow and its pictures are stored for it, so it can be run again."""
    is_moving: bool = False
    """It is being taken out of its server's queue, to run on another."""
    was_moved: bool = False
    """It replaces a task that was moved, and is not moved again."""
    workload: str = ""
    """Equal for tasks that take equally long."""
    asked_at: float = 0.0
    """When a person asked for it: tells its place among others. 0 becomes `accepted_at`."""
    turn: float = 0.0
    """While it waits, those of its window with a lower one go first; below `FIRST_TURNS` it goes
    before others of all windows. 0 becomes `asked_at`."""
    server_name: str = ""
    """What its server was called when it was removed."""
    ran: float = 0.0
    """Seconds of its run by the server's clock; 0 where unknown."""
    sends: int = 0
    """How often it was posted."""
    revision: int = 0
    """How often it was saved."""
    sent_as: PromptId | None = None
    """The id that it was sent under, where its server gave it another."""
    after: TaskId | None = None
    """The task whose result it takes."""
    takes: tuple[UploadPlace, ...] = ()
    """The inputs that the result may fill, the first first; () once it is here."""
    source: ResultSource | None = None
    """Where the result is, from the moment when the task before has completed until it is here."""

    cell: Cell | None = None
    """Its place among the tasks of its sweep; that of a task that it replaces."""

    # Gauges and steps under way: never saved.
    progress: Progress = field(default_factory=Progress)
    note: Trouble | None = None
    request_id: int = 0
    body_size: int = 0
    """Bytes of its latest POST, 0 before the first."""
    was_rechecked: bool = False
    """The queues were queried again, since it was on its way for long."""
    server_started_at: float = 0.0
    """When it started, by the server's clock."""
    last_frame_at: float = 0.0
    """When the latest frame about it came."""
    last_listed_at: float = 0.0
    """When the latest list that had the task was requested."""
    advanced_at: float = 0.0
    """When it last advanced."""
    ahead: int | None = None
    """Tasks before it in the latest list."""
    cancel_sent_at: float = 0.0
    deduplicated_at: float = 0.0
    """When a duplicate of it in the server's queue was last deleted."""
    executed: set[NodeId] = field(default_factory=set)
    is_success_received: bool = False
    whole_on: int = 0
    """The attempt of the socket that brought all its frames from the start; 0 where some may be
    missing."""
    absences: int = 0
    absent_at: float = 0.0

    def __post_init__(self) -> None:
        self.asked_at = self.asked_at or self.accepted_at
        self.turn = self.turn or self.asked_at

    @property
    def picture_bytes(self) -> int:
        """Bytes of all its pictures."""
        return sum(picture.size for picture in self.pictures)

    @property
    def is_ended(self) -> bool:
        """No event can change it any more."""
        return self.state in ENDED

    @property
    def is_repeatable(self) -> bool:
        """It has ended here, and what it was made of is still here."""
        # What was collected from servers has no workflow.
        is_ours = self.is_ended and self.state is not State.ADOPTED
        return is_ours and self.has_files and bool(self.digest)

    def move(self, state: State) -> None:
        """Take a step.

        Raises:
            InvalidTransition: Our own bug; a server cannot cause it.
        """
        if state not in _STEPS[self.state]:
            raise InvalidTransition(f"task {self.task_id}", self.state.value, state.value)
        self.state = state
        if self.is_moving:
            self.is_moving, self.note = False, None  # it has left the queue, or has begun and stays

    def unbind(self) -> None:
        """Drop the binding: nothing of the task has reached the server."""
        self.move(State.WAITING)
        self.server = self.client_id = None
        self.bound_at = self.posted_at = 0.0
        self.request_id = 0
        self.names.clear()
