"""The values that a workflow was run with: their labels, and which come first."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tether.core.ids import NodeId

SEEDS = ("seed", "noise_seed")
MAIN_NAMES = (
    *("text", "prompt", "negative_prompt", *SEEDS, "value", "steps", "cfg", "guidance", "denoise"),
    *("width", "height", "length", "batch_size", "scale_by", "megapixels", "fps", "strength"),
)
"""Inputs that people set most, by their names in ComfyUI."""

MOST = 40
"""Most values of one workflow."""

LONGEST = 1_000
"""Most characters of a value."""

_DULL = frozenset({"filename_prefix", "image", "file", "audio", "upload", "control_after_generate"})
"""Inputs that say nothing about how a picture was made."""

_SHORT = {"cfg": "CFG", "fps": "FPS", "vae": "VAE", "clip": "CLIP", "unet": "UNet", "lora": "LoRA"}
_PARTS = {**_SHORT, "ckpt": "checkpoint", "id": "ID"}


def label_of(name: str) -> str:
    """Return the label of an input: `blur_radius` is “Blur radius”."""
    words = [_PARTS.get(word.lower(), word) for word in name.replace("_", " ").split()]
    label = " ".join(words) or name
    return label[:1].upper() + label[1:]


def values_of(nodes: Mapping[NodeId, Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Return the values in a workflow as (input, text), those that people set most first."""
    found = [
        (name, str(value).strip()[:LONGEST])
        for node in nodes.values()
        for name, value in node["inputs"].items()
        if isinstance(value, str | int | float) and name not in _DULL
    ]
    kept = dict.fromkeys(each for each in found if each[1])
    return tuple(sorted(kept, key=lambda each: _rank(each[0]))[:MOST])


class Difference(NamedTuple):
    """An input of a node that has two values; `title` is the node's."""

    name: str
    node_id: NodeId
    title: str
    left: str
    right: str


def differences(
    left: Mapping[NodeId, Mapping[str, Any]], right: Mapping[NodeId, Mapping[str, Any]]
) -> tuple[Difference, ...] | None:
    """Return in which values two workflows differ, as `values_of`; "" is what one of them lacks.

    None where they differ in more than values: in their nodes, or in how those are linked.
    """
    if _shape(left) != _shape(right):
        return None
    found: list[Difference] = []
    for node_id, node in left.items():
        here, there = node["inputs"], right[node_id]["inputs"]
        meta = node.get("_meta")
        title = meta.get("title") if isinstance(meta, dict) else None
        for name in dict.fromkeys((*here, *there)):
            texts = _text(here.get(name, "")), _text(there.get(name, ""))
            if texts[0] != texts[1] and name not in _DULL:
                cut = (text[:LONGEST] for text in texts)
                title = title if isinstance(title, str) and title else node["class_type"]
                found.append(Difference(name, node_id, title, *cut))
    return tuple(sorted(found, key=lambda each: _rank(each.name)))


def _shape(nodes: Mapping[NodeId, Mapping[str, Any]]) -> Any:
    """Return all of a workflow but its values."""
    return {
        node_id: (
            node["class_type"],
            {name: each for name, each in node["inputs"].items() if not _is_value(each)},
        )
        for node_id, node in nodes.items()
    }


def _is_value(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _text(value: Any) -> str:
    """Return a value as text, numbers as people write them; a link is none."""
    match value:
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
    return str(value).strip() if _is_value(value) else ""


def _rank(name: str) -> int:
    return MAIN_NAMES.index(name) if name in MAIN_NAMES else len(MAIN_NAMES)
