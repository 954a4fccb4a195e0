"""The cache of node results, which keeps what the latest task could use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from simulator.files import Files
from simulator.nodes import NodeClasses, inputs_of, link_of


@dataclass(frozen=True, slots=True)
class CachedNode:
    """A cached result: the run that holds its values, and what it showed."""

    run_id: int
    output: dict[str, object] | None
    meta: dict[str, object]


@dataclass(slots=True)
class Signatures:
    """Signatures of nodes, equal exactly when two nodes must give the same result.

    A signature covers the class, all plain inputs, the contents of a named file, and the same
    of every node before it; node ids don't count. Source: ComfyUI, comfy_execution/caching.py.
    """

    workflow: Mapping[str, dict[str, object]]
    classes: NodeClasses
    files: Files
    _known: dict[str, str | None] = field(default_factory=dict)

    def of(self, node_id: str) -> str | None:
        """Return the signature of a node; None where it can't have one (a broken link, a cycle)."""
        pending = [node_id]
        while pending:
            current = pending[-1]
            if current in self._known:
                pending.pop()
                continue
            links = filter(None, map(link_of, self._inputs(current).values()))
            unknown = [source for source, _ in links if source not in self._known]
            if not unknown:
                self._known[current] = self._compute(current)
                pending.pop()
            elif any(source in pending for source in unknown):
                self._known[current] = None
                pending.pop()
            else:
                pending.extend(unknown)
        return self._known[node_id]

    def _inputs(self, node_id: str) -> dict[str, object]:
        node = self.workflow.get(node_id)
        return {} if node is None else inputs_of(node)

    def _compute(self, node_id: str) -> str | None:
        node = self.workflow.get(node_id)
        if node is None:
            return None
        class_name = str(node.get("class_type"))
        parts: list[object] = [class_name]
        for name, value in sorted(self._inputs(node_id).items()):
            link = link_of(value)
            if link is None:
                parts.append((name, value))
            elif self._known[link[0]] is None:
                return None
            else:
                parts.append((name, self._known[link[0]], link[1]))
        file_input = self.classes[class_name].file_input
        if file_input is not None:
            file = self.files.find_named(str(self._inputs(node_id).get(file_input)))
            parts.append(None if file is None else file.blob.digest)
        return blake2b(repr(parts).encode(), digest_size=16).hexdigest()


class Cache:
    """Cached nodes by signature."""

    def __init__(self) -> None:
        self._nodes: dict[str, CachedNode] = {}

    def get(self, signature: str | None) -> CachedNode | None:
        """Return the result of a node with this signature."""
        return None if signature is None else self._nodes.get(signature)

    def put(self, signature: str, node: CachedNode) -> None:
        """Cache a result."""
        self._nodes[signature] = node

    def keep_only(self, signatures: set[str | None]) -> list[int]:
        """Drop all others, as each new task does; return the runs whose values can go."""
        dropped = [each for each in self._nodes if each not in signatures]
        return [self._nodes.pop(each).run_id for each in dropped]
