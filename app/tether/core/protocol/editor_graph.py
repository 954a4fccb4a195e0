"""The editor's graph of a workflow, which servers write into pictures beside what ran.

Source: ComfyUI 0.28.1, nodes.py `SaveImage`, read: each entry of `extra_pnginfo` becomes a text of
the PNG, and the editor opens the one named `workflow`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from tether.core.ids import NodeId
from tether.core.protocol.outputs import DEEPEST

Nodes: TypeAlias = Mapping[NodeId, Mapping[str, Any]]

_DEEPEST = DEEPEST - 10
"""Levels of nesting of a graph: it is kept inside a few others."""


def is_graph_of(graph: Any, nodes: Nodes) -> bool:
    """Tell whether an editor's graph has all nodes of a workflow that are in no subgraph.

    One that is nested too deeply to be read again, as a part of what is kept, is none.
    """
    listed = graph.get("nodes") if isinstance(graph, dict) else None
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        return False
    types = {str(each.get("id")): each.get("type") for each in listed}
    outer = {node_id: node for node_id, node in nodes.items() if ":" not in node_id}
    is_whole = all(types.get(node_id) == node["class_type"] for node_id, node in outer.items())
    return is_whole and not _is_too_deep(graph)


def changed_graph(graph: Mapping[str, Any], before: Nodes, after: Nodes) -> dict[str, Any] | None:
    """Return a graph with the values that a workflow has now; None where one has no place in it.

    A graph that shows other values than ran would mislead, so there is none then.
    """
    places = {str(each.get("id")): place for place, each in enumerate(graph["nodes"])}
    nodes = list(graph["nodes"])
    for node_id, node in after.items():
        was = before[node_id]["inputs"]
        if was.keys() != node["inputs"].keys():
            return None  # another choice may have brought them
        names = [name for name, value in node["inputs"].items() if not _same(was.get(name), value)]
        if not names:
            continue
        if node_id not in places:
            return None
        shown = nodes[places[node_id]]
        if set(names) & _linked(shown.get("inputs")):
            return None  # the editor takes the value from elsewhere
        values = _changed_values(shown.get("widgets_values"), was, node["inputs"], names)
        if values is None:
            return None
        nodes[places[node_id]] = {**shown, "widgets_values": values}
    return {**graph, "nodes": nodes}


def _is_too_deep(content: Any) -> bool:
    level = [content]
    for _ in range(_DEEPEST):
        lists = [each.values() if isinstance(each, dict) else each for each in level]
        level = [each for listed in lists for each in listed if isinstance(each, dict | list)]
    return bool(level)


def _linked(slots: Any) -> set[Any]:
    listed = slots if isinstance(slots, list) else []
    return {
        each.get("name")
        for each in listed
        if isinstance(each, dict) and each.get("link") is not None
    }


def _changed_values(
    values: Any, was: Mapping[str, Any], now: Mapping[str, Any], names: Iterable[str]
) -> Any:
    if isinstance(values, dict):
        return {**values, **{name: now[name] for name in names}}
    if not isinstance(values, list):
        return None
    changed = list(values)
    for name in names:
        # Values are in the order of the inputs, with some of the editor's own in between.
        alike = [each for each, value in was.items() if _same(value, was.get(name))]
        places = [place for place, value in enumerate(values) if _same(value, was.get(name))]
        if name not in alike or len(places) != len(alike):
            return None
        changed[places[alike.index(name)]] = now[name]
    return changed


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)
