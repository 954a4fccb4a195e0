"""How far a task is: every node weighs the same, and counts by its value over its maximum."""

from collections.abc import Iterable

from app.core.ids import NodeId


class Progress:
    """The progress of one task, from 0 to 1; it never falls.

    Four nodes, two done and the third at 9 of 100: (2 + 0.09) / 4 = 52.25 %.
    Only nodes that the outputs need are counted, cached ones as done.
    """

    __slots__ = ("_nodes", "_shares", "current", "moves", "step")

    def __init__(self, nodes: frozenset[NodeId] = frozenset()) -> None:
        self._nodes = nodes
        self._shares: dict[NodeId, float] = {}
        self.current: NodeId | None = None
        """The node that ran last, as far as heard."""
        self.step: tuple[float, float] = (0.0, 1.0)
        """Its value and maximum, as told."""
        self.moves = 0
        """How often it went on."""

    @property
    def overall(self) -> float:
        """The share of the task that is done, 0 to 1."""
        if not self._nodes:
            return 0.0
        return sum(self._shares.values()) / len(self._nodes)

    @property
    def node(self) -> float:
        """The share of the current node that is done, 0 to 1."""
        return self._shares.get(self.current, 0.0) if self.current is not None else 0.0

    def count(self, nodes: frozenset[NodeId]) -> None:
        """Learn which nodes will run; what was heard of others is forgotten."""
        self._nodes = nodes
        self._shares = {node: share for node, share in self._shares.items() if node in nodes}

    def begin(self, node_id: NodeId) -> None:
        """A node starts to run, so the one before it is done."""
        if self.current is not None and self.current != node_id:
            self.reach(self.current, 1.0)
        if self.current != node_id:
            self.step = (0.0, 1.0)
            self.moves += 1
        self.current = node_id

    def reach(self, node_id: NodeId, share: float) -> None:
        """A node has come so far; steps back and nodes of other workflows are ignored."""
        if node_id in self._nodes and share > self._shares.get(node_id, 0.0):
            self._shares[node_id] = min(share, 1.0)
            self.moves += 1

    def finish(self, node_ids: Iterable[NodeId]) -> None:
        """These nodes are done: run, or taken from the server's cache."""
        for node_id in node_ids:
            self.reach(node_id, 1.0)
