"""The node classes that a server has, and whether it can run a workflow."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from tether.core.errors import MessageError
from tether.core.ids import Digest, NodeId
from tether.core.protocol.editor_graph import Nodes
from tether.core.protocol.node_info import InputInfo, NodeInfo, read_node_info
from tether.core.protocol.refusals import Missing
from tether.core.protocol.replacements import REPLACEMENTS, read_replacements
from tether.core.protocol.workflow import Workflow

QUERIED_AGAIN = 60.0
"""Seconds after which a server is queried again for what it lacked: files may have been copied."""

JUDGED_WORKFLOWS = 500
"""Workflows whose lacks are cached; only a page left open for weeks has more."""

_FILE = re.compile(r".+\.\w{1,12}( \[\w+\])?", re.DOTALL)

Infos = Mapping[str, NodeInfo | None]
"""Class -> its description; None where the server has no such class. Others weren't queried."""


class Lack(NamedTuple):
    """One thing that a server lacks: a node class, or a value of one of its lists."""

    class_type: str
    input: str = ""
    value: str = ""

    @property
    def name(self) -> str:
        """The name that people know it by."""
        return self.value or self.class_type


class Inventory:
    """Caches a server's node classes, and what workflows lack there.

    A class whose description can't be read counts as there: the server itself then has to refuse.
    So does one that the server replaces; `replaces_classes` says that it lists those.
    """

    def __init__(self) -> None:
        self.replaces_classes = False
        self._replaced: frozenset[str] = frozenset()
        self.infos: dict[str, NodeInfo | None] = {}
        self.substitutes: Mapping[str, str] = {}
        self._read_at: dict[str, float] = {}
        self._queried: dict[int, str] = {}
        self._lacks: dict[Digest, tuple[Lack, ...]] = {}
        self._refused: set[Lack] = set()
        """What the server itself said that it lacks, though no description told."""

    def classes_to_query(self, digest: Digest, workflow: Workflow, now: float) -> list[str]:
        """Return what to query before a workflow is judged: classes, or the list of replaced."""
        queried = set(self._queried.values())
        lacks = self._judged(digest, workflow)
        stale = {
            lack.class_type
            for lack in lacks
            if now - self._read_at[lack.class_type] > QUERIED_AGAIN
        }
        classes = [lack.class_type for lack in lacks if not lack.input]
        if self._may_be_replaced(lacks) or (self.replaces_classes and stale & set(classes)):
            stale.add(REPLACEMENTS)
        return [
            name
            for name in dict.fromkeys((*workflow.special_classes(), *sorted(stale)))
            if (name not in self._read_at or name in stale) and name not in queried
        ]

    def is_querying(self) -> bool:
        """Say whether an answer is still to come."""
        return bool(self._queried)

    def knows(self, workflow: Workflow) -> bool:
        """Say whether the server was queried for all classes of a workflow."""
        names = workflow.special_classes()
        lacks = [Lack(name) for name in names if name in self.infos and self.infos[name] is None]
        return all(name in self._read_at for name in names) and not self._may_be_replaced(lacks)

    def lacks(self, digest: Digest, workflow: Workflow, now: float) -> tuple[Lack, ...]:
        """Return what a workflow needs and the server lacks; nothing while that is in doubt."""
        lacks = self._judged(digest, workflow)
        is_stale = any(now - self._read_at[lack.class_type] > QUERIED_AGAIN for lack in lacks)
        if is_stale or self._may_be_replaced(lacks):
            return ()
        return lacks

    def fitted(self, nodes: Nodes) -> Nodes:
        """Return a workflow's nodes with this server's own names in them."""
        # Source: ComfyUI 0.30.0, app/node_replace_manager.py, read: without `_meta` it answers 500.
        whole = {
            node_id: {"_meta": {}, **node} if node["class_type"] in self._replaced else node
            for node_id, node in nodes.items()
        }
        return fitted(whole, self.infos, self.substitutes)

    def query(self, request_id: int, class_type: str) -> str:
        """Note that a class is queried; return the path of the call."""
        self._queried[request_id] = class_type
        if class_type == REPLACEMENTS:
            return REPLACEMENTS
        return f"/object_info/{quote(class_type, safe='')}"

    def answered(self, request_id: int, status: int, text: str, now: float) -> None:
        """The server described a class, or has none of that name."""
        class_type = self._queried.pop(request_id, None)
        if class_type is None:
            return
        self._read_at[class_type] = now
        self._lacks.clear()
        self.infos.pop(class_type, None)
        try:
            if status == 200 and class_type == REPLACEMENTS:
                self._replaced = frozenset(read_replacements(text))
            elif status == 200:
                self.infos[class_type] = read_node_info(class_type, text)
        except MessageError:
            return  # nothing to judge by
        for name in self._replaced & {name for name, info in self.infos.items() if info is None}:
            del self.infos[name]
        self._refused = {lack for lack in self._refused if not self._has(lack)}

    def refused(self, lacks: tuple[Lack, ...], now: float) -> None:
        """The server refused a workflow for want of these: until it lists them, it lacks them."""
        self._refused.update(lacks)
        self._read_at.update((lack.class_type, now) for lack in lacks)
        self._lacks.clear()

    def _has(self, lack: Lack) -> bool:
        info = self.infos.get(lack.class_type)
        if info is None or not lack.input:
            return info is not None
        asked = info.input(lack.input)
        return asked is not None and lack.value in asked.choices

    def failed(self, request_id: int, now: float) -> None:
        """There was no answer: what was known before holds."""
        class_type = self._queried.pop(request_id, None)
        if class_type is not None:
            self._read_at[class_type] = now

    def _may_be_replaced(self, lacks: Iterable[Lack]) -> bool:
        """Say whether the server may stand in for a class that it lacks, and wasn't asked yet."""
        is_open = self.replaces_classes and REPLACEMENTS not in self._read_at
        return is_open and any(not lack.input for lack in lacks)

    def forget(self) -> None:
        """The server may have other nodes than before."""
        self._replaced = frozenset()
        self.infos.clear()
        self._read_at.clear()
        self._lacks.clear()
        self._refused.clear()

    def substitute(self, substitutes: Mapping[str, str]) -> None:
        """Set which names stand for others there."""
        self.substitutes = substitutes
        self._lacks.clear()
        self._refused.clear()

    def _judged(self, digest: Digest, workflow: Workflow) -> tuple[Lack, ...]:
        if digest not in self._lacks:
            if len(self._lacks) >= JUDGED_WORKFLOWS:
                self._lacks.clear()
            lacks = lacks_of(workflow.nodes, self.infos, self.substitutes)
            refused = (each for each in self._refused if _needs(workflow.nodes, each))
            self._lacks[digest] = tuple(dict.fromkeys((*lacks, *sorted(refused))))
        return self._lacks[digest]


