"""Whether a server can run a workflow: its node classes, and the models that it names."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from app.core.ids import NodeId
from app.core.node_info import InputInfo, NodeInfo

Infos = Mapping[str, NodeInfo | None]
"""Class -> what a server says of it; None: it has no such class. Others were not asked for."""


class Lack(NamedTuple):
    """One thing that a server has not: a node class, or a value of one of its lists."""

    class_type: str
    input: str = ""
    value: str = ""

    @property
    def name(self) -> str:
        """What people look for."""
        return self.value or self.class_type


def lacks_of(
    nodes: Mapping[NodeId, Mapping[str, Any]], infos: Infos, substitutes: Mapping[str, str]
) -> tuple[Lack, ...]:
    """List what a server lacks for a workflow, each thing once.

    A list that is empty or holds more than plain values says nothing, nor does one of input
    files: more can be uploaded, and files in folders are not in it.
    Source: ComfyUI 0.28.1, `/object_info/LoadImage`, measured.
    """
    found: dict[Lack, None] = {}
    for node in nodes.values():
        class_type = node["class_type"]
        if class_type in infos and infos[class_type] is None:
            found[Lack(class_type)] = None
        for info, value in _listed(node, infos):
            # A person may know better: some classes take more than they list.
            is_sure = isinstance(value, str) and substitutes.get(value) == value
            if not is_sure and _there(info, value, substitutes) not in info.choices:
                found[Lack(class_type, info.name, str(value))] = None
    return tuple(found)


def fitted(
    nodes: Mapping[NodeId, dict[str, Any]], infos: Infos, substitutes: Mapping[str, str]
) -> dict[NodeId, dict[str, Any]]:
    """Return the nodes with the names that this server has for what they name."""
    result = dict(nodes)
    for node_id, node in nodes.items():
        changed = {
            info.name: there
            for info, value in _listed(node, infos)
            if (there := _there(info, value, substitutes)) is not value
        }
        if changed:
            result[node_id] = {**node, "inputs": {**node["inputs"], **changed}}
    return result


def _listed(node: Mapping[str, Any], infos: Infos) -> Iterator[tuple[InputInfo, Any]]:
    """Yield a node's inputs whose values must be of a list, with their values."""
    info = infos.get(node["class_type"])
    for each in info.inputs if info else ():
        value = node["inputs"].get(each.name)
        if isinstance(value, str | int | float) and each.is_plain_list:
            yield each, value


def _there(info: InputInfo, value: Any, substitutes: Mapping[str, str]) -> Any:
    """Return what the server calls that; the value itself where it knows no other name.

    Paths in lists have the separators of the server's system.
    Source: ComfyUI 0.28.1, `folder_paths`, read: relative paths by `os.path`.
    """
    if not isinstance(value, str) or value in info.choices:
        return value
    wanted = substitutes.get(value, value)
    if wanted in info.choices:
        return wanted
    for choice in info.choices:
        if isinstance(choice, str) and choice.replace("\\", "/") == wanted.replace("\\", "/"):
            return choice
    return value
