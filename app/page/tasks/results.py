"""The results on a task's card: pictures, players, texts, and files to save."""

from typing import Any

from page.tasks.actions import TaskActions
from page.tasks.row import TaskRow
from page.ui.context import PageContext
from page.ui.dom import Seen, button, element
from tether.core.protocol.outputs import saved_name


class ResultFigures:
    """Fills cards; a picture is fetched when it comes into view, and a large one on a click."""

    def __init__(self, context: PageContext, actions: TaskActions) -> None:
        self._words = context.words
        self._soon = context.soon
        self._actions = actions
        self._seen = Seen(lambda box: context.soon(self._ask(box, is_asked=False)))

    def fill(self, parent: Any, row: TaskRow) -> None:
        """Show what a task gave."""
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
            elif kind in ("video", "audio") and row.is_direct:
                self._play(box, address)
            else:
                # Of a kind that the page can't show, or that a player can't get by itself.
                self._offer(box, self._words.say("task.fetch", file=name))
            parent.append(box)

    def fetch(self, parent: Any, key: str) -> None:
        """Fetch a result (`task:number`) of this card because somebody asked for it."""
        box = parent.children[int(key.rpartition(":")[2])]
        self._soon(self._ask(box, is_asked=True))

    async def _ask(self, box: Any, is_asked: bool) -> None:
        fetched = await self._actions.fetch(str(box.dataset.key), is_asked)
        words, name = self._words, str(box.dataset.name)
        if fetched.size:
            size = f"{fetched.size / 2**20:.0f}"
            self._offer(box, words.say("task.fetch_large", file=name, size=size))
        elif not fetched.address:
            self._offer(box, words.say("task.fetch_again"))
            box.prepend(element("p", "trouble", words.say("trouble.result_gone", file=name)))
        elif box.className == "image":
            self._picture(box, fetched.address)
        elif box.className in ("video", "audio"):
            self._play(box, fetched.address)
        elif is_asked:
            save = element("a", "", href=fetched.address, download=name)
            save.click()

    def _offer(self, box: Any, label: str) -> None:
        box.replaceChildren(button("fetch", str(box.dataset.key), label))

    def _picture(self, box: Any, address: str) -> None:
        words, name = self._words, str(box.dataset.name)
        link = element("a", "", href=address, target="_blank", rel="noopener noreferrer")
        link.title = words.say("task.zoom", file=name)
        link.dataset.action, link.dataset.key = "zoom", box.dataset.key
        link.append(element("img", "result", src=address, alt=name))
        use = button("use", str(box.dataset.key), words.say("task.use"))
        file = str(box.dataset.file)
        save = element("a", "save", words.say("zoom.save"), href=address, download=file)
        box.replaceChildren(link, use, save)

    def _play(self, box: Any, address: str) -> None:
        """Show a player: nothing is fetched before somebody plays it; then by ranges."""
        name = str(box.dataset.name)
        player = element(str(box.className), "result", src=address, preload="none")
        player.controls = True
        link = element("a", "", self._words.say("task.open", file=name), href=address)
        link.target, link.rel = "_blank", "noopener noreferrer"
        link.setAttribute("download", name)
        box.replaceChildren(player, link)