def lacks_told(
    nodes: Mapping[NodeId, Mapping[str, Any]], missing: Iterable[Missing]
) -> tuple[Lack, ...]:
    """Return what a refusal says is missing; () where it is about anything but classes and files.

    A value that is in no server's list is the workflow's own fault; only files come and go.
    """
    found: dict[Lack, None] = {}
    for class_type, node_id, name in missing:
        node = nodes.get(node_id, {"class_type": class_type, "inputs": {}})
        value = node["inputs"].get(name, "")
        lack = Lack(node["class_type"], name, value)
        is_file = isinstance(value, str) and _FILE.fullmatch(value)
        if not (is_file if name else _needs(nodes, lack)):
            return ()
        found[lack] = None
    return tuple(found)


def _needs(nodes: Mapping[NodeId, Mapping[str, Any]], lack: Lack) -> bool:
    return any(
        node["class_type"] == lack.class_type
        and (not lack.input or node["inputs"].get(lack.input) == lack.value)
        for node in nodes.values()
    )


def lacks_of(
    nodes: Mapping[NodeId, Mapping[str, Any]], infos: Infos, substitutes: Mapping[str, str]
) -> tuple[Lack, ...]:
    """List what a server lacks for a workflow, each thing once.

    A list that is empty, or holds more than plain values, proves nothing; nor does one of input
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
            if not is_sure and _name_there(info, value, substitutes) not in info.choices:
                found[Lack(class_type, info.name, str(value))] = None
    return tuple(found)


def fitted(nodes: Nodes, infos: Infos, substitutes: Mapping[str, str]) -> Nodes:
    """Return the nodes with the names that this server has for theirs."""
    result = dict(nodes)
    for node_id, node in nodes.items():
        changed = {
            info.name: there
            for info, value in _listed(node, infos)
            if (there := _name_there(info, value, substitutes)) is not value
        }
        if changed:
            result[node_id] = {**node, "inputs": {**node["inputs"], **changed}}
    return result


def _listed(node: Mapping[str, Any], infos: Infos) -> Iterator[tuple[InputInfo, Any]]:
    """Yield a node's inputs whose values must come from a list, with their values."""
    info = infos.get(node["class_type"])
    for each in info.inputs if info else ():
        value = node["inputs"].get(each.name)
        if isinstance(value, str | int | float) and each.is_plain_list:
            yield each, value


def _name_there(info: InputInfo, value: Any, substitutes: Mapping[str, str]) -> Any:
    """Return the server's name for a value; the value itself where it knows no other.

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
