"""WebSockets: the frames, the registry of clients, and the one queue that feeds them all."""

import json
from collections import deque
from collections.abc import Mapping
from struct import pack
from typing import TypeAlias

from simulator.events import Preview, Send
from simulator.http import parse_json
from simulator.stage import Stage

Frame: TypeAlias = str | bytes

_PREVIEW, _TEXT, _PREVIEW_WITH_METADATA = 1, 3, 4


def text_frame(kind: str, data: Mapping[str, object]) -> str:
    """Return a text frame, spaced and escaped as ComfyUI's."""
    return json.dumps({"type": kind, "data": data})


def status_frame(queue_remaining: int, sid: str | None = None) -> str:
    """Return a `status` frame; `sid` is only in the first one of a connection."""
    data: dict[str, object] = {"status": {"exec_info": {"queue_remaining": queue_remaining}}}
    if sid is not None:
        data["sid"] = sid
    return text_frame("status", data)


def plain_preview(preview: Preview) -> bytes:
    """Return a preview for clients without `supports_preview_metadata`: it has no ids."""
    return pack(">II", _PREVIEW, 2 if preview.is_png else 1) + preview.image


def preview_with_metadata(preview: Preview, node_id: str, prompt_id: str) -> bytes:
    """Return a preview that names its node and its task."""
    metadata = json.dumps(
        {
            "node_id": node_id,
            "prompt_id": prompt_id,
            "display_node_id": node_id,
            "parent_node_id": None,
            "real_node_id": node_id,
            "image_type": "image/png" if preview.is_png else "image/jpeg",
        }
    ).encode()
    return pack(">II", _PREVIEW_WITH_METADATA, len(metadata)) + metadata + preview.image


def progress_text(node_id: str, text: str) -> bytes:
    """Return a node's progress text, which names the node but no task."""
    name = node_id.encode(errors="replace")
    return pack(">II", _TEXT, len(name)) + name + text.encode(errors="replace")


class Sockets:
    """ComfyUI's registry of sockets, with its weaknesses.

    A second socket with the same client id takes the place of the first, and when *either*
    closes the id is removed: the other gets no more frames. Source: ComfyUI 0.28.1 wire, measured;
    `server.py`, `websocket_handler`.
    """

    def __init__(self, stage: Stage, *, shared_sender: bool) -> None:
        self._stage = stage
        self.shared_sender = shared_sender
        self._clients: dict[int, str] = {}
        self._registry: dict[str, int] = {}
        self._flags: dict[str, object] = {}
        self._awaits_first: set[int] = set()
        self._blocked: set[int] = set()
        self._backlog: deque[tuple[str | None, Frame]] = deque()
        self._targets: deque[tuple[int, Frame]] = deque()

    @property
    def connection_ids(self) -> tuple[int, ...]:
        """Every open connection, unregistered ones included."""
        return tuple(self._clients)

    def open(self, connection_id: int, client_id: str) -> None:
        """Register a connection, in place of any other with that client id."""
        self._clients[connection_id] = client_id
        self._registry.pop(client_id, None)  # The newest counts as the youngest in a broadcast.
        self._registry[client_id] = connection_id
        self._flags[client_id] = {}
        self._awaits_first.add(connection_id)

    def close(self, connection_id: int) -> None:
        """Forget a connection, and its client id whoever holds it now."""
        client_id = self._clients.pop(connection_id, None)
        if client_id is None:
            return
        self._registry.pop(client_id, None)
        self._flags.pop(client_id, None)
        self._awaits_first.discard(connection_id)
        self._blocked.discard(connection_id)
        self._flush()

    def receive(self, connection_id: int, text: str, features: Mapping[str, object]) -> None:
        """Handle a client's message: `feature_flags` as its first one is answered with `features`.

        Only a JSON object counts as the first message.
        """
        client_id = self._clients.get(connection_id)
        if client_id is None or connection_id not in self._awaits_first:
            return
        try:
            message = parse_json(text)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        if message.get("type") == "feature_flags":
            self._flags[client_id] = message.get("data", {})
            self.send_now(client_id, text_frame("feature_flags", features))
        self._awaits_first.discard(connection_id)

    def wants_metadata(self, client_id: str | None) -> bool:
        """Tell whether previews for this client carry metadata. Those for everybody never do."""
        flags = self._flags.get(client_id) if client_id is not None else None
        return isinstance(flags, dict) and flags.get("supports_preview_metadata") is True

    def send(self, client_id: str | None, frame: Frame) -> None:
        """Queue a frame for one client, or with None for all."""
        self._backlog.append((client_id, frame))
        self._flush()

    def send_now(self, client_id: str, frame: Frame) -> None:
        """Send without the queue, as the replies on connect are sent."""
        connection_id = self._registry.get(client_id)
        if connection_id is not None:
            self._stage.emit(Send(connection_id, frame))

    def block(self, connection_id: int) -> None:
        """A client stopped reading: all frames after its next one wait."""
        if connection_id in self._clients:
            self._blocked.add(connection_id)

    def unblock(self, connection_id: int) -> None:
        """It reads again: the frames of all clients go on."""
        self._blocked.discard(connection_id)
        self._flush()

    def _flush(self) -> None:
        while True:
            while self._targets:
                connection_id, frame = self._targets[0]
                if connection_id in self._blocked and self.shared_sender:
                    return
                self._targets.popleft()
                if connection_id in self._clients:
                    self._stage.emit(Send(connection_id, frame))
            if not self._backlog:
                return
            client_id, frame = self._backlog.popleft()
            if client_id is None:
                self._targets.extend((each, frame) for each in self._registry.values())
            elif client_id in self._registry:
                self._targets.append((self._registry[client_id], frame))
