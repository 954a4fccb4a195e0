"""The frames a server sends over its WebSockets."""

import json
from collections.abc import Mapping
from struct import pack

from simulator.events import Preview

_PREVIEW, _TEXT, _PREVIEW_WITH_METADATA = 1, 3, 4


def text_frame(kind: str, data: Mapping[str, object]) -> str:
    """One message, spaced and escaped as ComfyUI's."""
    return json.dumps({"type": kind, "data": data})


def status_frame(queue_remaining: int, sid: str | None = None) -> str:
    """The gauge of the queue; `sid` only in the first message of a connection."""
    data: dict[str, object] = {"status": {"exec_info": {"queue_remaining": queue_remaining}}}
    if sid is not None:
        data["sid"] = sid
    return text_frame("status", data)


def plain_preview(preview: Preview) -> bytes:
    """A preview as clients without `supports_preview_metadata` get it: no id at all."""
    return pack(">II", _PREVIEW, 2 if preview.is_png else 1) + preview.image


def preview_with_metadata(preview: Preview, node_id: str, prompt_id: str) -> bytes:
    """A preview that says which node of which task it shows."""
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
    """A node's progress text; it names the node and no task."""
    name = node_id.encode(errors="replace")
    return pack(">II", _TEXT, len(name)) + name + text.encode(errors="replace")
