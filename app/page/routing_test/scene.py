"""What a scene is, and how it came out."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from page.routing_test.bench import Bench
from tether.core.model.binding import Binding
from tether.core.model.task import State, Task

Said = tuple[str, dict[str, Any]]
"""A sentence: its key among the test's words, and its facts."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run of a scene came out."""

    is_healthy: bool
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene, to be played twice: without a cure, and by the page's own rules.

    Attributes:
        id: Its number, from 1.
        ill: The rules before the fix.
        play: Plays it on a bench.
        is_cured_by_books: The cure is reconciliation: then that is what the first run lacks.
    """

    id: int
    ill: Binding
    play: Callable[[Bench], Coroutine[Any, Any, Outcome]]
    is_cured_by_books: bool = False


def state_of(task: Task) -> Said:
    """Say where a task stands."""
    match task.state:
        case State.COMPLETED:
            return "task.completed", {"task": task.title}
        case State.FAILED | State.CANCELLED | State.LOST:
            return f"task.{task.state.value}", {"task": task.title}
        case State.WAITING | State.CONNECTING | State.UPLOADING:
            return "task.unsent", {"task": task.title}
    return "task.stands", {"task": task.title, "percent": f"{task.progress.overall:.2%}"[:-1]}
