"""The button that lets a task go on which waits for something that a person can change."""

from typing import NamedTuple

from page.ui.words import Words
from tether.core.model.server import Reach
from tether.core.model.task import State, Task
from tether.core.model.window import Window


class Remedy(NamedTuple):
    """What the button does, for which task, and what it says."""

    action: str
    key: str
    label: str


def remedy_for(window: Window, words: Words, task: Task) -> Remedy | None:
    """Return what lets a task go on; None where it only takes time, or nothing here helps."""
    if task.state is not State.WAITING or task.is_cancel_wanted or window.is_paused:
        return None  # what is paused everywhere has one button for all
    if task.takes:
        first = window.tasks.get(task.after) if task.after else None
        is_over = first is not None and first.state is not State.COMPLETED and first.is_repeatable
        if first is None or not is_over or task.source is not None:
            return None
        return Remedy("again", first.task_id, words.say("task.again_before"))
    servers = [each for each in window.servers.values() if not each.is_leaving]
    wanted = [each for each in servers if task.pinned in (None, each.url)]
    if wanted and all(each.is_paused for each in wanted):
        names = ", ".join(each.name for each in wanted)
        return Remedy("resume-servers", task.task_id, words.say("task.resume", server=names))
    is_in_vain = not any(each.reach in (Reach.UP, Reach.UNKNOWN) for each in wanted)
    if task.pinned and is_in_vain and len(servers) > len(wanted):
        return Remedy("any-server", task.task_id, words.say("task.any_server"))
    return None
