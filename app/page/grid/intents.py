"""What people do with the tasks of a grid."""

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, NamedTuple

from tether.core.ids import TaskId
from tether.core.model.task import Task


class GridIntents(NamedTuple):
    """Carries it out.

    `view` opens a result (`task:number`) among those of some tasks, `save` saves the files of
    tasks under names by a pattern, and returns what came of it.
    """

    view: Callable[[str, Callable[[], Iterable[Task]]], Coroutine[Any, Any, None]]
    run_again: Callable[[TaskId], None]
    save: Callable[[Iterable[Task], str], Coroutine[Any, Any, str]]
