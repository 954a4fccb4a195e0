"""Conversion of workflows from the editor's format to the one that servers run.

Source: ComfyUI frontend 1.58, `graphToPrompt`, its results compared.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tether.core.errors import BadInput, Trouble
from tether.core.ids import NodeId
from tether.core.protocol.node_info import NodeInfo
from tether.core.protocol.workflow import MOST_NODES, QUEUED
from tether.workflows.graph import BYPASSED, MUTED, TOOLS, VIRTUAL, Graph, Node
from tether.workflows.queued import ALIAS, NAMES, PROMPTS, SAVING, SEED_CLASS, SEEDS
from tether.workflows.resolve import OutputSlot, Resolver, Scope, Value
from tether.workflows.widgets import CUSTOM_CHOICE, Values, values_of, with_index


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
        self._resolver = Resolver(graph, self._doubt, lambda node: self._values(node).named)
        self._assumptions: dict[Trouble, None] = {}
        self._visited = 0

    def run(self) -> Conversion:
        result: dict[NodeId, dict[str, Any]] = {}
        doubtful: dict[NodeId, Node] = {}
        for scope, node in self._running(Scope(self._graph.main)):
            node_id = NodeId(f"{scope.prefix}{node.id}")
            result[node_id] = self._node(scope, node)
            if self._infos.get(node.type) is None:
                doubtful[node_id] = node
        self._leave_out(result, doubtful)
        if not result:
            raise BadInput("workflow_not_workflow")
        return Conversion(result, tuple(sorted(self._assumptions, key=repr)))

    def _leave_out(
        self, result: dict[NodeId, dict[str, Any]], unknown: Mapping[NodeId, Node]
    ) -> None:
        """Leave out what no server knows and nothing that runs needs: one such stops all.

        Source: ComfyUI 0.28.1, execution.py `validate_prompt`, measured.
        """
        if not any(self._infos.values()):
            return
        needed = {
            value[0]
            for node in result.values()
            for value in node["inputs"].values()
            if isinstance(value, list)
        }
        for node_id, node in unknown.items():
            takes = any(isinstance(value, list) for value in result[node_id]["inputs"].values())
            if node_id not in needed and not takes:
                del result[node_id]
                for each in [each for each in self._assumptions if _is_about(each, node)]:
                    del self._assumptions[each]
                self._doubt("editor_node_left_out", node, "")

    def _running(self, scope: Scope) -> Iterator[tuple[Scope, Node]]:
        """Yield the nodes that run, each with its scope, in the order of their ids."""
        for node in sorted(scope.part.nodes.values(), key=_order):
            self._visited += 1
            if self._visited > MOST_NODES:  # subgraphs could expand without end
                raise BadInput("workflow_too_many_nodes", limit=MOST_NODES)
            if node.type in TOOLS:
                self._doubt("editor_node_left_out", node, "")
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
        values = self._values(node)
        if values.doubt:
            self._doubt(values.doubt, node, "")
        inputs = {name: _plain(value, name, info) for name, value in values.named.items()}
        resolved: set[str] = set()
        for name in inputs:
            over = self._resolver.override(scope, node, name)
            if isinstance(over, Value):
                inputs[name] = _plain(over.value, name, info)
                resolved.add(name)
        for slot in node.inputs:
            match self._resolver.source(scope, node, slot):
                case OutputSlot(origin, number):
                    inputs[slot.name] = [origin, number]
                    resolved.add(slot.name)
                case Value(value):
                    inputs[slot.name] = _plain(value, slot.name, info)
                    resolved.add(slot.name)
        if node.type == CUSTOM_CHOICE:
            inputs = with_index(inputs)
        meta: dict[str, Any] = {"title": node.title or (info.title if info else node.type)}
        # A value from outside is taken as it is. Source: frontend 1.58, its results compared.
        marks = _marks(node, info, {name for name in values.named if name not in resolved})
        if marks:
            meta[QUEUED] = marks
        return {"inputs": inputs, "class_type": node.type, "_meta": meta}

    def _values(self, node: Node) -> Values:
        return values_of(node, self._infos.get(node.type))

    def _doubt(self, code: str, node: Node, detail: str) -> None:
        self._assumptions[Trouble.of(code, node=node.label, detail=detail)] = None


def _plain(value: Any, name: str, info: NodeInfo | None) -> Any:
    """Wrap a list, which would be read as a link, and a curve, as the editor does.

    Source: ComfyUI 0.28.1, execution.py, `__value__`; frontend 1.58, its results compared.
    """
    described = info.input(name) if info else None
    if described is not None and described.widget_type == "CURVE" and isinstance(value, dict):
        return {"__type__": "CURVE", "__value__": value}
    return {"__value__": value} if isinstance(value, list) else value


def _marks(node: Node, info: NodeInfo | None, own: Iterable[str]) -> dict[str, Any]:
    """Say what of a node is decided each time that it is queued, of the widgets that are its own.

    Source: ComfyUI 0.28.1, `dynamicPrompts` in `/object_info`, measured.
    """
    names = sorted(own)
    described = {each.name: each.options for each in info.inputs} if info else {}
    marks: dict[str, Any] = {
        PROMPTS: [name for name in names if described.get(name, {}).get("dynamicPrompts") is True],
        NAMES: [name for name in names if node.type in SAVING and name == "filename_prefix"],
        SEEDS: [name for name in names if node.type == SEED_CLASS and name == "seed"],
        ALIAS: "" if node.alias == node.type else node.alias,
    }
    return {kind: inputs for kind, inputs in marks.items() if inputs}


def _is_about(trouble: Trouble, node: Node) -> bool:
    return ("node", node.label) in trouble.facts


def _order(node: Node) -> tuple[int, int, str]:
    """Order numeric ids by size, before all others."""
    return (0, int(node.id), "") if re.fullmatch(r"[0-9]{1,15}", node.id) else (1, 0, node.id)
