"""The values that a workflow was run with: what they are called, and which of them tell most."""

from collections.abc import Iterable, Mapping
from typing import Any

from tether.core.ids import NodeId

SEEDS = ("seed", "noise_seed")
MAIN_NAMES = (
    *("text", "prompt", "negative_prompt", *SEEDS, "value", "steps", "cfg", "guidance", "denoise"),
    *("width", "height", "length", "batch_size", "scale_by", "megapixels", "fps", "strength"),
)
"""Inputs that people set most, as the nodes of ComfyUI call them."""

MOST = 40
"""Values kept of one workflow."""

LONGEST = 1_000
"""Characters of one."""

_DULL = frozenset({"filename_prefix", "image", "upload", "control_after_generate"})
"""What says nothing of how a picture was made; the picture's name is kept beside."""

_SHORT = {"cfg": "CFG", "fps": "FPS", "vae": "VAE", "clip": "CLIP", "unet": "UNet", "lora": "LoRA"}
_PARTS = {**_SHORT, "ckpt": "checkpoint", "id": "ID"}


def label_of(name: str) -> str:
    """Return what a person may call an input: `blur_radius` is “Blur radius”."""
    words = [_PARTS.get(word.lower(), word) for word in name.replace("_", " ").split()]
    told = " ".join(words) or name
    return told[:1].upper() + told[1:]


def values_of(nodes: Mapping[NodeId, Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Return the values in a workflow as (input, text), those that tell most first."""
    found = [
        (name, str(value).strip()[:LONGEST])
        for node in nodes.values()
        for name, value in node["inputs"].items()
        if isinstance(value, str | int | float) and name not in _DULL
    ]
    kept = dict.fromkeys(each for each in found if each[1])
    return tuple(sorted(kept, key=lambda each: _rank(each[0]))[:MOST])


def holds(texts: Iterable[str], query: str) -> bool:
    """Say whether all words of a query are somewhere in these texts, whatever their case."""
    whole = "\n".join(texts).casefold()
    return all(word in whole for word in query.casefold().split())


def _rank(name: str) -> int:
    return MAIN_NAMES.index(name) if name in MAIN_NAMES else len(MAIN_NAMES)
