"""Resolution of links: through reroutes, bypassed nodes and subgraphs, to a node or a value."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from tether.workflows.graph import BYPASSED, INPUTS, MUTED, OUTPUTS, Graph, Link, Node, Part, Slot

DEEPEST = 40
"""Most levels of subgraphs, or of nodes that only pass a value on: beyond, links go in a circle."""


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

Doubt: TypeAlias = Callable[[str, Node, str], None]
"""Called with the code of an assumption, the node, and the input's name."""


class Resolver:
    """Follows links back to their sources; `doubt` is called for those that can't be followed."""

    def __init__(self, graph: Graph, doubt: Doubt) -> None:
        self._graph = graph
        self._doubt = doubt

    def inner(self, scope: Scope, node: Node) -> Scope | None:
        """Return the scope inside a node of a subgraph's type."""
        part = self._graph.subgraphs.get(node.type)
        if part is None or scope.prefix.count(":") >= DEEPEST:
            return None
        return Scope(part, f"{scope.prefix}{node.id}:", node, scope)

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
        no values, those inside apply.
        Source: ComfyUI frontend templates 0.1.123, read.
        """
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
        name = scope.part.inputs[number].name
        for slot in scope.instance.inputs:
            if slot.name == name and slot.link is not None:
                found = self.source(scope.outer, scope.instance, slot, steps + 1)
                if found is not None:
                    return found
        return self.promoted(scope, number)

    def _passed_on(self, scope: Scope, node: Node, number: int, steps: int) -> Source:
        """Return an output of a node that runs: its own, or what it passes on."""
        match node.type:
            case "Reroute" | "SetNode":
                first = node.inputs[0] if node.inputs else Slot("", "*")
                return self.source(scope, node, first, steps + 1)
            case "PrimitiveNode":
                held = node.values[:1] if isinstance(node.values, list) else []
                return Value(held[0]) if held else None
            case "GetNode":
                return self._got(scope, node, steps)
            case "Note" | "MarkdownNote":
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
        """Find the `SetNode` of that name, in this scope or outer ones. Source: KJNodes, read."""
        name = node.values[:1] if isinstance(node.values, list) else []
        place: Scope | None = scope
        while place is not None and name:
            for other in place.part.nodes.values():
                if other.type == "SetNode" and other.values == name and other.inputs:
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


def _is_widget(part: Part, number: int) -> bool:
    """Tell whether an input of a subgraph is linked to a widget inside."""
    for link in part.links.values():
        if link.origin == INPUTS and link.origin_slot == number:
            target = part.nodes.get(link.target)
            if target is not None and 0 <= link.target_slot < len(target.inputs):
                return target.inputs[link.target_slot].widget is not None
    return False
