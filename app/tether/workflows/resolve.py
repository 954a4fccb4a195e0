"""Resolution of links: through reroutes, bypassed nodes and subgraphs, to a node or a value."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from tether.core.errors import BadInput
from tether.workflows.graph import (
    BYPASSED,
    FETCHING,
    INPUTS,
    MUTED,
    NOTES,
    OUTPUTS,
    PASSING,
    TOOLS,
    Graph,
    Link,
    Node,
    Part,
    Slot,
)

DEEPEST = 40
"""Most levels of subgraphs, or of nodes that only pass a value on: beyond, links go in a circle."""


MOST_VISITED = 100_000
"""Most nodes that are asked for the value of an open input, in all."""


class Scope(NamedTuple):
    """The main graph, or a subgraph as one node of it contains it.

    `prefix` precedes the ids of its nodes: `57:` inside node 57.
    """

    part: Part
    prefix: str = ""
    instance: Node | None = None
    outer: "Scope | None" = None


class OutputSlot(NamedTuple):
    """An output of a node that runs."""

    node: str
    slot: int


class Value(NamedTuple):
    """The value of a widget elsewhere in the editor."""

    value: Any


Source: TypeAlias = OutputSlot | Value | None
"""None: it isn't linked, or its source doesn't run."""

Values: TypeAlias = Callable[[Node], Mapping[str, Any]]
"""Returns the values of a node's widgets by name."""

Doubt: TypeAlias = Callable[[str, Node, str], None]
"""Called with the code of an assumption, the node, and the input's name."""


