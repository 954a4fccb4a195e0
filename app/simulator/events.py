"""Events of a simulated server, and the effects that its shell carries out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from simulator.http import Blob, Request, Response


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """A whole request has arrived; its answer carries the same id."""

    request_id: int
    request: Request


@dataclass(frozen=True, slots=True)
class SocketOpened:
    """A client asks for a WebSocket. Ids must never be used twice."""

    connection_id: int
    request: Request


@dataclass(frozen=True, slots=True)
class TextReceived:
    """A text frame arrived."""

    connection_id: int
    text: str


@dataclass(frozen=True, slots=True)
class SocketClosed:
    """A WebSocket is gone, cleanly or not."""

    connection_id: int


@dataclass(frozen=True, slots=True)
class SocketBlocked:
    """A client stopped reading: the shell's buffers for it are full."""

    connection_id: int


@dataclass(frozen=True, slots=True)
class SocketDrained:
    """A blocked client reads again."""

    connection_id: int


@dataclass(frozen=True, slots=True)
class Preview:
    """A small encoded picture of work in progress, sent on as it is."""

    is_png: bool
    image: bytes


@dataclass(frozen=True, slots=True)
class NodeFinished:
    """A node's work is done; the shell keeps its output values under the run's id.

    Attributes:
        files: What a saving node made; the machine gives the names.
        ui: What an output node shows besides files, e.g. `{"text": ["…"]}`.
        previews: Pictures of the work in order, at most as many as `RunNode` asked for.
        texts: Progress texts, broadcast to everybody. Source: ComfyUI 0.28.1 wire, measured.
        picture_size: Width and height, for `%width%` and `%height%` in file names.
    """

    run_id: int
    files: tuple[Blob, ...] = ()
    ui: Mapping[str, object] | None = None
    previews: tuple[Preview, ...] = ()
    texts: tuple[str, ...] = ()
    picture_size: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class NodeRaised:
    """A node's work failed. `inputs` are the values as text, one list per input."""

    run_id: int
    exception_type: str
    message: str
    traceback: tuple[str, ...] = ()
    inputs: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Woken:
    """The time of `WakeAt` has come; a little late or early does no harm."""


@dataclass(frozen=True, slots=True)
class Killed:
    """The process dies and a new one starts: only files outside `temp` survive."""


@dataclass(frozen=True, slots=True)
class PlaceClosed:
    """A story closes a place of `Stops`."""

    place: str


@dataclass(frozen=True, slots=True)
class PlaceOpened:
    """A story opens a place of `Stops`: what waits there goes on."""

    place: str


Event: TypeAlias = (
    RequestReceived
    | SocketOpened
    | TextReceived
    | SocketClosed
    | SocketBlocked
    | SocketDrained
    | NodeFinished
    | NodeRaised
    | Woken
    | Killed
    | PlaceClosed
    | PlaceOpened
)


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer a request."""

    request_id: int
    response: Response


@dataclass(frozen=True, slots=True)
class AcceptSocket:
    """Let the WebSocket handshake succeed; frames follow."""

    connection_id: int


@dataclass(frozen=True, slots=True)
class RefuseSocket:
    """Answer the WebSocket handshake with an HTTP answer. No `SocketClosed` may follow."""

    connection_id: int
    response: Response


@dataclass(frozen=True, slots=True)
class Send:
    """Send a frame, as text or binary."""

    connection_id: int
    frame: str | bytes


@dataclass(frozen=True, slots=True)
class CutSocket:
    """Cut the connection without a close frame. No `SocketClosed` may follow."""

    connection_id: int


@dataclass(frozen=True, slots=True)
class ValueRef:
    """Output `index` of an earlier run, kept by the shell."""

    run_id: int
    index: int


@dataclass(frozen=True, slots=True)
class RunNode:
    """Do a node's work and report `NodeFinished` or `NodeRaised` with the same run id.

    Attributes:
        inputs: Plain values, and `ValueRef` where another node's output goes in.
        files: Blob keys of the files that inputs name.
        previews: How many pictures of the work in progress are wanted.
        hidden: `prompt` and, if given, the entries of `extra_pnginfo`, for PNG text chunks.
    """

    run_id: int
    node_id: str
    class_name: str
    inputs: Mapping[str, object]
    files: Mapping[str, str]
    previews: int
    hidden: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class DropValues:
    """The outputs of this run are no longer needed. A late report of it is ignored."""

    run_id: int


@dataclass(frozen=True, slots=True)
class DropBlob:
    """This blob is no longer needed."""

    key: str


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Send `Woken` at this time. Replaces any earlier `WakeAt`."""

    time: float


Effect: TypeAlias = (
    Answer
    | AcceptSocket
    | RefuseSocket
    | Send
    | CutSocket
    | RunNode
    | DropValues
    | DropBlob
    | WakeAt
)
