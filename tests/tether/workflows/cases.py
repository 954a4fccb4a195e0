"""Workflows of the editor, what servers must get of each, and what servers say of classes."""

import json
from pathlib import Path
from typing import Any

from tether.core.protocol.node_info import NodeInfo, read_node_info
from tether.workflows.convert import Conversion, convert
from tether.workflows.graph import classes_needed, read_graph
from tether.workflows.queued import Moment, queued

FILES = Path(__file__).resolve().parents[2] / "fixtures/editor"
NAMES = tuple(sorted(path.stem for path in FILES.glob("*.json")))


def _infos() -> dict[str, NodeInfo | None]:
    found: dict[str, NodeInfo | None] = {}
    for path in sorted((FILES / "object_info").glob("*.json")):
        for name, described in json.loads(path.read_text()).items():
            found[name] = read_node_info(name, json.dumps({name: described}))
    return found


INFOS = _infos()


def case(name: str) -> dict[str, Any]:
    """One file: what it is about, the workflow, the result (`api`), and the assumptions."""
    content: dict[str, Any] = json.loads((FILES / f"{name}.json").read_text())
    return content


MOMENT = Moment(2026, 3, 4, 5, 6, 7)


def converted(workflow: Any, *unknown: str) -> Conversion:
    """A workflow as servers get it, where these classes are known to none.

    Of choices the last is made.
    """
    graph = read_graph(workflow)
    infos = {name: INFOS.get(name) for name in classes_needed(graph) if name not in unknown}
    result = convert(graph, infos)
    return result._replace(nodes=queued(result.nodes, lambda count: count - 1, MOMENT))


def slot(name: str, kind: str = "IMAGE", link: Any = None, widget: str = "") -> dict[str, Any]:
    """An input or an output."""
    shown: dict[str, Any] = {"name": name, "type": kind, "link": link}
    return {**shown, "widget": {"name": widget}} if widget else shown


def node(node_id: Any, kind: str, *inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A node with one output of pictures."""
    return {"id": node_id, "type": kind, "inputs": list(inputs), "outputs": [slot("IMAGE")], **more}


def flow(*nodes: dict[str, Any], links: Any = (), **more: Any) -> dict[str, Any]:
    """A whole file."""
    return {"nodes": list(nodes), "links": list(links), **more}
