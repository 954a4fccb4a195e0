"""How long servers take for a task, as far as this window has seen."""

from collections.abc import Iterable, Mapping

from app.core.ids import Digest, ServerUrl
from app.core.task import State, Task

LATEST = 10
"""Tasks of a server that count, the latest ones."""


def seconds_per_task(ended: Iterable[Task]) -> dict[ServerUrl, float]:
    """Return each server's usual seconds from the start of a task to its end.

    Args:
        ended: Ended tasks, the oldest first; those that were completed, and seen to start,
            tell.
    """
    spans: dict[ServerUrl, list[float]] = {}
    for task in ended:
        if task.server and _tells(task):
            spans.setdefault(task.server, []).append(task.ended_at - task.started_at)
    return {server: _middle(known[-LATEST:]) for server, known in spans.items()}


def usual_seconds(ended: Iterable[Task]) -> dict[tuple[ServerUrl, Digest], float]:
    """Return how long tasks of one workflow usually take on one server.

    Args:
        ended: Ended tasks, the oldest first; those that were completed, and seen to start,
            tell.
    """
    spans: dict[tuple[ServerUrl, Digest], list[float]] = {}
    for task in ended:
        if task.server and _tells(task):
            known = spans.setdefault((task.server, task.digest), [])
            known.append(task.ended_at - task.started_at)
    return {like: _middle(known[-LATEST:]) for like, known in spans.items()}


def completions(
    loads: Mapping[ServerUrl, float], seconds: Mapping[ServerUrl, float]
) -> dict[ServerUrl, float]:
    """Return for each server the seconds in which a new task would be done.

    Args:
        loads: Server -> tasks before a new one.
        seconds: Server -> seconds for a task, where that is known; the others are taken for
            ordinary ones.
    """
    usual = _middle(seconds.values()) if seconds else 1.0
    return {server: (load + 1) * seconds.get(server, usual) for server, load in loads.items()}


def _tells(task: Task) -> bool:
    return task.state is State.COMPLETED and 0 < task.started_at < task.ended_at


def _middle(values: Iterable[float]) -> float:
    """Return a median; `statistics` would cost every start of the page."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2]
