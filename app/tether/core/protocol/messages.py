"""The frames that a server sends on its WebSocket, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from tether.core.errors import MessageError, Trouble
from tether.core.ids import NodeId, PromptId
from tether.core.protocol.outputs import Output, cut, parse_json, read_outputs, texts

LONGEST_FRAME = 2_000_000
"""Characters of the longest text frame that is read; the server's records have what others said.

Source: ComfyUI 0.28.1, measured: `progress_state` of 1,000 nodes has 300,000.
"""

MOST_WAITING = 1_000_000
"""Tasks in a queue; more are a server's mistake."""

PREVIEW_HEAD = 4096
"""Bytes of a binary frame that suffice to read its head."""


@dataclass(frozen=True, slots=True)
class Status:
    """The length of the server's queue; `is_greeting` on the first one of a connection."""

    queue_remaining: int
    is_greeting: bool


@dataclass(frozen=True, slots=True)
class FeatureFlags:
    """The server's answer to the feature flags; sizes in bytes."""

    max_upload_size: int | None


@dataclass(frozen=True, slots=True)
class ExecutionStart:
    """The server took the task from its queue, at this second of its own clock."""

    prompt_id: PromptId
    at: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class NodesReached:
    """Progress of nodes: `shares` holds (node, 0 to 1); `step` is (value, max) of one that runs.

    Comes from `progress`, `progress_state` and `execution_cached` alike.
    """

    prompt_id: PromptId
    shares: tuple[tuple[NodeId, float], ...]
    step: tuple[float, float] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Executing:
    """A node started; no `node_id` means that the prompt has ended.

    `prompt_id` is None on the frame sent right after a reconnect.
    Source: ComfyUI 0.28.1, measured; docs/protocol.md 1.4 and 4.
    """

    node_id: NodeId | None
    prompt_id: PromptId | None


@dataclass(frozen=True, slots=True)
class Executed:
    """A node with results has run, or was found in the server's cache."""

    prompt_id: PromptId
    node_id: NodeId
    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True)
class ExecutionEnded:
    """Success, error or interruption: `trouble` is None on success.

    The history may lack the task until `executing` with no node follows.
    Source: ComfyUI 0.28.1, measured: 8 of 200.
    """

    prompt_id: PromptId
    trouble: Trouble | None
    is_interrupted: bool = False
    at: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class UnknownMessage:
    """A frame of custom nodes or newer servers; ignored."""

    kind: str


Message: TypeAlias = (
    Status
    | FeatureFlags
    | ExecutionStart
    | NodesReached
    | Executing
    | Executed
    | ExecutionEnded
    | UnknownMessage
)


def parse_message(text: str) -> Message:
    """Read one text frame.

    Raises:
        MessageError: It isn't JSON, has no type, is too long, or a known type has an unknown shape.
    """
    if len(text) > LONGEST_FRAME:
        raise MessageError("frame is too long", text)
    try:
        frame = parse_json(text)
    except ValueError as error:
        raise MessageError("frame is no JSON", text) from error
    match frame:
        case {"type": str(kind)}:
            message = _parse(kind, frame.get("data"))
            if message is None:
                raise MessageError(f"`{kind}` frame has an unknown shape", text)
            return message
    raise MessageError("frame has no type", text)


def _parse(kind: str, data: Any) -> Message | None:
    """Return None for a known kind with an unknown shape."""
    match kind, data:
        case "status", {"status": {"exec_info": {"queue_remaining": int(remaining)}}}:
            return Status(read_length(remaining), "sid" in data)
        case "feature_flags", dict():
            size = data.get("max_upload_size")
            return FeatureFlags(read_size(size))
        case "progress_state", {"prompt_id": str(prompt), "nodes": dict(nodes)}:
            return NodesReached(PromptId(prompt), _shares(nodes), _running_step(nodes))
        case "progress", {"prompt_id": str(prompt), "node": str(node)}:
            share = _share(data)
            return NodesReached(PromptId(prompt), ((NodeId(cut(node)), share),), _step(data))
        case "executing", {"node": None | str() as node}:
            owner = data.get("prompt_id")
            node_id = _shown(data, "display_node", node) if node else None
            return Executing(node_id, PromptId(owner) if isinstance(owner, str) else None)
        case "executed", {"prompt_id": str(prompt), "node": str(node)}:
            node_id = _shown(data, "display_node", node)
            return Executed(PromptId(prompt), node_id, read_outputs(node_id, data.get("output")))
        case "execution_start", {"prompt_id": str(prompt)}:
            return ExecutionStart(PromptId(prompt), read_stamp(data.get("timestamp")))
        case "execution_cached", {"prompt_id": str(prompt), "nodes": list(cached)}:
            done = tuple((NodeId(cut(node)), 1.0) for node in texts(cached))
            return NodesReached(PromptId(prompt), done)
        case "execution_success", {"prompt_id": str(prompt)}:
            stamp = read_stamp(data.get("timestamp"))
            return ExecutionEnded(PromptId(prompt), None, at=stamp)
        case "execution_error", {"prompt_id": str(prompt)}:
            return ExecutionEnded(PromptId(prompt), read_node_error(data))
        case "execution_interrupted", {"prompt_id": str(prompt)}:
            return ExecutionEnded(PromptId(prompt), Trouble.of("interrupted"), True)
    return None if kind in _KINDS else UnknownMessage(kind[:80])


