"""Servers on which a workflow fails that others complete.

A card that runs out of memory at once always has the shortest queue, and would draw every
task to it. What a window remembers of ended tasks tells such a server from a bad workflow.
"""

from collections.abc import Iterable

from app.core.ids import Digest, ServerUrl
from app.core.task import State, Task

TOO_MANY = 2
"""Failures of one workflow in a row that make a server an outlier."""

PAUSE = 600.0
"""Seconds before an outlier gets one more task of that workflow; doubled with each failure."""

_LONGEST_DOUBLING = 6


class Outliers:
    """What the ended tasks of a window say of workflows and servers.

    Only errors of nodes count: an interrupt or a refusal says nothing of the server.
    """

    def __init__(self, ended: Iterable[Task]) -> None:
        self._failures: dict[tuple[Digest, ServerUrl], int] = {}
        self._failed_at: dict[tuple[Digest, ServerUrl], float] = {}
        self._worked: dict[Digest, set[ServerUrl]] = {}
        for task in sorted(ended, key=lambda task: task.ended_at):
            if task.server is None:
                continue
            pair = (task.digest, task.server)
            if task.state is State.COMPLETED:
                self._failures.pop(pair, None)
                self._worked.setdefault(task.digest, set()).add(task.server)
            elif task.trouble is not None and task.trouble.code == "node_failed":
                self._failures[pair] = self._failures.get(pair, 0) + 1
                self._failed_at[pair] = task.ended_at

    def shut_until(self, digest: Digest, server: ServerUrl) -> float:
        """Return until when a server is to get no task of a workflow; 0 when it may."""
        failures = self._failures.get((digest, server), 0)
        if failures < TOO_MANY or not self._worked.get(digest, set()) - {server}:
            return 0.0
        doublings = min(failures - TOO_MANY, _LONGEST_DOUBLING)
        return self._failed_at[digest, server] + PAUSE * 2.0**doublings

    def failures_at(self, server: ServerUrl) -> int:
        """Return how often workflows failed there that others complete; 0 for no outlier."""
        return sum(
            failures
            for (digest, where), failures in self._failures.items()
            if where == server and self.shut_until(digest, server)
        )
