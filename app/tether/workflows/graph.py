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

NOTES = frozenset({"Note", "MarkdownNote"})
PASSING = frozenset({"Reroute", "Reroute (rgthree)", "SetNode", "easy setNode"})
"""Nodes of the editor alone that pass their first input on."""

FETCHING: Mapping[str, str] = {"GetNode": "SetNode", "easy getNode": "easy setNode"}
"""Nodes of the editor alone that give what another one has under the same name."""

TOOLS = frozenset(
    {
        *("Anything Everywhere", "Anything Everywhere?", "Anything Everywhere3"),
        *("Prompts Everywhere", "Label (rgthree)", "Bookmark (rgthree)", "Note Plus (mtb)"),
        *("Fast Muter (rgthree)", "Fast Bypasser (rgthree)", "Fast Groups Muter (rgthree)"),
        *("Fast Groups Bypasser (rgthree)", "Fast Actions Button (rgthree)"),
        *("Mute / Bypass Repeater (rgthree)", "Mute / Bypass Relay (rgthree)"),
        *("Node Collector (rgthree)", "Random Unmuter (rgthree)"),
    }
)
"""Nodes of common packs that only serve the editor: what they do is in the file already.

Source: rgthree-comfy, cg-use-everywhere, comfy_mtb, read: their `isVirtualNode`.
"""

VIRTUAL = NOTES | PASSING | FETCHING.keys() | TOOLS | {"PrimitiveNode"}
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
    that a subgraph's node shows, as (node id, input). `alias` is what file names call it.
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
    alias: str = ""

    @property
    def label(self) -> str:
        """The title and id, for messages."""
        return f"{self.title or self.type} ({self.id})"


class Part(NamedTuple):
    """The main graph or a subgraph: `inputs` and `outputs` are those of the subgraph.

    A group (`is_group`) is an older form of it, whose node has the values of all nodes inside.
    """

    nodes: Mapping[str, Node]
    links: Mapping[str, Link]
    inputs: tuple[Slot, ...] = ()
    outputs: tuple[Slot, ...] = ()
    is_group: bool = False


class Graph(NamedTuple):
    """A whole file: the main graph, and its subgraphs by id."""

    main: Part
    subgraphs: Mapping[str, Part]


def is_editor_format(content: Any) -> bool:
    """Tell whether this is a workflow in the editor's format."""
    match content:
        case {"nodes": list()} | {"nodes": dict(), "links": list() | dict()}:
            return True
    return False


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
    groups = _groups(content)
    count = sum(len(_list(each.get("nodes"))) for each in (content, *subgraphs.values()))
    count += sum(len(each.nodes) for each in groups.values())
    if count > MOST_NODES:
        raise BadInput("workflow_too_many_nodes", limit=MOST_NODES)
    parts = {key: _part(each) for key, each in subgraphs.items()}
    graph = Graph(_part(content), {**groups, **parts})
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
    nodes = {node.id: node for node in filter(None, map(_node, _list(content.get("nodes"))))}
    links = dict(sorted(filter(None, map(_link, _list(content.get("links")))), key=_age))
    _add_links_from_everywhere(nodes, links, content.get("extra"))
    return Part(
        nodes,
        links,
        _slots(content.get("inputs")),
        _slots(content.get("outputs")),
    )


def _add_links_from_everywhere(nodes: dict[str, Node], links: dict[str, Link], extra: Any) -> None:
    """Add what “Use Everywhere” links, which stands beside the graph, to inputs that are open.

    Source: cg-use-everywhere, read: `extra.ue_links`.
    """
    for number, each in enumerate(_list(_dict(extra).get("ue_links"))):
        match each:
            case {
                "upstream": origin,
                "upstream_slot": int(origin_slot),
                "downstream": target,
                "downstream_slot": int(target_slot),
            }:
                node = nodes.get(_id(target))
            case _:
                continue
        slot = node.inputs[target_slot : target_slot + 1] if node and target_slot >= 0 else ()
        if node is not None and slot and slot[0].link is None:
            name = f"everywhere {number}"
            links[name] = Link(_id(origin), origin_slot, node.id, target_slot)
            nodes[node.id] = _linked(node, target_slot, name)


def _linked(node: Node, number: int, link: str | None) -> Node:
    slots = list(node.inputs)
    slots[number] = slots[number]._replace(link=link)
    return node._replace(inputs=tuple(slots))


