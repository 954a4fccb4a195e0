"""The order of tasks on the page: a contact sheet, on which each keeps its place to its end."""

from collections.abc import Iterable

from tether.core.model.task import Task

ONE_PRESS = 0.05
"""Seconds between tasks that are of one press of Run, even when many between them were removed."""


def in_order(tasks: Iterable[Task]) -> list[Task]:
    """Put the latest press of Run first, and what it made in the order of its pictures.

    Neither a start nor an end changes a task's place, so nothing moves under a pointer; one that
    goes to another server stands right behind the task that it replaces.
    """
    presses: list[list[Task]] = []
    latest = 0.0
    for task in sorted(tasks, key=lambda task: task.asked_at):
        if not presses or task.asked_at - latest > ONE_PRESS:
            presses.append([])
        presses[-1].append(task)
        latest = task.asked_at
    return [task for press in reversed(presses) for task in press]
