"""The results on the tasks' cards, as the viewer shows them."""

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from page.ui.context import PageContext
from page.ui.file_kinds import first_picture
from page.ui.stars import can_be_starred
from page.viewer.viewer import ViewedResult
from tether.core.ids import TaskId
from tether.core.model.task import Task
from tether.core.protocol.outputs import LARGEST_ASKED, PLAYED, VIEWED, Output, saved_name
from tether.runtime.ports import World


async def content_of(world: World, task: Task, output: Output) -> Any:
    """Return a result whole, or its address where its server sends it by parts; None if it is gone.

    Not the address on its card, which is freed with it.
    """
    if output.kind in PLAYED:
        content = await world.kept(task, output)
        if content is not None or world.is_direct(task):
            return content if content is not None else world.address(task, output)
    return await world.content(task, output, LARGEST_ASKED)


@dataclass(slots=True)
class TaskResults:
    """The results on the tasks' cards, by `task:number`."""

    context: PageContext
    tasks: Callable[[], Iterable[Task]]
    """Returns those that have a card, in the order of the cards."""
    use: Callable[[str], Coroutine[Any, Any, None]]
    """Adds one to the next inputs."""

    def keys(self) -> list[str]:
        """Return their keys in the order of the cards."""
        return [
            f"{task.task_id}:{number}"
            for task in self.tasks()
            for number, output in enumerate(task.outputs)
            if output.kind in VIEWED
        ]

    async def get(self, key: str) -> ViewedResult | None:
        """Return a result; None when it can't be had."""
        task_id, _, number = key.rpartition(":")
        task = self.context.window.tasks[TaskId(task_id)]
        output = task.outputs[int(number)]
        world = self.context.world
        content = await content_of(world, task, output)
        self.context.repaint()  # which frees what is on no card
        if not content:
            return None
        picture = first_picture(task.pictures)
        before = await world.files.read(picture.digest) if picture else None
        name = saved_name(output.filename, task.pictures[0].filename if task.pictures else "")
        prompt_id = task.prompt_id if can_be_starred(task) else None
        return ViewedResult(task.title, name, output.kind, content, before, prompt_id=prompt_id)
