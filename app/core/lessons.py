"""What the ended tasks of a window teach of its servers."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from app.core.ids import Digest, ServerUrl
from app.core.outlier import Outliers
from app.core.pace import Paces, usual_seconds
from app.core.task import Task


class Lessons:
    """Is asked for each choice and each repaint, and looks at the tasks only when some are new.

    Args:
        ended: Returns the ended tasks.
    """

    def __init__(self, ended: Callable[[], Iterable[Task]]) -> None:
        self._ended = ended

    def renew(self) -> None:
        """A task has ended, or is forgotten."""
        for lesson in ("outliers", "paces", "usual"):
            self.__dict__.pop(lesson, None)

    @cached_property
    def outliers(self) -> Outliers:
        """Servers on which a workflow fails that others complete."""
        return Outliers(self._ended())

    @cached_property
    def paces(self) -> Paces:
        """How long servers take, by their own clocks."""
        return Paces(self._ended())

    @cached_property
    def usual(self) -> Mapping[tuple[ServerUrl, Digest], float]:
        """Seconds that tasks of one workflow usually take on one server, by the page's clock."""
        return usual_seconds(self._ended())