def _groups(content: dict[str, Any]) -> dict[str, Part]:
    """Read group nodes by their types, the older form with a stroke and the later with an arrow.

    Source: ComfyUI frontend 1.24, `GroupNodeConfig`, read: nodes have indices in place of ids.
    """
    found = {}
    for name, each in _dict(_dict(content.get("extra")).get("groupNodes")).items():
        if isinstance(each, dict):
            part = _group(each)
            found[f"workflow/{name}"] = found[f"workflow>{name}"] = part
    return found


def _group(content: dict[str, Any]) -> Part:
    listed = [
        {**each, "id": number}
        for number, each in enumerate(_list(content.get("nodes")))
        if isinstance(each, dict)
    ]
    nodes = {
        node.id: node._replace(inputs=tuple(slot._replace(link=None) for slot in node.inputs))
        for node in filter(None, map(_node, listed))
    }
    links: dict[str, Link] = {}

    def join(link: Link) -> None:
        name = str(len(links))
        links[name] = link
        if link.target != OUTPUTS:
            nodes[link.target] = _linked(nodes[link.target], link.target_slot, name)

    for row in _list(content.get("links")):
        match row:
            case [origin, int(origin_slot), target, int(target_slot), *_] if (
                _id(origin) in nodes
                and _id(target) in nodes
                and 0 <= target_slot < len(nodes[_id(target)].inputs)
            ):
                join(Link(_id(origin), origin_slot, _id(target), target_slot))
    within = {(link.origin, link.origin_slot) for link in links.values()}
    beyond = {
        (_id(row[0]), row[1])
        for row in _list(content.get("external"))
        if isinstance(row, list) and len(row) >= 2
    }
    config = _dict(content.get("config"))
    inputs: list[Slot] = []
    for is_widget in (False, True):  # those of widgets come last
        for node in list(nodes.values()):
            shown = _dict(_dict(config.get(node.id)).get("input"))
            for number, slot in enumerate(node.inputs):
                is_shown = _dict(shown.get(slot.name)).get("visible") is not False
                if slot.link is None and is_shown and (slot.widget is not None) == is_widget:
                    join(Link(INPUTS, len(inputs), node.id, number))
                    inputs.append(slot)
    outputs: list[Slot] = []
    for node in nodes.values():
        shown = _dict(_dict(config.get(node.id)).get("output"))
        for number, slot in enumerate(node.outputs):
            place = (node.id, number)
            is_shown = place not in within or place in beyond
            if _dict(shown.get(str(number))).get("visible", is_shown):
                join(Link(node.id, number, OUTPUTS, len(outputs)))
                outputs.append(slot)
    return Part(nodes, links, tuple(inputs), tuple(outputs), is_group=True)


def _node(content: Any) -> Node | None:
    match content:
        case {"id": int() | float() | str() as node_id, "type": str(kind)}:
            pass
        case _:
            return None
    mode, title, values = content.get("mode"), content.get("title"), content.get("widgets_values")
    named, properties = content.get("widgets_values_named"), content.get("properties")
    proxies = _dict(properties).get("proxyWidgets")
    alias = _dict(properties).get("Node name for S&R")
    return Node(
        _id(node_id),
        kind,
        title if isinstance(title, str) else "",
        mode if isinstance(mode, int) else 0,
        _slots(content.get("inputs")),
        _slots(content.get("outputs")),
        values if isinstance(values, list | dict) else [],
        tuple(
            (_id(pair[0]), str(pair[1]))
            for pair in _list(proxies)
            if isinstance(pair, list) and len(pair) >= 2
        ),
        named if isinstance(named, dict) else {},
        alias if isinstance(alias, str) else "",
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
    return _id(link_id), Link(_id(origin), origin_slot, _id(target), target_slot)


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
        _id(link) if isinstance(link, int | float | str) and not isinstance(link, bool) else None,
        named if isinstance(named, str) else None,
    )


def _age(link: tuple[str, Link]) -> tuple[int, str]:
    """Order links as they were made."""
    return len(link[0]), link[0]


def _id(value: Any) -> str:
    """Write an id; other programs than JavaScript tell 1.0 from 1."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _dict(content: Any) -> dict[str, Any]:
    return content if isinstance(content, dict) else {}


def _list(content: Any) -> list[Any]:
    """Return a list, or what stands under names that say no more than the things themselves."""
    if isinstance(content, dict):
        return list(content.values())
    return content if isinstance(content, list) else []
