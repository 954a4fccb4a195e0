"""What a server has: its node classes, as far as it was asked."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from app.core.eligibility import Lack, fitted, lacks_of
from app.core.errors import MessageError
from app.core.ids import Digest, NodeId
from app.core.node_info import NodeInfo, read_node_info
from app.core.workflow import Workflow

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
