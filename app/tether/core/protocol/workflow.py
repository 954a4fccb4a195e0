"""Workflows in API format: what runs, what it needs, what it gives."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias, get_args

from tether.core.errors import BadInput
from tether.core.ids import NodeId
from tether.core.protocol.editor_graph import Nodes, changed_graph, is_graph_of
from tether.core.protocol.node_info import FileKind, NodeInfo
from tether.core.protocol.outputs import MOST_PARTS, parse_json, parts_of

LONGEST_WORKFLOW = 8_000_000
"""Characters of the longest workflow file."""

MOST_NODES = 20_000
"""Nodes of the largest workflow: the page shows fields for each."""

QUEUED = "queued"
"""Where `_meta` of a node says what is decided when it is queued."""

_NODE_ID = re.compile(r"[0-9][0-9:]*")
_MASK_CLASS = "LoadImageMask"
_PICTURE_CLASSES = ("LoadImage", _MASK_CLASS)
_OUTPUT_CLASSES = frozenset({"SaveImage", "PreviewImage", "SaveAnimatedWEBP", "SaveAnimatedPNG"})
_INNER_CLASSES = frozenset(
    {
        *("LoadImage", "LoadImageMask", "EmptyImage", "ImageInvert", "ImageScale", "ImageScaleBy"),
        *("ImageBlur", "ImageSharpen", "ImageCrop", "ImageBlend"),
    }
)
_NOT_DESCRIBED: Mapping[str, NodeInfo | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow in API format: node id -> `{"class_type": …, "inputs": {…}}`.

    `graph` is the same in the editor's format, None where it isn't known.
    """

    nodes: Nodes
    graph: Mapping[str, Any] | None = None

    def text(self) -> str:
        """Return it as `parse_workflow` reads it; a graph that makes it too long is left out."""
        nodes = json.dumps(self.nodes, ensure_ascii=False)
        if self.graph is None:
            return nodes
        content = {"prompt": self.nodes, "extra_data": {"extra_pnginfo": {"workflow": self.graph}}}
        text = json.dumps(content, ensure_ascii=False)
        is_readable = len(text) <= LONGEST_WORKFLOW and parts_of(text) <= MOST_PARTS
        return text if is_readable else nodes

    def with_nodes(self, nodes: Nodes) -> "Workflow":
        """Return it with other values in its nodes; without a graph that can't show them."""
        graph = self.graph and changed_graph(self.graph, self.nodes, nodes)
        return Workflow(nodes, graph)

    def is_decided_when_queued(self) -> bool:
        """Tell whether something of it is decided for each task anew, as the editor would."""
        metas = (node.get("_meta") for node in self.nodes.values())
        return any(isinstance(meta, dict) and QUEUED in meta for meta in metas)

    def special_classes(self) -> tuple[str, ...]:
        """List the classes that some ComfyUI servers lack, or that name models."""
        classes = dict.fromkeys(node["class_type"] for node in self.nodes.values())
        return tuple(name for name in classes if name not in _INNER_CLASSES | _OUTPUT_CLASSES)

    def upload_inputs(
        self, infos: Mapping[str, NodeInfo | None] = _NOT_DESCRIBED
    ) -> dict[tuple[NodeId, str], FileKind]:
        """Return what the inputs that take an upload take, by (node, input).

        Pictures come first, masks last: a list of files fills the first one. Without `infos`, its
        classes as a server describes them, only the usual ones are known.
        """
        found: dict[tuple[NodeId, str], FileKind] = {}
        for node_id, node in self.nodes.items():
            name = node["class_type"]
            info = infos.get(name)
            taken = {each.name: each.upload for each in info.inputs} if info is not None else {}
            if name in _PICTURE_CLASSES:
                taken["image"] = "picture"
            for each, value in node["inputs"].items():
                kind = taken.get(each)
                if kind is not None and isinstance(value, str):
                    found[node_id, each] = kind

        def rank(place: tuple[NodeId, str]) -> tuple[bool, int]:
            is_mask = self.nodes[place[0]]["class_type"] == _MASK_CLASS
            return is_mask, get_args(FileKind).index(found[place])

        return {place: found[place] for place in sorted(found, key=rank)}

    def uses_mask(self, node_id: NodeId) -> bool:
        """Tell whether a picture's transparency is used, as a mask.

        Source: ComfyUI 0.28.1, nodes.py, `LoadImage`, read: its second output.
        """
        node = self.nodes[node_id]
        if node["class_type"] == _MASK_CLASS:
            return bool(node["inputs"].get("channel") == "alpha")
        values = (value for each in self.nodes.values() for value in each["inputs"].values())
        return node["class_type"] == "LoadImage" and [node_id, 1] in values

    def with_names(self, names: Mapping[tuple[NodeId, str], str]) -> "Workflow":
        """Return it with the server's file names of uploads, given by (node, input)."""
        nodes = {node_id: dict(node) for node_id, node in self.nodes.items()}
        for (node_id, name), value in names.items():
            nodes[node_id]["inputs"] = {**nodes[node_id]["inputs"], name: value}
        return self.with_nodes(nodes)

    def outputs(
        self, infos: Mapping[str, NodeInfo | None] = _NOT_DESCRIBED
    ) -> frozenset[NodeId] | None:
        """Return the nodes whose `executed` must come; None where only the server knows them.

        `infos` are the classes as that server describes them.
        """
        found = set()
        for node_id, node in self.nodes.items():
            name = node["class_type"]
            info = infos.get(name)
            if name in _OUTPUT_CLASSES or (info is not None and info.is_output):
                found.add(node_id)
            elif name not in _INNER_CLASSES and (info is None or info.is_output is None):
                return None
        return frozenset(found)

    def running_nodes(self) -> frozenset[NodeId]:
        """Return the nodes that will run: all that the outputs need, or all when unsure."""
        outputs = self.outputs()
        if not outputs:
            return frozenset(self.nodes)
        needed: set[NodeId] = set()
        todo = list(outputs)
        while todo:
            node_id = todo.pop()
            if node_id in needed or node_id not in self.nodes:
                continue
            needed.add(node_id)
            for value in self.nodes[node_id]["inputs"].values():
                match value:
                    case [str(origin), int()]:  # a link, with the number of the output
                        todo.append(NodeId(origin))
        return frozenset(needed)


