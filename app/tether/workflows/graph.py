"""The editor's file format: nodes, links, subgraphs. What can't be read is left out.

Source: ComfyUI frontend 1.16 to 1.58, workflow JSON versions 0.4 and 1, read in its templates.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tether.core.errors import BadInput
from tether.core.protocol.workflow import MOST_NODES

INPUTS, OUTPUTS = "-10", "-20"
"""The ids of a subgraph's own inputs and outputs, as its links name them."""

MUTED, BYPASSED = 2, 4
"""Modes of nodes that don't run; a bypassed one passes its input on."""

VIRTUAL = frozenset({"Note", "MarkdownNote", "Reroute", "PrimitiveNode", "SetNode", "GetNode"})
"""Nodes that exist only in the editor."""


class Slot(NamedTuple):
    """An input or output of a node; `link` is None where it isn't linked."""

    name: str
    type: str
    link: str | None = None
    widget: str | None = None


class Link(NamedTuple):
    """From an output of a node to an input of another."""

    origin: str
    origin_slot: int
    target: str
    target_slot: int


class Node(NamedTuple):
    """One node of the editor; `values` are those of its widgets, in order or by name.

    `named` has them by name where the file has both. `proxies` are the widgets of inner nodes
    that a subgraph's node shows, as (node id, input).
    """

    id: str
    type: str
    title: str
    mode: int
    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]
    values: list[Any] | dict[str, Any]
    proxies: tuple[tuple[str, str], ...]
    named: dict[str, Any]

    @property
    def label(self) -> str:
        """The title and id, for messages."""
        return f"{self.title or self.type} ({self.id})"


class Part(NamedTuple):
    """The main graph or a subgraph: `inputs` and `outputs` are those of the subgraph."""

    nodes: Mapping[str, Node]
    links: Mapping[str, Link]
    inputs: tuple[Slot, ...] = ()
    outputs: tuple[Slot, ...] = ()


class Graph(NamedTuple):
    """A whole file: the main graph, and its subgraphs by id."""

    main: Part
    subgraphs: Mapping[str, Part]


def is_editor_format(content: Any) -> bool:
    """Tell whether this is a workflow in the editor's format."""
    return isinstance(content, dict) and isinstance(content.get("nodes"), list)


def read_graph(content: Any) -> Graph:
    """Read a workflow in the editor's format.

    Raises:
        BadInput: It is in another format, or has too many nodes.
    """
    if not is_editor_format(content):
        raise BadInput("workflow_not_workflow")
    definitions = content.get("definitions")
    listed = definitions.get("subgraphs") if isinstance(definitions, dict) else None
    subgraphs = {
        each["id"]: each
        for each in _list(listed)
        if isinstance(each, dict) and isinstance(each.get("id"), str)
    }
    count = sum(len(_list(each.get("nodes"))) for each in (content, *subgraphs.values()))
    if count > MOST_NODES:
        raise BadInput("workflow_too_many_nodes", limit=MOST_NODES)
    graph = Graph(_part(content), {key: _part(each) for key, each in subgraphs.items()})
    if not graph.main.nodes:
        raise BadInput("workflow_not_workflow")
    return graph


def classes_needed(graph: Graph) -> tuple[str, ...]:
    """List the node classes of a graph that servers have, each once."""
    found = {
        node.type: None
        for part in (graph.main, *graph.subgraphs.values())
        for node in part.nodes.values()
        if node.type not in VIRTUAL and node.type not in graph.subgraphs
    }
    return tuple(found)


def _part(content: dict[str, Any]) -> Part:
    nodes = filter(None, map(_node, _list(content.get("nodes"))))
    links = filter(None, map(_link, _list(content.get("links"))))
    return Part(
        {node.id: node for node in nodes},
        dict(links),
        _slots(content.get("inputs")),
        _slots(content.get("outputs")),
    )


def _node(content: Any) -> Node | None:
    match content:
        case {"id": int() | str() as node_id, "type": str(kind)}:
            pass
        case _:
            return None
    mode, title, values = content.get("mode"), content.get("title"), content.get("widgets_values")
    named, properties = content.get("widgets_values_named"), content.get("properties")
    proxies = properties.get("proxyWidgets") if isinstance(properties, dict) else None
    return Node(
        str(node_id),
        kind,
        title if isinstance(title, str) else "",
        mode if isinstance(mode, int) else 0,
        _slots(content.get("inputs")),
        _slots(content.get("outputs")),
        values if isinstance(values, list | dict) else [],
        tuple(
            (str(pair[0]), str(pair[1]))
            for pair in _list(proxies)
            if isinstance(pair, list) and len(pair) >= 2
        ),
        named if isinstance(named, dict) else {},
    )


def _link(content: Any) -> tuple[str, Link] | None:
    """Read a link: usually a list in the main graph, and an object in subgraphs."""
    match content:
        case [link_id, origin, int(origin_slot), target, int(target_slot), *_]:
            pass
        case {
            "id": link_id,
            "origin_id": origin,
            "origin_slot": int(origin_slot),
            "target_id": target,
            "target_slot": int(target_slot),
        }:
            pass
        case _:
            return None
    return str(link_id), Link(str(origin), origin_slot, str(target), target_slot)


def _slots(content: Any) -> tuple[Slot, ...]:
    """Read inputs or outputs; one that can't be read keeps its place."""
    return tuple(map(_slot, _list(content)))


def _slot(content: Any) -> Slot:
    if not isinstance(content, dict):
        return Slot("", "*")
    name, kind, link = content.get("name"), content.get("type"), content.get("link")
    widget = content.get("widget")
    named = widget.get("name") if isinstance(widget, dict) else None
    return Slot(
        name if isinstance(name, str) else "",
        kind if isinstance(kind, str) else "*",
        str(link) if isinstance(link, int | str) and not isinstance(link, bool) else None,
        named if isinstance(named, str) else None,
    )


def _list(content: Any) -> list[Any]:
    return content if isinstance(content, list) else []
