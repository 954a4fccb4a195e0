"""The official templates, as their package has them, and which can be compared."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from tools.comfy import frontend
from tools.oracle.definitions import Described, Node

Workflow: TypeAlias = dict[str, Any]

_VIRTUAL = frozenset({"Note", "MarkdownNote", "Reroute", "PrimitiveNode"})


class Sorted(NamedTuple):
    """Names of templates: to compare, and those that use a class which isn't described."""

    usable: tuple[str, ...]
    without_class: tuple[str, ...]


@cache
def templates() -> Mapping[str, Workflow]:
    """Return all templates by name, in order; what else the package has is no workflow.

    Raises:
        FrontendMissing: They aren't installed.
    """
    files = sorted(frontend.templates().glob("*.json"))
    read = {path.stem: json.loads(path.read_text()) for path in files}
    return {
        name: content
        for name, content in read.items()
        if isinstance(content, dict) and isinstance(content.get("nodes"), list)
    }


def own_nodes(content: Workflow) -> list[Node]:
    """Return the nodes that have a class, those inside of subgraphs too."""
    subgraphs = (content.get("definitions") or {}).get("subgraphs") or ()
    others = _VIRTUAL | {part["id"] for part in subgraphs}
    nodes = [node for part in (content, *subgraphs) for node in part["nodes"]]
    return [node for node in nodes if node["type"] not in others]


def sort_out(workflows: Mapping[str, Workflow], classes: Described) -> Sorted:
    """Tell which templates a server with these classes can run."""
    is_usable = {
        name: all(node["type"] in classes for node in own_nodes(content))
        for name, content in workflows.items()
    }
    return Sorted(
        tuple(name for name, each in is_usable.items() if each),
        tuple(name for name, each in is_usable.items() if not each),
    )


def spread(names: tuple[str, ...], count: int) -> tuple[str, ...]:
    """Return so many names, evenly over all."""
    return tuple(dict.fromkeys(names[each * len(names) // count] for each in range(count)))