GivenWorkflow: TypeAlias = str | Mapping[str, Any] | Workflow
"""In API format, as JSON text or parsed; or a `Workflow`, which is."""


def parsed(given: GivenWorkflow) -> Workflow:
    """Return a workflow of what a script has: JSON text, or what that is made of.

    Raises:
        BadInput: It is none.
    """
    if isinstance(given, Workflow):
        return given
    return parse_workflow(given if isinstance(given, str) else json.dumps(given))


def parse_workflow(text: str) -> Workflow:
    """Read a workflow in API format, bare or as the body of `POST /prompt`.

    Raises:
        BadInput: It isn't JSON, isn't a workflow, or is in the editor's format.
    """
    if len(text) > LONGEST_WORKFLOW:
        raise BadInput("workflow_too_long", limit=LONGEST_WORKFLOW)
    try:
        content = parse_json(text)
    except ValueError as error:
        raise BadInput("workflow_not_json", detail=str(error)) from error
    if isinstance(content, dict) and isinstance(content.get("nodes"), list):
        raise BadInput("workflow_editor_format")
    graph = None
    match content:
        case {"prompt": dict(nodes), "extra_data": {"extra_pnginfo": {"workflow": graph}}}:
            content = nodes
        case {"prompt": dict(nodes)}:
            content = nodes
    return workflow_of(content, graph)


def workflow_of(content: Any, graph: Any = None) -> Workflow:
    """Read the nodes of a workflow; what stands between them, such as `_comment`, is left out.

    Source: ComfyUI 0.28.1, execution.py, read: all of it must be nodes, and `is_changed`, which
    pictures of older servers have, is the server's own.

    Args:
        content: The nodes.
        graph: What may be the same in the editor's format; it is left out if it is not.

    Raises:
        BadInput: It isn't a workflow.
    """
    if not isinstance(content, dict) or not content:
        raise BadInput("workflow_not_workflow")
    if len(content) > MOST_NODES:
        raise BadInput("workflow_too_many_nodes", limit=MOST_NODES)
    nodes: dict[NodeId, Mapping[str, Any]] = {}
    for node_id, node in content.items():
        match node:
            case {"class_type": str(), "inputs": dict()}:
                nodes[NodeId(node_id)] = {
                    key: value for key, value in node.items() if key != "is_changed"
                }
            case _ if _NODE_ID.fullmatch(node_id) or _is_meant_as_node(node):
                raise BadInput("workflow_node_bad", node=node_id[:80])
    if not nodes:
        raise BadInput("workflow_not_workflow")
    workflow = Workflow(nodes, graph if is_graph_of(graph, nodes) else None)
    if workflow.outputs() == frozenset():
        raise BadInput("workflow_no_output")
    return workflow


def _is_meant_as_node(value: Any) -> bool:
    return isinstance(value, dict) and ("class_type" in value or "inputs" in value)