class Resolver:
    """Follows links back to their sources; `doubt` is called for those that can't be followed."""

    def __init__(self, graph: Graph, doubt: Doubt, values: Values) -> None:
        self._graph = graph
        self._doubt = doubt
        self._values = values
        self._visited = 0

    def inner(self, scope: Scope, node: Node) -> Scope | None:
        """Return the scope inside a node of a subgraph's type."""
        part = self._graph.subgraphs.get(node.type)
        if part is None or scope.prefix.count(":") >= DEEPEST:
            return None
        if part.is_group:
            part = self._with_values(part, node)
        return Scope(part, f"{scope.prefix}{node.id}:", node, scope)

    def _with_values(self, part: Part, group: Node) -> Part:
        """Give the nodes of a group the values that its node has for all of them, in order.

        Source: ComfyUI frontend 1.58, `graphToPrompt` of group nodes, its results compared.
        """
        inside = part.nodes.values()
        lengths = [len(node.values) for node in inside]
        values = group.values
        if not isinstance(values, list) or len(values) != sum(lengths):
            if values:
                self._doubt("editor_group_values", group, "")
            return part
        nodes, at = {}, 0
        for node, length in zip(inside, lengths, strict=True):
            own = values[at : at + length]
            nodes[node.id] = node._replace(values=own) if isinstance(node.values, list) else node
            at += length
        return part._replace(nodes=nodes)

    def source(self, scope: Scope, node: Node, slot: Slot, steps: int = 0) -> Source:
        """Return the source of an input."""
        if slot.link is None:
            return None
        link = scope.part.links.get(slot.link)
        if link is None:
            self._doubt("editor_link_gone", node, slot.name)
            return None
        return self._output(scope, link, (node, slot), steps)

    def promoted(self, scope: Scope, number: int) -> Source:
        """Return the value that a subgraph's node has for one of its inputs.

        Its widgets are those inputs that are linked to widgets inside, in order; where it has
        no values, that of the first widget inside applies to all that the input feeds.
        Source: ComfyUI frontend 1.58, `graphToPrompt`, its results compared.
        """
        own = self._own(scope, number)
        return own if own is not None else self._inside(scope, number)

    def _own(self, scope: Scope, number: int) -> Value | None:
        instance, part = scope.instance, scope.part
        assert instance is not None, "only subgraphs have inputs"
        values = instance.values
        name = part.inputs[number].name
        if isinstance(values, dict):
            return Value(values[name]) if name in values else None
        if instance.proxies:
            names = list(instance.proxies)
            place = names.index(("-1", name)) if ("-1", name) in names else len(values)
            is_whole = len(values) == len(names)
        else:
            widgets = [each for each in range(len(part.inputs)) if _is_widget(part, each)]
            place = widgets.index(number) if number in widgets else len(values)
            is_whole = len(values) == len(widgets)
        return Value(values[place]) if is_whole and place < len(values) else None

    def _inside(self, scope: Scope, number: int) -> Source:
        """Return the value of the first widget inside that an input of a subgraph feeds."""
        for node, slot in _fed(scope.part, number):
            self._visited += 1
            if self._visited > MOST_VISITED:  # subgraphs that contain each other
                raise BadInput("editor_too_deep", node=node.label)
            inner = self.inner(scope, node)
            if inner is not None:
                names = [each.name for each in inner.part.inputs]
                is_one = slot.name in names and not inner.part.is_group
                found = self.promoted(inner, names.index(slot.name)) if is_one else None
                if found is not None:
                    return found
            elif slot.widget is not None:
                over = self.override(scope, node, slot.widget)
                values = self._values(node)
                if over is not None or slot.widget in values:
                    return over or Value(values[slot.widget])
        return None

    def override(self, scope: Scope, node: Node, name: str) -> Source:
        """Return the value that the subgraph's node has for a widget of an inner node."""
        instance = scope.instance
        if instance is None or not isinstance(instance.values, list):
            return None
        key = (node.id, name)
        if key not in instance.proxies or len(instance.values) != len(instance.proxies):
            return None
        return Value(instance.values[instance.proxies.index(key)])

    def _output(self, scope: Scope, link: Link, asked: tuple[Node, Slot], steps: int) -> Source:
        """Follow a link to its source."""
        node, slot = asked
        if steps > DEEPEST:
            self._doubt("editor_link_circle", node, slot.name)
            return None
        if link.origin == INPUTS and scope.outer is not None and scope.instance is not None:
            return self._from_outside(scope, link.origin_slot, steps)
        origin = scope.part.nodes.get(link.origin)
        if origin is None:
            self._doubt("editor_link_gone", node, slot.name)
            return None
        if origin.mode == MUTED:
            return None
        if origin.mode == BYPASSED:
            return self._bypassed(scope, origin, link.origin_slot, steps)
        return self._passed_on(scope, origin, link.origin_slot, steps)

    def _from_outside(self, scope: Scope, number: int, steps: int) -> Source:
        assert scope.outer is not None and scope.instance is not None
        if not 0 <= number < len(scope.part.inputs):
            return None
        for slot in _outside(scope.instance, scope.part, number):
            if slot.link is not None:
                found = self.source(scope.outer, scope.instance, slot, steps + 1)
                if found is not None:
                    return found
        return None if scope.part.is_group else self.promoted(scope, number)

    def _passed_on(self, scope: Scope, node: Node, number: int, steps: int) -> Source:
        """Return an output of a node that runs: its own, or what it passes on."""
        if node.type in PASSING:
            first = node.inputs[0] if node.inputs else Slot("", "*")
            return self.source(scope, node, first, steps + 1)
        if node.type == "PrimitiveNode":
            held = node.values[:1] if isinstance(node.values, list) else []
            return Value(held[0]) if held else None
        if node.type in FETCHING:
            return self._got(scope, node, steps)
        if node.type in NOTES | TOOLS:
            return None
        if node.type not in self._graph.subgraphs:
            return OutputSlot(f"{scope.prefix}{node.id}", number)
        inner = self.inner(scope, node)
        if inner is None:
            return None
        for link in inner.part.links.values():
            if link.target == OUTPUTS and link.target_slot == number:
                return self._output(inner, link, (node, Slot("", "*")), steps + 1)
        return None

    def _got(self, scope: Scope, node: Node, steps: int) -> Source:
        """Find the node that keeps that name, in this scope or outer ones.

        Source: ComfyUI-KJNodes and ComfyUI-Easy-Use, read.
        """
        name = node.values[:1] if isinstance(node.values, list) else []
        place: Scope | None = scope
        while place is not None and name:
            for other in place.part.nodes.values():
                if other.type == FETCHING[node.type] and other.values == name and other.inputs:
                    return self.source(place, other, other.inputs[0], steps + 1)
            place = place.outer
        self._doubt("editor_link_gone", node, str(name[0]) if name else "")
        return None

    def _bypassed(self, scope: Scope, node: Node, number: int, steps: int) -> Source:
        """Follow the input that fits: the one of the same number, of the same type, or of any."""
        kind = node.outputs[number].type if 0 <= number < len(node.outputs) else "*"
        same = node.inputs[number : number + 1] if number >= 0 else ()
        exact = [slot for slot in node.inputs if slot.type == kind]
        loose = [slot for slot in node.inputs if fits(slot.type, kind)]
        for slot in (*(each for each in same if fits(each.type, kind)), *exact, *loose):
            return self.source(scope, node, slot, steps + 1)
        self._doubt("editor_bypass_ends", node, kind)
        return None


def fits(one: str, other: str) -> bool:
    """Tell whether two types can be linked: the same, any, or one of a list."""
    if "*" in (one, other) or "" in (one, other):
        return True
    return bool(set(one.lower().split(",")) & set(other.lower().split(",")))


def _outside(group: Node, part: Part, number: int) -> list[Slot]:
    """List the slots of a subgraph's node that may be one of its inputs.

    Those of a group have names that people gave them: they are the same in number and order.
    """
    asked = part.inputs[number]
    if not part.is_group:
        return [slot for slot in group.inputs if slot.name == asked.name]
    if asked.widget is None:
        plain = [slot for slot in group.inputs if slot.widget is None]
        before = sum(each.widget is None for each in part.inputs[:number])
        return plain[before : before + 1]
    return [slot for slot in group.inputs if slot.name.rpartition(" ")[2] == asked.name]


def _is_widget(part: Part, number: int) -> bool:
    """Tell whether an input of a subgraph is linked to a widget inside."""
    return any(slot.widget is not None for _, slot in _fed(part, number))


def _fed(part: Part, number: int) -> Iterator[tuple[Node, Slot]]:
    """Yield the nodes inside that an input of a subgraph feeds, and into which of their slots."""
    for link in part.links.values():
        if (link.origin, link.origin_slot) == (INPUTS, number):
            node = part.nodes.get(link.target)
            if node is not None and 0 <= link.target_slot < len(node.inputs):
                yield node, node.inputs[link.target_slot]
