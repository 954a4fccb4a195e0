"""Preview pictures: the head of a binary frame says whose they are."""

from dataclasses import dataclass

from app.core.errors import MessageError
from app.core.ids import NodeId, PromptId
from app.core.outputs import parse_json

HEAD = 4096
"""Bytes of a binary frame that suffice to read its head; the picture stays outside."""

_MIMES = {1: "image/jpeg", 2: "image/png"}


@dataclass(frozen=True, slots=True)
class Preview:
    """Where the picture starts in its frame, and whose it is.

    `prompt_id` and `node_id` are None in the older form, which names nobody.
    """

    mime: str
    offset: int
    prompt_id: PromptId | None = None
    node_id: NodeId | None = None


def parse_preview(head: bytes) -> Preview | None:
    """Read the head of a binary frame; None when the frame is no preview.

    Progress texts (code 3) are broadcast to everybody and name no task: they are passed over.
    Source: ComfyUI 0.28.1, measured; protocol section 1.5.

    Args:
        head: The first `HEAD` bytes of the frame, or all of a shorter one.

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
            node_id = NodeId(node) if isinstance(node, str) else None
            return Preview(mime, 8 + length, PromptId(prompt), node_id)
    raise MessageError("preview with an unknown description", head[:64].hex())
