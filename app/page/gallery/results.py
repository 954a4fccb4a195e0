"""The results in the gallery: from here, or from their servers; and as pictures to look at."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import js
from pyodide.ffi import to_js

from page.gallery.entry import Entry, type_of
from page.gallery.keeper import Keeping
from page.viewer.viewer import Look
from tether.core.errors import BadInput
from tether.core.ids import PromptId, ServerUrl, TaskId
from tether.core.model.task import Task
from tether.core.protocol.outputs import ANY, saved_name
from tether.runtime.ports import World


class Kept:
    """The pictures of the entries in sight, by `prompt/number`.

    Args:
        keeping: Has what is here.
        world: Fetches what is not.
        use: Takes files as the next inputs.
    """

    def __init__(
        self, keeping: Keeping, world: World, use: Callable[[Iterable[Any]], None]
    ) -> None:
        self._keeping = keeping
        self._world = world
        self._use = use
        self.entries: Mapping[PromptId, Entry] = {}
        """Those that were found, in the order in which they stand."""

    def keys(self) -> list[str]:
        """Name the pictures in their order."""
        return [
            entry.whole(number)
            for entry in self.entries.values()
            for number, output in enumerate(entry.outputs)
            if output.kind == "image"
        ]

    async def look(self, key: str) -> Look:
        """Return a picture, and what it was made from if that is kept.

        Raises:
            BadInput: Its server has it no more.
        """
        entry, number = self._place(key)
        picture = entry.pictures[0] if entry.pictures else None
        before = await self._keeping.shelf.read([picture.digest]) if picture else {}
        output = entry.outputs[number]
        return Look(
            entry.title,
            saved_name(output.filename, picture.filename if picture else ""),
            await self.content(entry, number),
            before.get(picture.digest) if picture else None,
        )

    async def use(self, key: str) -> None:
        """Put one among the next pictures.

        Raises:
            BadInput: Its server has it no more.
        """
        entry, number = self._place(key)
        blob = await self.content(entry, number)
        name = entry.outputs[number].filename
        options = to_js({"type": blob.type}, dict_converter=js.Object.fromEntries)
        self._use([js.File.new(to_js([blob]), name, options)])

    async def content(self, entry: Entry, number: int) -> Any:
        """Return a result, from here or from its server.

        Raises:
            BadInput: Its server has it no more.
        """
        name, output = entry.whole(number), entry.outputs[number]
        here = await self._keeping.shelf.read([name])
        blob = here.get(name)
        if blob is None:
            task = _task_of(entry)
            blob = await self._world.content(task, output, ANY)
            self._world.forget(task.task_id)
        if blob is None:
            raise BadInput("result_gone", file=output.filename)
        return blob.slice(0, blob.size, type_of(output.filename))

    def _place(self, key: str) -> tuple[Entry, int]:
        prompt, _, number = key.partition("/")
        return self.entries[PromptId(prompt)], int(number)


def _task_of(entry: Entry) -> Task:
    """Return a task by which the world finds a result; no window has it."""
    task = Task(
        TaskId(f"gallery:{entry.prompt_id}"),
        entry.prompt_id,
        entry.title,
        entry.digest,
        entry.pictures,
        None,
        entry.at,
    )
    task.server = ServerUrl(entry.server)
    return task
