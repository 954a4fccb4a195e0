"""What the ended tasks of a window teach of its servers, and those that other windows tell of.

Servers on which a workflow fails that others complete.

A card that runs out of memory at once always has the shortest queue, and would draw every
task to it. What a window remembers of ended tasks tells such a server from a bad workflow.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from itertools import chain

from tether.core.ids import Digest, ServerUrl, WindowId
from tether.core.model.durations import Durations, timings_of, usual_seconds
from tether.core.model.task import State, Task
from tether.core.windows.peers import Timing

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


TOLD = 8
"""Tasks of its own that a window tells others of, the latest ones: each news has them, so that none
is missed when one of the news is lost, and a window that has just come knows as much."""

HEARD = 10
"""Windows whose tasks are remembered, those heard last: one that has crashed never says so."""


class Statistics:
    """Is asked for each choice and each repaint, and looks at the tasks only when some are new.

    Args:
        ended: Returns the ended tasks.
    """

    def __init__(self, ended: Callable[[], Iterable[Task]]) -> None:
        self._ended = ended
        self.heard: dict[WindowId, tuple[Timing, ...]] = {}
        """What other windows of this browser told."""

    def renew(self) -> None:
        """A task has ended, or is forgotten."""
        for lesson in ("outliers", "durations", "latest", "usual"):
            self.__dict__.pop(lesson, None)

    def hear(self, window_id: WindowId, timings: tuple[Timing, ...]) -> bool:
        """Another window tells how long its latest tasks took; say whether that is new.

        What it tells no more is forgotten, as it has forgotten that itself.
        """
        if self.heard.get(window_id, ()) == timings:
            return False
        self.heard.pop(window_id, None)
        if timings:
            self.heard[window_id] = timings
            self.heard = dict(list(self.heard.items())[-HEARD:])
        self.__dict__.pop("durations", None)
        return True

    @cached_property
    def outliers(self) -> Outliers:
        """Servers on which a workflow fails that others complete."""
        return Outliers(self._ended())

    @cached_property
    def durations(self) -> Durations:
        """How long servers take, by their own clocks."""
        return Durations(self._ended(), chain.from_iterable(self.heard.values()))

    @cached_property
    def latest(self) -> tuple[Timing, ...]:
        """What other windows are told of."""
        return tuple(timings_of(self._ended()))[-TOLD:]

    @cached_property
    def usual(self) -> Mapping[tuple[ServerUrl, Digest], float]:
        """Seconds that tasks of one workflow usually take on one server, by the page's clock."""
        return usual_seconds(self._ended())
