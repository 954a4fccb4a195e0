"""What of a workflow decides how long it takes: its nodes, its numbers and its models."""

import hashlib

from app.core.workflow import Workflow

MODEL_FILES = (".safetensors", ".sft", ".ckpt", ".gguf", ".pth", ".pt", ".onnx", ".bin")
"""How the names of model files end."""


def shape_of(workflow: Workflow) -> str:
    """Return a short text that is equal for workflows which take equally long.

    Prompts, seeds and names of pictures don't count. What stands after the dot names the
    models alone, and is empty for none.
    """
    parts, models = [], set()
    for node in workflow.nodes.values():
        parts.append(node["class_type"])
        for name, value in sorted(node["inputs"].items()):
            if isinstance(value, str) and value.lower().endswith(MODEL_FILES):
                models.add(value)
            elif isinstance(value, int | float) and "seed" not in name:
                parts.append(f"{name}={value}")
    named = sorted(models)
    return f"{_digest([*sorted(parts), *named])}.{_digest(named) if named else ''}"


def models_of(shape: str) -> str:
    """Return the part of a shape that names its models."""
    return shape.partition(".")[2]


def _digest(parts: list[str]) -> str:
    return hashlib.blake2b("\n".join(parts).encode("utf-8", "replace"), digest_size=6).hexdigest()
