"""Results seen large: one after the other, beside what they were made from."""

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, Protocol

import js

from page.ui.context import PageContext
from page.ui.words import explained
from page.viewer.export import can_copy_pictures, copy_picture, open_picture
from page.viewer.panel import Shown, ViewerPanel
from tether.core.ids import TaskId
from tether.core.protocol.outputs import saved_name


class Look(NamedTuple):
    """A picture: its Blob or its address in the page, and the Blob of its input, if any."""

    title: str
    name: str
    content: Any
    before: Any


class Looks(Protocol):
    """Pictures in an order, by keys."""

    def keys(self) -> list[str]:
        """Return the keys of all."""

    async def look(self, key: str) -> Look | None:
        """Return one; None when it can't be had and the page says so already."""

    async def use(self, key: str) -> None:
        """Add one to the next inputs."""


class Viewer:
    """Opens the dialog for a picture, and steps through the others."""

    def __init__(self, context: PageContext) -> None:
        self._words = context.words
        self._panel = ViewerPanel(
            context, lambda action: context.soon(self._try(action)), self._closed
        )
        self._looks: Looks
        self._key = self._address = self._name = ""
        self._urls: list[str] = []

    async def open(self, key: str, looks: Looks) -> None:
        """Show a picture."""
        look = await looks.look(key)
        if look is None:
            return
        self._closed()
        self._key, self._looks, self._name = key, looks, look.name
        is_there = isinstance(look.content, str)
        self._address = look.content if is_there else self._url(look.content)
        before = self._url(look.before) if look.before is not None else ""
        keys = looks.keys()
        self._panel.show(
            Shown(
                self._place(key, keys),
                self._words.title(look.title),
                look.name,
                self._address,
                before,
                _steps(key, keys),
                can_copy_pictures(),
            )
        )

    def _place(self, key: str, keys: list[str]) -> str:
        """Say which of how many a picture is; "" where there are no others."""
        if key not in keys or len(keys) == 1:
            return ""
        return self._words.say("zoom.place", number=keys.index(key) + 1, count=len(keys))

    def _url(self, blob: Any) -> str:
        self._urls.append(str(js.URL.createObjectURL(blob)))
        return self._urls[-1]

    def _closed(self) -> None:
        urls, self._urls = self._urls, []
        for url in urls:
            js.URL.revokeObjectURL(url)

    async def _try(self, action: str) -> None:
        await explained(self._act(action), self._words, self._panel.say)

    async def _act(self, action: str) -> None:
        match action:
            case "use":
                await self._looks.use(self._key)
                self._panel.say(self._words.say("zoom.used"))
            case "copy":
                done = await copy_picture(self._address)
                self._panel.say(self._words.say("zoom.copied" if done else "zoom.not_copied"))
            case "open":
                if not await open_picture(self._address, self._name):
                    self._panel.say(self._words.say("zoom.not_opened"))
            case _:
                keys = self._looks.keys()
                if action in _steps(self._key, keys):
                    step = 1 if action == "next" else -1
                    await self.open(keys[keys.index(self._key) + step], self._looks)


def _steps(key: str, keys: list[str]) -> tuple[str, ...]:
    """Return the steps that lead on from a picture: there is an end at both sides."""
    if key not in keys:
        return ()
    steps = {"previous": key != keys[0], "next": key != keys[-1]}
    return tuple(step for step, leads in steps.items() if leads)


class TaskPictures:
    """The pictures on the tasks' cards, by `task:number`; `reuse` adds one to the next inputs."""

    def __init__(
        self, context: PageContext, reuse: Callable[[str], Coroutine[Any, Any, None]]
    ) -> None:
        self._window = context.window
        self._world = context.world
        self._reuse = reuse

    def keys(self) -> list[str]:
        """Return their keys in the order of the cards, the newest task first."""
        return [
            f"{task.task_id}:{number}"
            for task in reversed(self._window.tasks.values())
            for number, output in enumerate(task.outputs)
            if output.kind == "image"
        ]

    async def look(self, key: str) -> Look | None:
        """Return a result; None when it can't be had, which its card says."""
        task_id, _, number = key.rpartition(":")
        task = self._window.tasks[TaskId(task_id)]
        output = task.outputs[int(number)]
        fetched = await self._world.fetch(task, output, is_asked=True)
        if not fetched.address:
            return None
        picture = task.pictures[0] if task.pictures else None
        before = await self._world.files.read(picture.digest) if picture else None
        name = saved_name(output.filename, picture.filename if picture else "")
        return Look(task.title, name, fetched.address, before)

    async def use(self, key: str) -> None:
        """Add one to the next inputs."""
        await self._reuse(key)
