"""A result looked at closely: large, beside what it was made from, saved, copied, used again."""

from collections.abc import Callable
from typing import Any

import js

from app.browser.clipboard import can_copy_pictures, copy_picture
from app.core.ids import TaskId
from app.core.outputs import saved_name
from app.core.window import Window
from app.runtime.ports import World
from app.ui.words import Words
from app.ui.zoom import Shown, ZoomPanel


class Zoom:
    """Opens the dialog for a result, and goes through the others.

    Args:
        window: Knows the tasks.
        world: Has results, and the pictures that they were made from.
        words: The page's language.
        use: Puts a result (`task:number`) among the next pictures.
        soon: Runs work that nobody waits for.
    """

    def __init__(
        self,
        window: Window,
        world: World,
        words: Words,
        use: Callable[[str], Any],
        soon: Callable[[Any], None],
    ) -> None:
        self._window = window
        self._world = world
        self._words = words
        self._use = use
        self._panel = ZoomPanel(words, lambda action: soon(self._act(action)), self._closed)
        self._key = ""
        self._before = ""
        self._address = ""

    async def open(self, key: str) -> None:
        """Show a result (`task:number`)."""
        task_id, _, number = key.rpartition(":")
        task = self._window.tasks[TaskId(task_id)]
        output = task.outputs[int(number)]
        fetched = await self._world.fetch(task, output, is_asked=True)
        if not fetched.address:
            return  # its card says so
        self._closed()
        self._key, self._address = key, fetched.address
        picture = task.pictures[0] if task.pictures else None
        blob = await self._world.files.read(picture.digest) if picture else None
        if blob is not None:
            self._before = str(js.URL.createObjectURL(blob))
        self._panel.show(
            Shown(
                key,
                task.title,
                saved_name(output.filename, picture.filename if picture else ""),
                fetched.address,
                self._before,
                can_copy_pictures(),
            )
        )

    def _closed(self) -> None:
        if self._before:
            js.URL.revokeObjectURL(self._before)
            self._before = ""

    async def _act(self, action: str) -> None:
        match action:
            case "use":
                await self._use(self._key)
                self._panel.say(self._words.say("zoom.used"))
            case "copy":
                done = await copy_picture(self._address)
                self._panel.say(self._words.say("zoom.copied" if done else "zoom.not_copied"))
            case _:
                keys = self._all()
                step = 1 if action == "next" else -1
                if self._key in keys:
                    await self.open(keys[(keys.index(self._key) + step) % len(keys)])

    def _all(self) -> list[str]:
        """Return the pictures on the page, as the cards stand: the newest task first."""
        return [
            f"{task.task_id}:{number}"
            for task in reversed(self._window.tasks.values())
            for number, output in enumerate(task.outputs)
            if output.kind == "image"
        ]
