"""What ended tasks teach about servers: how long they take, and where a workflow fails."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from itertools import chain

from tether.core.ids import Digest, ServerUrl, WindowId
from tether.core.model.durations import Durations, timings_of, usual_seconds
from tether.core.model.task import State, Task
from tether.core.windows.peers import Timing

OUTLIER_FAILURES = 2
"""Failures of one workflow in a row that make a server an outlier."""

OUTLIER_PAUSE = 600.0
"""Seconds before an outlier gets one more task of that workflow; doubled with each failure."""

_LONGEST_DOUBLING = 6

TIMINGS_SENT = 8
"""Latest tasks of its own that a window sends timings of, each time: none is missed when a message
is lost, and a window that has just opened learns as much."""

PEERS_REMEMBERED = 10
"""Windows whose timings are kept, the latest heard: one that has crashed never says goodbye."""


class Outliers:
    """Servers on which a workflow fails that others complete.

    A card that runs out of memory at once always has the shortest queue, and would draw every
    task to it. Only errors of nodes count: an interrupt or a refusal says nothing of the server.
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
        """Return until when a server gets no task of a workflow; 0 when it may have one."""
        failures = self._failures.get((digest, server), 0)
        if failures < OUTLIER_FAILURES or not self._worked.get(digest, set()) - {server}:
            return 0.0
        doublings = min(failures - OUTLIER_FAILURES, _LONGEST_DOUBLING)
        return self._failed_at[digest, server] + OUTLIER_PAUSE * 2.0**doublings

    def failures_at(self, server: ServerUrl) -> int:
        """Return how often workflows failed there that others complete; 0 for no outlier."""
        return sum(
            failures
            for (digest, where), failures in self._failures.items()
            if where == server and self.shut_until(digest, server)
        )


class Statistics:
    """Figures of the ended tasks, worked out anew only after some were added or removed."""

    def __init__(self, ended: Callable[[], Iterable[Task]]) -> None:
        self._ended = ended
        self.peer_timings: dict[WindowId, tuple[Timing, ...]] = {}
        """Timings that other windows of this browser sent."""

    def invalidate(self) -> None:
        """A task has ended, or is forgotten."""
        for name in ("outliers", "durations", "latest", "usual"):
            self.__dict__.pop(name, None)

    def receive(self, window_id: WindowId, timings: tuple[Timing, ...]) -> bool:
        """Replace the timings of another window; return whether they differ."""
        if self.peer_timings.get(window_id, ()) == timings:
            return False
        self.peer_timings.pop(window_id, None)
        if timings:
            self.peer_timings[window_id] = timings
            self.peer_timings = dict(list(self.peer_timings.items())[-PEERS_REMEMBERED:])
        self.__dict__.pop("durations", None)
        return True

    @cached_property
    def outliers(self) -> Outliers:
        """Servers on which a workflow fails that others complete."""
        return Outliers(self._ended())

    @cached_property
    def durations(self) -> Durations:
        """How long servers take, by their own clocks."""
        return Durations(self._ended(), chain.from_iterable(self.peer_timings.values()))

    @cached_property
    def latest(self) -> tuple[Timing, ...]:
        """Timings to be sent to other windows."""
        return tuple(timings_of(self._ended()))[-TIMINGS_SENT:]

    @cached_property
    def usual(self) -> Mapping[tuple[ServerUrl, Digest], float]:
        """Seconds that tasks of one workflow usually take on one server, by the page's clock."""
        return usual_seconds(self._ended())
