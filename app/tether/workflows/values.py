"""The values that a workflow was run with: their labels, and which come first."""

from collections.abc import Mapping
from typing import Any

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

_DULL = frozenset({"filename_prefix", "image", "upload", "control_after_generate"})
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


def differences(
    left: Mapping[NodeId, Mapping[str, Any]], right: Mapping[NodeId, Mapping[str, Any]]
) -> tuple[tuple[str, str, str], ...]:
    """Return in which values two workflows differ, as (label, left, right), as `values_of`.

    A value that only one of them has is "" in the other; what no node of the other answers to, by
    its id and class, is left out.
    """
    found: list[tuple[str, str, str, str]] = []
    for node_id, node in left.items():
        other = right.get(node_id)
        if other is None or other["class_type"] != node["class_type"]:
            continue
        for name in dict.fromkeys((*node["inputs"], *other["inputs"])):
            here, there = (_text(each["inputs"].get(name, "")) for each in (node, other))
            if here != there and name not in _DULL:
                found.append((name, node["class_type"], here, there))
    found.sort(key=lambda each: _rank(each[0]))
    names = [each[0] for each in found]
    return tuple(
        (label_of(name) if names.count(name) == 1 else f"{label_of(name)} · {kind}", here, there)
        for name, kind, here, there in found[:MOST]
    )


def _text(value: Any) -> str:
    """Return a value as text; a link is none."""
    return str(value).strip()[:LONGEST] if isinstance(value, str | int | float) else ""


def _rank(name: str) -> int:
    return MAIN_NAMES.index(name) if name in MAIN_NAMES else len(MAIN_NAMES)
