"""Workflows inside what programs and services wrap them in."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tether.core.protocol.outputs import read_json
from tether.workflows.graph import is_editor_format

DEEPEST = 10
"""Most wrappings around a workflow, texts inside texts among them."""

_WRAPPERS = (
    *("prompt", "output", "workflow", "input", "extra_data", "extra_pnginfo", "extraMetadata"),
    *("__metadata__", "asset", "extras", "metadata", "comment"),
)
"""What a workflow stands under.

Source: ComfyUI 0.28.1, `POST /prompt`, `GET /history`, `/api/jobs`, measured, and its nodes that
save files, read; ComfyUI-VideoHelperSuite and runpod-worker-comfy, read.
"""


def workflows_in(texts: Iterable[str]) -> tuple[Mapping[str, Any], ...]:
    """Return the workflows in texts that may be JSON: those in API format first.

    They are exactly what ran; what the editor keeps is only what it would make of it.
    """
    found = [each for text in texts for each in _unwrapped(text, DEEPEST)]
    return tuple(sorted(found, key=is_editor_format))


def _unwrapped(content: Any, levels: int) -> Iterator[Mapping[str, Any]]:
    match content:
        case _ if not levels:
            return
        case str():
            if content.lstrip("\ufeff \t\r\n")[:1] in ("{", "[", '"'):
                yield from _unwrapped(read_json(content), levels - 1)
        case [_, str(), dict() as nodes, extra, *_]:  # as in the queue and the history
            yield from _unwrapped(nodes, levels - 1)
            yield from _unwrapped(extra, levels - 1)
        case dict() if is_editor_format(content) or any(map(_is_node, content.values())):
            yield content
        case dict():
            for key in _WRAPPERS:
                yield from _unwrapped(content.get(key), levels - 1)
            for entry in reversed(content.values()):  # of a history, the newest first
                if isinstance(entry, dict) and isinstance(entry.get("prompt"), list):
                    yield from _unwrapped(entry["prompt"], levels - 1)


def _is_node(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("class_type"), str)