_KINDS = frozenset(
    {
        *("status", "feature_flags", "progress_state", "progress", "executing", "executed"),
        *("execution_start", "execution_cached", "execution_success"),
        *("execution_error", "execution_interrupted"),
    }
)


def read_length(remaining: int) -> int:
    """Return the length of a queue as a server gives it, from 0 to `MOST_WAITING`."""
    return max(0, min(remaining, MOST_WAITING))


def read_size(value: Any) -> int | None:
    """Read a limit in bytes; None for what is none: a truth value, nothing, less than nothing."""
    return value if type(value) is int and value > 0 else None


def read_stamp(value: Any) -> float:
    """Read a stamp of the server's clock, in milliseconds; return seconds, 0 for what is none."""
    is_stamp = isinstance(value, int | float) and 0 <= value < 1e15
    return value / 1000 if is_stamp else 0.0


def read_node_error(data: Mapping[str, Any]) -> Trouble:
    """Read the error of a node, from the frame or from the server's record.

    Source: ComfyUI 0.28.1, `execution_error`, measured: the message ends in a newline.
    """
    return Trouble.of(
        "node_failed",
        node=text_at(data, "node_id"),
        type=text_at(data, "node_type"),
        message=text_at(data, "exception_message").strip(),
        exception=text_at(data, "exception_type"),
        traceback="".join(texts(data.get("traceback")))[:20_000],
    )


def text_at(data: Mapping[str, Any], key: str) -> str:
    """Return a text of a message, at most 2,000 characters; "" for none."""
    value = data.get(key)
    return value[:2_000] if isinstance(value, str) else ""


def _share(state: Mapping[str, Any]) -> float:
    if state.get("state") == "finished":
        return 1.0
    value, most = _step(state) or (0.0, 1.0)
    return value / most


def _step(state: Mapping[str, Any]) -> tuple[float, float] | None:
    match state:
        case {"value": int() | float() as value, "max": int() | float() as most}:
            # In this order NaN counts as nothing, and what no float can hold as all.
            return (min(most, max(0, value)), most) if 0 < most < 1e300 else None
    return None


def _running_step(nodes: dict[str, Any]) -> tuple[float, float] | None:
    """Return the step of the running node; no known server runs two at a time."""
    for state in nodes.values():
        if isinstance(state, dict) and state.get("state") == "running":
            return _step(state)
    return None


def _shares(nodes: dict[str, Any]) -> tuple[tuple[NodeId, float], ...]:
    """A node of an expanded sub-graph counts for the node that the workflow shows."""
    shares = []
    for node_id, state in nodes.items():
        if isinstance(state, dict):
            shares.append((_shown(state, "display_node_id", node_id), _share(state)))
    return tuple(shares)


def _shown(data: Mapping[str, Any], key: str, node: str) -> NodeId:
    """Return the node that the workflow shows for one of an expanded subgraph."""
    shown = data.get(key)
    return NodeId(cut(shown if isinstance(shown, str) else node))


_MIMES = {1: "image/jpeg", 2: "image/png"}


@dataclass(frozen=True, slots=True)
class Preview:
    """The head of a preview: where its picture starts, and the task that it is of.

    `prompt_id` and `node_id` are None in the older form.
    """

    mime: str
    offset: int
    prompt_id: PromptId | None = None
    node_id: NodeId | None = None


def parse_preview(head: bytes) -> Preview | None:
    """Read the head of a binary frame; None when the frame is no preview.

    Progress texts (code 3) go to all clients and name no task: they are ignored.
    Source: ComfyUI 0.28.1, measured; docs/protocol.md 1.5.

    Raises:
        MessageError: A preview with an unknown shape.
    """
    match int.from_bytes(head[:4], "big"):
        case 1:
            mime = _MIMES.get(int.from_bytes(head[4:8], "big"))
            if mime is None or len(head) < 8:
                raise MessageError("preview of an unknown kind", head[:8].hex())
            return Preview(mime, 8)
        case 4:
            return _parse_described(head)
    return None


def _parse_described(head: bytes) -> Preview:
    length = int.from_bytes(head[4:8], "big")
    try:
        about = parse_json(head[8 : 8 + length].decode())
    except ValueError as error:
        raise MessageError("preview without a description", head[:64].hex()) from error
    match about:
        case {"prompt_id": str(prompt), "image_type": ("image/jpeg" | "image/png") as mime}:
            node = about.get("display_node_id")
            node_id = NodeId(cut(node)) if isinstance(node, str) else None
            return Preview(mime, 8 + length, PromptId(prompt), node_id)
    raise MessageError("preview with an unknown description", head[:64].hex())


class Gauge(NamedTuple):
    """A kind of frame that a later one of the same task makes worthless.

    It starts with `prefix`; what is between `begin` and `end` names the task.
    """

    prefix: str
    begin: str
    end: str


GAUGES = (
    # It has all nodes that have begun, so the next one includes it.
    Gauge('{"type": "progress_state", "data": {', '"prompt_id": "', ', "nodes": '),
    Gauge('{"type": "progress", "data": {"value": ', '"prompt_id": "', "}}"),
)
"""The kinds, for the socket's adapter, which may drop frames before Python reads them.

A frame that isn't written as ComfyUI writes it is no gauge, and never dropped.
Source: ComfyUI 0.28.1, measured; docs/protocol.md 1.4.
"""
