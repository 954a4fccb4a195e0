"""What the ended tasks of a window teach of its servers, and those that other windows tell of."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from itertools import chain

from app.core.ids import Digest, ServerUrl, WindowId
from app.core.outlier import Outliers
from app.core.pace import Paces, timings_of, usual_seconds
from app.core.task import Task
from app.core.timing import Timing

TOLD = 8
"""Tasks of its own that a window tells others of, the latest ones: each news has them, so that none
is missed when one of the news is lost, and a window that has just come knows as much."""

HEARD = 10
"""Windows whose tasks are remembered, those heard last: one that has crashed never says so."""


class Lessons:
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
        for lesson in ("outliers", "paces", "latest", "usual"):
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
        self.__dict__.pop("paces", None)
        return True

    @cached_property
    def outliers(self) -> Outliers:
        """Servers on which a workflow fails that others complete."""
        return Outliers(self._ended())

    @cached_property
    def paces(self) -> Paces:
        """How long servers take, by their own clocks."""
        return Paces(self._ended(), chain.from_iterable(self.heard.values()))

    @cached_property
    def latest(self) -> tuple[Timing, ...]:
        """What other windows are told of."""
        return tuple(timings_of(self._ended()))[-TOLD:]

    @cached_property
    def usual(self) -> Mapping[tuple[ServerUrl, Digest], float]:
        """Seconds that tasks of one workflow usually take on one server, by the page's clock."""
        return usual_seconds(self._ended())
