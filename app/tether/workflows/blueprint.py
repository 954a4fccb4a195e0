"""Blueprints: subgraphs that a server offers as one node, made into workflows that run."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple


class _End(NamedTuple):
    """A node that gives a blueprint what it takes, or takes what it gives."""

    kind: str
    slot: int = 0
    """Of the output that gives it."""
    input: str = ""
    """The name of the input that takes it."""


_LOADERS: Mapping[str, _End] = {
    "IMAGE": _End("LoadImage"),
    "MASK": _End("LoadImage", 1),
    "VIDEO": _End("LoadVideo"),
    "AUDIO": _End("LoadAudio"),
}
_SAVERS: Mapping[str, _End] = {
    "IMAGE": _End("SaveImage", input="images"),
    "MASK": _End("MaskPreview", input="mask"),
    "VIDEO": _End("SaveVideo", input="video"),
    "AUDIO": _End("SaveAudio", input="audio"),
    "MESH": _End("SaveGLB", input="mesh"),
    **dict.fromkeys(("STRING", "INT", "FLOAT", "BOOLEAN"), _End("PreviewAny", input="source")),
}
"""Source: ComfyUI 0.28.1, `GET /object_info`, measured."""

_OPTIONAL = 7
"""The shape that the editor draws optional inputs in. Source: ComfyUI frontend 1.58, read."""


def completed(content: Any) -> Any:
    """Return a blueprint with nodes that load what it takes, and save what it gives.

    Its node alone has nothing that a server would run: people put the rest around it by hand.
    Source: comfyui-subgraph-blueprints 0.0.13, read: one node, and nothing linked to it.

    Args:
        content: A file in the editor's format; returned as it is if it has other than one node.
    """
    match content:
        case {"nodes": [{"inputs": list(inputs), "outputs": list(outputs)} as node]}:
            ends = (*_ends(inputs, _LOADERS), *_ends(outputs, _SAVERS))
        case _:
            return content
    taken, given = list(inputs), list(outputs)
    nodes: list[Any] = []
    links: list[Any] = []
    for number, (place, kind, end) in enumerate(ends, 1):
        added = number + 1
        slot: dict[str, Any] = {"name": end.input or kind, "type": kind}
        sides: dict[str, Any]
        if end.input:
            x, sides = 600, {"inputs": [{**slot, "link": number}], "outputs": []}
            given[place] = {**given[place], "links": [number]}
            links.append([number, 1, place, added, 0, kind])
        else:
            others = [{"name": "IMAGE", "type": "IMAGE", "links": []}] * end.slot
            x, sides = -600, {"outputs": [*others, {**slot, "links": [number]}]}
            sides |= {"inputs": [], "widgets_values": [""]}  # the file, which is not chosen yet
            taken[place] = {**taken[place], "link": number}
            links.append([number, added, end.slot, 1, place, kind])
        look = {"pos": [x, 200 * number], "size": [240, 120], "order": number, "mode": 0}
        nodes.append({"id": added, "type": end.kind, **look, **sides})
    # The id that blueprints have, -1, is none that a server takes.
    outer = {**node, "id": 1, "pos": [0, 200], "inputs": taken, "outputs": given}
    last = {"last_node_id": len(nodes) + 1, "last_link_id": len(links)}
    return {**content, **last, "nodes": [outer, *nodes], "links": links}


def _ends(slots: Iterable[Any], ends: Mapping[str, _End]) -> Iterator[tuple[int, str, _End]]:
    """Yield the place and the type of each slot that one of these nodes must be linked to."""
    for place, slot in enumerate(slots):
        match slot:
            case {"type": str(types)} if slot.get("shape") != _OPTIONAL:
                known = (kind for kind in types.split(",") if kind in ends)
                if kind := next(known, ""):
                    yield place, kind, ends[kind]
