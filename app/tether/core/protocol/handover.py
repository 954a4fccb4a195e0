"""A result that becomes the input of another task: what fits where."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tether.core.ids import NodeId, PromptId, ServerUrl
from tether.core.protocol.node_info import FileKind, takes
from tether.core.protocol.outputs import (
    Kind,
    Output,
    outputs_from_json,
    outputs_to_json,
)
from tether.core.protocol.workflow import Workflow

_KINDS: Mapping[Kind, FileKind] = {"image": "picture", "video": "video", "audio": "audio"}
"""What inputs call the kinds of results; only an input for files takes another one."""

_MADE: Mapping[str, FileKind] = {
    **dict.fromkeys(
        ("SaveImage", "PreviewImage", "SaveAnimatedWEBP", "SaveAnimatedPNG"), "picture"
    ),
    **dict.fromkeys(("SaveVideo", "SaveWEBM"), "video"),
    **dict.fromkeys(("SaveAudio", "SaveAudioMP3", "SaveAudioOpus", "PreviewAudio"), "audio"),
}
"""What the usual output nodes give. Source: ComfyUI 0.28.1, nodes.py and comfy_extras, read."""


GONE = (400, 404)
"""Statuses by which a server says that it has no such result.

Source: ComfyUI 0.28.1, `GET /view`, measured: 404, and 400 for what is no file name there.
"""


class UploadPlace(NamedTuple):
    """An input of a workflow that takes an upload of a kind."""

    node_id: NodeId
    input: str
    kind: FileKind

    def takes(self, kind: FileKind) -> bool:
        """Say whether it takes a file of another kind."""
        return takes(self.kind, kind)


class ResultSource(NamedTuple):
    """Where a result is that a task takes, and the input that it fills."""

    server: ServerUrl
    prompt_id: PromptId
    output: Output
    place: UploadPlace


def places_of(uploads: Mapping[tuple[NodeId, str], FileKind]) -> tuple[UploadPlace, ...]:
    """Return the inputs that take an upload as places, in their order."""
    return tuple(UploadPlace(*key, kind) for key, kind in uploads.items())


def fitting(
    outputs: Iterable[Output], places: Iterable[UploadPlace]
) -> tuple[Output, UploadPlace] | None:
    """Return the first result that an input takes, for the first such input; None for none.

    Of several results those that were saved come before previews.
    """
    files = sorted((each for each in outputs if each.filename), key=lambda o: o.folder != "output")
    for place in places:
        for output in files:
            if place.takes(_KINDS.get(output.kind, "file")):
                return output, place
    return None


def may_feed(first: Workflow, places: Iterable[UploadPlace]) -> bool:
    """Say whether a workflow may give what one of these inputs takes, as far as is known."""
    outputs = first.outputs()
    names = {first.nodes[node_id]["class_type"] for node_id in outputs or first.nodes}
    made = {_MADE[name] for name in names if name in _MADE}
    is_open = outputs is None and not made
    return any(is_open or any(map(place.takes, made)) for place in places)


def is_web_page(media_type: str) -> bool:
    """Say whether an answer is a page of whoever stands before the server, and no result.

    Source: ComfyUI 0.28.1, `GET /view`, read: HTML comes as `application/octet-stream`.
    """
    return media_type.strip().lower().startswith("text/html")


def places_to_json(places: Iterable[UploadPlace]) -> list[list[str]]:
    """Return places as rows."""
    return [list(place) for place in places]


def places_from_json(rows: Any) -> tuple[UploadPlace, ...]:
    """Read what `places_to_json` returned; other rows are left out."""
    found = []
    for row in rows if isinstance(rows, list) else ():
        match row:
            case [str(node), str(name), ("picture" | "video" | "audio" | "file") as kind]:
                found.append(UploadPlace(NodeId(node), name, kind))
    return tuple(found)


def source_to_json(source: ResultSource | None) -> list[Any] | None:
    """Return a source as a row."""
    if source is None:
        return None
    server, prompt_id, output, place = source
    return [server, prompt_id, *outputs_to_json((output,)), *places_to_json((place,))]


def source_from_json(row: Any) -> ResultSource | None:
    """Read what `source_to_json` returned; None for anything else."""
    match row:
        case [str(server), str(prompt_id), output, place]:
            outputs, places = outputs_from_json([output]), places_from_json([place])
            if outputs and places and outputs[0].filename:
                return ResultSource(ServerUrl(server), PromptId(prompt_id), outputs[0], places[0])
    return None
