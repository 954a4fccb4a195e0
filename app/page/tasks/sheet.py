"""The order of tasks on the page: a contact sheet, on which each keeps its place to its end."""

from collections.abc import Iterable, Set

from tether.core.ids import TaskId
from tether.core.model.task import ENDED, State, Task

ONE_PRESS = 0.05
"""Seconds between tasks that are of one press of Run, even when many between them were removed."""

SPARE = 180
"""How many tasks beyond the limit keep a card that they have."""


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


def on_sheet(order: Iterable[Task], most: int, before: Set[TaskId]) -> list[Task]:
    """Return the tasks that have a card: at most so many that wait, and so many that have ended.

    Those that had one `before` keep it, within reason; what a server has always has one.
    """
    shown, waiting, ended = [], 0, 0
    for task in order:
        if task.state is State.WAITING:
            waiting += 1
            count = waiting
        elif task.state in ENDED:
            ended += 1
            count = ended
        else:
            count = 0
        if count <= most or (count <= most + SPARE and task.task_id in before):
            shown.append(task)
    return shown
