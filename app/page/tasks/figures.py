"""What stands in a card's picture: what a task is made from, then what it gave."""

import asyncio
from typing import Any

import js
from pyodide.ffi import JsException

from page.tasks.actions import TaskActions
from page.tasks.row import TaskRow
from page.ui.context import PageContext
from page.ui.dom import ViewWatcher, button, element
from tether.browser.values import to_object
from tether.core.ids import Digest
from tether.core.protocol.outputs import PLAYED, saved_name

THUMBNAIL = {"resizeHeight": 360, "resizeQuality": "medium"}
"""Pixels: twice its height on the page, for dense screens."""


def uncover(event: Any) -> None:
    """Take away what stood in a result's place until it was there."""
    if event.target.className == "result":
        view = event.target.closest(".view")
        for behind in view.querySelectorAll(".preview, .thumb"):
            js.URL.revokeObjectURL(getattr(behind, "src", ""))
            behind.remove()


class Thumbnails:
    """Shows what tasks are made from until their results are there, one picture after the other."""

    def __init__(self, context: PageContext) -> None:
        self._files = context.world.files
        self._is_free = asyncio.Lock()
        self._seen = ViewWatcher(lambda view: context.soon(self._draw(view)))

    def watch(self, view: Any, row: TaskRow) -> None:
        """Show a task's first picture in its card, once that is almost in view."""
        if row.picture and not row.results:
            view.dataset.picture = row.picture
            self._seen.watch(view)

    async def _draw(self, view: Any) -> None:
        async with self._is_free:
            canvas = view.querySelector(".thumb")
            if not canvas or not view.isConnected:
                return
            blob = await self._files.read(Digest(str(view.dataset.picture)))
            if blob is None:
                return
            try:
                bitmap = await js.createImageBitmap(blob, to_object(THUMBNAIL))
            except JsException:
                return  # the server may know what this browser doesn't
            canvas.width, canvas.height = bitmap.width, bitmap.height
            canvas.getContext("bitmaprenderer").transferFromImageBitmap(bitmap)
            canvas.hidden = False


class ResultFigures:
    """Fills cards; a picture is fetched when it comes into view, a large one whole on a click."""

    def __init__(self, context: PageContext, actions: TaskActions) -> None:
        self._words = context.words
        self._soon = context.soon
        self._actions = actions
        self._seen = ViewWatcher(lambda box: context.soon(self._ask(box, is_asked=False)))

    def fill(self, parent: Any, row: TaskRow) -> None:
        """Show what a task gave."""
        parent.classList.toggle("several", len(row.results) > 1)
        for number, (kind, address, name) in enumerate(row.results):
            if kind == "text":
                parent.append(element("pre", "text", address))
                continue
            box = element("figure", kind)
            box.dataset.key, box.dataset.name = f"{row.task_id}:{number}", name
            box.dataset.file = saved_name(name, row.photo)
            if kind == "image":
                box.append(element("p", "pending", self._words.say("task.fetching", file=name)))
                self._seen.watch(box)
            elif kind in PLAYED and row.is_direct:
                self._play(box, address)
            else:
                # Of a kind that cards can't show, or that a player can't get by itself.
                self._offer(box, self._words.say("task.fetch", file=name))
                if kind == "model":
                    box.prepend(self._view(box))
            parent.append(box)

    def fetch(self, parent: Any, key: str) -> None:
        """Fetch a result (`task:number`) of this card because somebody asked for it."""
        box = parent.children[int(key.rpartition(":")[2])]
        self._soon(self._ask(box, is_asked=True))

    def failed(self, event: Any) -> None:
        """Play what the gallery has where its server doesn't give it."""
        player = event.target
        if player.localName in PLAYED and not player.src.startswith("blob:"):
            self._soon(self._play_kept(player.closest("figure")))

    async def _play_kept(self, box: Any) -> None:
        if await self._actions.is_kept(str(box.dataset.key)):
            await self._ask(box, is_asked=False)

    async def _ask(self, box: Any, is_asked: bool) -> None:
        fetched = await self._actions.fetch(str(box.dataset.key), is_asked)
        words, name = self._words, str(box.dataset.name)
        if fetched.size:
            size = f"{fetched.size / 2**20:.0f}"
            whole = words.say("task.fetch_large", file=name, size=size)
            if fetched.address:
                self._picture(box, fetched.address, whole)
            else:
                self._offer(box, whole)
        elif not fetched.address:
            self._offer(box, words.say("task.fetch_again"))
            box.prepend(element("p", "trouble", words.say("trouble.result_gone", file=name)))
        elif box.className == "image":
            self._picture(box, fetched.address)
        elif box.className in PLAYED:
            self._play(box, fetched.address)
        elif is_asked:
            save = element("a", "", href=fetched.address, download=name)
            save.click()

    def _offer(self, box: Any, label: str) -> None:
        box.replaceChildren(button("fetch", str(box.dataset.key), label))

    def _picture(self, box: Any, address: str, whole: str = "") -> None:
        """Show a picture; `whole` offers to fetch what this is a smaller copy of."""
        words, name = self._words, str(box.dataset.name)
        key, file = str(box.dataset.key), str(box.dataset.file)
        image = element("img", "result", src=address, alt=name)
        tab = {"target": "_blank", "rel": "noopener noreferrer"}
        label = words.say("task.zoom", file=name)
        link = element("a", "", "", image, href=address, title=label, **tab)
        link.dataset.action, link.dataset.key = "zoom", key
        use = button("use", key, words.say("task.use"))
        save = (
            button("fetch", key, whole)
            if whole
            else element("a", "save", words.say("zoom.save"), href=address, download=file)
        )
        box.replaceChildren(link, element("div", "does", "", use, save))

    def _play(self, box: Any, address: str) -> None:
        """Show a player: nothing is fetched before somebody plays it; then by ranges."""
        name = str(box.dataset.name)
        kind, tab = str(box.className), {"target": "_blank", "rel": "noopener noreferrer"}
        player = element(kind, "result", src=address, preload="none", controls="")
        label = self._words.say("task.open", file=name)
        link = element("a", "", label, href=address, download=name, **tab)
        box.replaceChildren(player, element("div", "does", "", self._view(box), link))

    def _view(self, box: Any) -> Any:
        label = self._words.say("task.view", file=str(box.dataset.name))
        return button("zoom", str(box.dataset.key), label)
