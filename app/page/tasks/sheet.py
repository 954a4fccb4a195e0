"""The order of tasks on the page: a contact sheet, on which each keeps its place to its end."""

from collections.abc import Iterable

from tether.core.model.task import State, Task

ONE_PRESS = 0.05
"""Seconds between tasks that are of one press of Run, even when many between them were removed."""


def presses(tasks: Iterable[Task]) -> list[list[Task]]:
    """Return what each press of Run made, in the order of its pictures; the latest press first.

    Neither a start nor an end changes a task's place, so nothing moves under a pointer; one that
    goes to another server stands right behind the task that it replaces.
    """
    made: list[list[Task]] = []
    for task in sorted(tasks, key=lambda task: task.asked_at):
        if not made or task.asked_at - made[-1][-1].asked_at > ONE_PRESS:
            made.append([])
        made[-1].append(task)
    return made[::-1]


def on_sheet(made: Iterable[list[Task]], most: int) -> list[Task]:
    """Return the tasks that have a card: at most so many that wait, and so many that have ended.

    What runs has one in any case, and so has what came of a press that is not done yet.
    """
    shown, waiting, ended = [], 0, 0
    for press in made:
        is_live = not all(task.is_ended for task in press)
        for task in press:
            waiting += not task.is_ended and task.state is not State.RUNNING
            ended += task.is_ended
            if task.is_ended:
                has_card = is_live or ended <= most
            else:
                has_card = task.state is State.RUNNING or waiting <= most
            if has_card:
                shown.append(task)
    return shown
