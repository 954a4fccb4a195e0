"""One task that leaves its server's queue for another server, step by step.

It is taken out of the queue, then looked for: only when its server twice knew it neither in the
queue nor in the history does a new task, under a new prompt id, do its work. If it has begun
meanwhile, it stays. The wish is in the task's record before anything is sent, so that a reload,
or another window, brings it to its end.
"""

import json

from app.core.cancellation import AGAIN_AFTER
from app.core.commands import Commands, LoadWorkflow, ShareFiles
from app.core.errors import Trouble
from app.core.prompt_id import make_prompt_id, make_task_id
from app.core.requests import Ask, Request
from app.core.server import Server
from app.core.task import State, Task
from app.core.window import Window


def take_out(window: Window, task: Task, now: float) -> Commands:
    """Take a task that waits at a server out of its queue.

    That never touches one that runs, and its answer says nothing.
    Source: ComfyUI 0.28.1, `POST /queue`, measured; protocol section 7.4.
    """
    assert task.server is not None
    task.is_moving = True
    task.cancel_sent_at = now
    task.note = Trouble.of("moving", server=window.servers[task.server].name)
    window.unsaved.add(task.task_id)
    text = json.dumps({"delete": [task.prompt_id]})
    number = window.next_request()
    return (Request(number, task.server, Ask.DELETE, "/queue", task.task_id, body=text),)


def again(window: Window, task: Task, now: float) -> Commands:
    """Take it out once more: a while after that it is still there, or a double of it."""
    return () if now - task.cancel_sent_at < AGAIN_AFTER else take_out(window, task, now)


def resubmit(window: Window, task: Task, server: Server, now: float) -> Commands:
    """Its server has it no more, and never ran it: a new task does the work, where it ends first.

    Both in one step: whatever happens next, exactly one of the two is unfinished.
    """
    chance = window.chance
    window.end(task, State.CANCELLED, now, "record", Trouble.of("moved", server=server.name))
    task.is_run_again = True
    new = Task(
        make_task_id(chance),
        make_prompt_id(chance),
        task.title,
        task.digest,
        task.pictures,
        None,
        now,
        again_of=task.task_id,
        shape=task.shape,
        was_moved=True,
    )
    window.add(new)
    files = ShareFiles(new.task_id, task.task_id)
    if task.digest not in window.workflows:
        return (files, LoadWorkflow(task.digest))
    new.progress.count(window.workflows[task.digest].running_nodes())
    return (files,)


def successor(window: Window, task: Task) -> Task | None:
    """Return the task that does the work of one that was moved."""
    if task.trouble is None or task.trouble.code != "moved":
        return None
    return next((each for each in window.tasks.values() if each.again_of == task.task_id), None)
