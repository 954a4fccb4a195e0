"""What a server has: its node classes, as far as it was asked.

Whether a server can run a workflow: its node classes, and the models that it names.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from tether.core.errors import MessageError
from tether.core.ids import Digest, NodeId
from tether.core.protocol.node_info import InputInfo, NodeInfo, read_node_info
from tether.core.protocol.workflow import Workflow

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


ASKED_AGAIN = 60.0
"""Seconds after which a server is asked again for what it lacked: files are copied meanwhile."""

VERDICTS = 500
"""Workflows whose verdicts are kept; a page has fewer, and one left open for weeks more."""


class Inventory:
    """Keeps what a server said of node classes, and what follows for workflows.

    A class of which it said nothing that can be read counts as there: then the server itself
    has to refuse.
    """

    def __init__(self) -> None:
        self.infos: dict[str, NodeInfo | None] = {}
        self.substitutes: Mapping[str, str] = {}
        self._told_at: dict[str, float] = {}
        self._asked: dict[int, str] = {}
        self._lacks: dict[Digest, tuple[Lack, ...]] = {}

    def wanted(self, digest: Digest, workflow: Workflow, now: float) -> list[str]:
        """Return the classes to ask for before a workflow is judged."""
        asked = set(self._asked.values())
        stale = {
            lack.class_type
            for lack in self._judged(digest, workflow)
            if now - self._told_at[lack.class_type] > ASKED_AGAIN
        }
        return [
            name
            for name in workflow.special_classes()
            if (name not in self._told_at or name in stale) and name not in asked
        ]

    def is_asked(self) -> bool:
        """Say whether an answer is still to come."""
        return bool(self._asked)

    def knows(self, workflow: Workflow) -> bool:
        """Say whether the server was asked for all classes of a workflow."""
        return all(name in self._told_at for name in workflow.special_classes())

    def lacks(self, digest: Digest, workflow: Workflow, now: float) -> tuple[Lack, ...]:
        """Return what a workflow needs and the server has not; nothing while that is in doubt."""
        lacks = self._judged(digest, workflow)
        if any(now - self._told_at[lack.class_type] > ASKED_AGAIN for lack in lacks):
            return ()
        return lacks

    def fitted(self, nodes: dict[NodeId, dict[str, Any]]) -> dict[NodeId, dict[str, Any]]:
        """Return a workflow's nodes with this server's own names for what they name."""
        return fitted(nodes, self.infos, self.substitutes)

    def ask(self, request_id: int, class_type: str) -> str:
        """Note that a class is asked for; returns the path of the call."""
        self._asked[request_id] = class_type
        return f"/object_info/{quote(class_type, safe='')}"

    def answered(self, request_id: int, status: int, text: str, now: float) -> None:
        """A class was described, or there is none of that name."""
        class_type = self._asked.pop(request_id, None)
        if class_type is None:
            return
        self._told_at[class_type] = now
        self._lacks.clear()
        self.infos.pop(class_type, None)
        try:
            if status == 200:
                self.infos[class_type] = read_node_info(class_type, text)
        except MessageError:
            pass  # it is no list of ours to judge by

    def failed(self, request_id: int, now: float) -> None:
        """There was no answer: what was known before stands."""
        class_type = self._asked.pop(request_id, None)
        if class_type is not None:
            self._told_at[class_type] = now

    def forget(self) -> None:
        """The server may be another than it was."""
        self.infos.clear()
        self._told_at.clear()
        self._lacks.clear()

    def substitute(self, substitutes: Mapping[str, str]) -> None:
        """Take the names that stand for others there."""
        self.substitutes = substitutes
        self._lacks.clear()

    def _judged(self, digest: Digest, workflow: Workflow) -> tuple[Lack, ...]:
        if digest not in self._lacks:
            if len(self._lacks) >= VERDICTS:
                self._lacks.clear()
            self._lacks[digest] = lacks_of(workflow.nodes, self.infos, self.substitutes)
        return self._lacks[digest]
