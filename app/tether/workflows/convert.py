"""Conversion of workflows from the editor's format to the one that servers run.

Source: ComfyUI frontend 1.58, `graphToPrompt`, its results compared.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tether.core.errors import BadInput, Trouble
from tether.core.ids import NodeId
from tether.core.protocol.node_info import NodeInfo
from tether.core.protocol.workflow import MOST_NODES
from tether.workflows.graph import BYPASSED, MUTED, VIRTUAL, Graph, Node
from tether.workflows.resolve import OutputSlot, Resolver, Scope, Value
from tether.workflows.widgets import values_of


class Conversion(NamedTuple):
    """A workflow in API format, and the assumptions that it rests on."""

    nodes: dict[NodeId, dict[str, Any]]
    assumptions: tuple[Trouble, ...]


def convert(graph: Graph, infos: Mapping[str, NodeInfo | None]) -> Conversion:
    """Convert a graph; `infos` has None for a class that no server has.

    Raises:
        BadInput: It would be endless, or nothing of it runs.
    """
    return _Converter(graph, infos).run()


class _Converter:
    def __init__(self, graph: Graph, infos: Mapping[str, NodeInfo | None]) -> None:
        self._graph = graph
        self._infos = infos
        self._resolver = Resolver(graph, self._doubt)
        self._assumptions: dict[Trouble, None] = {}
        self._visited = 0

    def run(self) -> Conversion:
        result: dict[NodeId, dict[str, Any]] = {}
        for scope, node in self._running(Scope(self._graph.main)):
            result[NodeId(f"{scope.prefix}{node.id}")] = self._node(scope, node)
        if not result:
            raise BadInput("workflow_not_workflow")
        return Conversion(result, tuple(sorted(self._assumptions, key=repr)))

    def _running(self, scope: Scope) -> Iterator[tuple[Scope, Node]]:
        """Yield the nodes that run, each with its scope, in the order of their ids."""
        for node in sorted(scope.part.nodes.values(), key=_order):
            self._visited += 1
            if self._visited > MOST_NODES:  # subgraphs could expand without end
                raise BadInput("workflow_too_many_nodes", limit=MOST_NODES)
            if node.mode in (MUTED, BYPASSED) or node.type in VIRTUAL:
                continue
            if node.type not in self._graph.subgraphs:
                yield scope, node
                continue
            inner = self._resolver.inner(scope, node)
            if inner is None:
                raise BadInput("editor_too_deep", node=node.label)
            yield from self._running(inner)

    def _node(self, scope: Scope, node: Node) -> dict[str, Any]:
        info = self._infos.get(node.type)
        values = values_of(node, info)
        if values.doubt:
            self._doubt(values.doubt, node, "")
        inputs = {name: _plain(value) for name, value in values.named.items()}
        for name in inputs:
            over = self._resolver.override(scope, node, name)
            if isinstance(over, Value):
                inputs[name] = _plain(over.value)
        for slot in node.inputs:
            match self._resolver.source(scope, node, slot):
                case OutputSlot(origin, number):
                    inputs[slot.name] = [origin, number]
                case Value(value):
                    inputs[slot.name] = _plain(value)
        title = node.title or (info.title if info else node.type)
        return {"inputs": inputs, "class_type": node.type, "_meta": {"title": title}}

    def _doubt(self, code: str, node: Node, detail: str) -> None:
        self._assumptions[Trouble.of(code, node=node.label, detail=detail)] = None


def _plain(value: Any) -> Any:
    """Wrap a list, which would be read as a link. Source: ComfyUI, execution.py, `__value__`."""
    return {"__value__": value} if isinstance(value, list) else value


def _order(node: Node) -> tuple[int, int, str]:
    """Order numeric ids by size, before all others."""
    return (0, int(node.id), "") if re.fullmatch(r"[0-9]{1,15}", node.id) else (1, 0, node.id)
