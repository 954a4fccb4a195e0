"""The panel of tasks: progress, previews, results, errors."""

import asyncio
from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import JsException

from page.tasks.actions import TaskActions
from page.tasks.row import MOST_CARDS, TaskList, TaskRow
from page.tasks.search import Wanted
from page.ui.context import PageContext
from page.ui.dom import (
    Rows,
    ViewWatcher,
    button,
    by_id,
    element,
    listen,
    on_action,
    set_text,
    set_texts,
)
from tether.browser.values import to_object
from tether.core.ids import Digest, TaskId
from tether.core.protocol.outputs import PLAYED, saved_name
from tether.core.session.acceptance import KEPT_ENDS

MORE_CARDS = 100
"""How many more tasks get a card when the last one comes into view."""

MANY = 12
"""Tasks beyond which a person may look for some of them."""

THUMBNAIL = {"resizeHeight": 360, "resizeQuality": "medium"}
"""Pixels: twice its height on the page, for dense screens."""

_HEAD = ("title", "server", "state")
_BUTTONS = ("again", "elsewhere", "cancel", "dismiss")
_VIEW = ("thumb", "preview", "bar", "results")
_BELOW = ("foot", "stuck", "trouble", "details")
_TEXTS = ("title", "server", "node", "timing", "stuck", "trouble")


class TasksPanel:
    """A card a task."""

    def __init__(
        self, context: PageContext, actions: TaskActions, preview_of: Callable[[TaskId], str]
    ) -> None:
        self._words = context.words
        self._repaint = context.repaint
        self._actions = actions
        self.search = actions.search
        self._preview_of = preview_of
        self._results = ResultFigures(context, actions)
        self._summary = by_id("task-summary")
        self._none = by_id("task-none")
        self._clear = by_id("task-clear")
        self._cancel = by_id("task-cancel")
        self._save = by_id("task-save")
        self._safety = by_id("task-safety")
        self._send = by_id("task-send")
        self._more, self._earlier = by_id("task-more"), by_id("task-earlier")
        self._again_lost = by_id("task-rerun")
        self._find, self._found = by_id("task-find"), by_id("task-found")
        self._query, self._kind = by_id("task-search"), by_id("task-kind")
        self._batch = by_id("task-batch")
        self._thumbnails = Thumbnails(context)
        self._new = ""
        """The task that is brought into view once it has a card."""
        self._end = ViewWatcher(lambda _more: self._show_more())
        self.most = MOST_CARDS
        """How many tasks that wait, and how many that have ended, get a card."""
        self._rows = Rows(by_id("tasks"), self._make, self._change, context.words)
        on_action(by_id("task-panel"), self._act)
        listen(by_id("tasks"), "click", self._clicked, is_first=True)
        for field in (self._query, self._kind):
            listen(field, "input", lambda _event: self._look())
        listen(self._find, "focusout", lambda _event: self._repaint())
        # This event doesn't bubble.
        listen(by_id("tasks"), "load", _uncover, is_first=True)

    def show(self, tasks: TaskList) -> list[str]:
        """Show these tasks; returns the ids of those that went."""
        gone = self._rows.show({row.task_id: row for row in tasks.rows})
        new = self._rows.cards.get(self._new)
        if new is not None:
            self._new = ""
            _bring_into_view(new["card"])
        more = self._words.say("tasks.more", count=tasks.folded) if tasks.folded else ""
        set_text(self._more, more)
        if tasks.folded:
            self._end.watch(self._more)
        self._earlier.hidden = bool(tasks.folded) or tasks.total < KEPT_ENDS
        set_text(self._found, tasks.found)
        # What can't be seen must not choose; and nobody loses what they are typing in.
        is_used = bool(tasks.found) or self._find.contains(js.document.activeElement)
        self._find.hidden = tasks.total <= MANY and not is_used
        for row in tasks.rows:
            if row.state == "running":
                self._show_preview(row.task_id)
        self._none.hidden = bool(tasks.total)
        self._show_batch(tasks)
        set_text(self._summary, tasks.summary if tasks.total else "")
        set_text(self._again_lost, tasks.lost_again)
        set_text(self._safety, tasks.safety)
        self._safety.dataset.tone = "bad" if tasks.only_here else "good"
        self._send.hidden = not tasks.can_send_all
        set_text(self._cancel, tasks.all_of.cancel)
        set_text(self._save, tasks.all_of.save)
        set_text(self._clear, tasks.all_of.clear)
        return gone

    def _act(self, action: str, key: str) -> None:
        match action:
            case "more":
                self._show_more()
            case "earlier":
                by_id("gallery-open").click()
            case "follow":
                running = by_id("tasks").querySelector("[data-state=running]")
                if running:
                    running.tabIndex = -1
                    running.focus()
            case "fetch" if key.rpartition(":")[0] in self._rows.cards:
                self._results.fetch(self._rows.cards[key.rpartition(":")[0]]["results"], key)
            case _:
                self._actions.act(action, key)

    def _clicked(self, event: Any) -> None:
        """Don't take the second click of a double click on Cancel for one on what came there."""
        dismiss = event.target.closest("[data-action=dismiss]")
        if dismiss and event.detail > 1 and self._actions.has_just_cancelled(dismiss.dataset.key):
            event.stopPropagation()

    def _show_batch(self, tasks: TaskList) -> None:
        batch = tasks.batch
        progress = self._batch.firstElementChild
        progress.hidden = batch is None
        progress.value = batch.done if batch else 0
        follow = self._batch.lastElementChild
        set_text(follow, batch.text if batch else "")
        if batch:
            label = self._words.say("tasks.follow", told=batch.text)
            follow.setAttribute("aria-label", label)
            follow.disabled = not any(row.state == "running" for row in tasks.rows)

    def show_new(self, first: TaskId) -> None:
        """Show what was made just now, from its first task on, whatever was looked for before."""
        self._query.value = self._kind.value = ""
        self._new = first
        self._look()

    def _look(self) -> None:
        self.search.wanted = Wanted(str(self._query.value).strip(), str(self._kind.value))
        self._repaint()

    def _show_more(self) -> None:
        self.most += MORE_CARDS
        self._repaint()

    def _show_preview(self, task_id: str) -> None:
        card, url = self._rows.cards.get(task_id), self._preview_of(TaskId(task_id))
        if card is not None and url and card["preview"].getAttribute("src") != url:
            card["preview"].src = url
            card["preview"].hidden = False

    def _make(self, task_id: str) -> dict[str, Any]:
        words = self._words
        parts: dict[str, Any] = {"overall": None, "stands": None}
        parts |= {name: element("span", name) for name in (*_HEAD, "percent", "node")}
        parts |= {each: button(each, task_id, words.say(f"task.{each}")) for each in _BUTTONS}
        parts |= {name: element("p", name) for name in ("timing", "trouble")}
        parts["progress"] = element("progress", "", max="1", value="0")
        bar = (parts[name] for name in ("progress", "percent", "node"))
        parts["bar"] = element("div", "bar", "", *bar)
        parts["stuck"] = element("p", "stuck", role="status")
        parts["preview"] = element("img", "preview", alt="", hidden="")
        parts["thumb"] = element("canvas", "thumb", aria_hidden="true", hidden="")
        parts["traceback"] = element("pre")
        summary = element("summary", "", words.say("task.traceback"))
        parts["details"] = element("details", "", "", summary, parts["traceback"], hidden="")
        parts["results"] = element("div", "results")
        head = element("div", "head", "", *(parts[name] for name in _HEAD))
        buttons = element("div", "buttons", "", *map(parts.get, _BUTTONS))
        parts["foot"] = element("div", "foot", "", parts["timing"], buttons)
        parts["view"] = element("div", "view", "", *map(parts.get, _VIEW))
        shown = head, parts["view"], *map(parts.get, _BELOW)
        parts["card"] = element("li", "task card", "", *shown, data_task=task_id)
        return parts

    def _change(self, parts: dict[str, Any], row: TaskRow) -> None:
        texts = {name: getattr(row, name) for name in _TEXTS} | {"state": row.state_text}
        new = set_texts(parts, texts)
        if "title" in new:
            parts["progress"].setAttribute("aria-label", row.title)
            parts["title"].title = row.title
            self._thumbnails.watch(parts["view"], row)
        if "server" in new:
            parts["server"].title = row.server
        if "timing" in new:
            parts["timing"].title = row.timing
        if parts["overall"] != row.overall:
            parts["overall"] = parts["progress"].value = row.overall
            parts["percent"].textContent = f"{row.overall * 100:.0f} %"
        stands = (row.state, row.can_cancel, row.can_run_again, row.can_go_elsewhere)
        if parts["stands"] != stands:
            parts["stands"] = stands
            self._stand(parts, row)

    def _stand(self, parts: dict[str, Any], row: TaskRow) -> None:
        parts["card"].dataset.state = row.state
        parts["bar"].hidden = row.can_dismiss or row.state == "waiting"
        parts["cancel"].hidden = not row.can_cancel
        parts["dismiss"].hidden = not row.can_dismiss
        parts["again"].hidden = not row.can_run_again
        parts["elsewhere"].hidden = not row.can_go_elsewhere
        if row.can_dismiss:
            parts["traceback"].textContent = row.traceback
            parts["details"].hidden = not row.traceback
            if not parts["results"].childElementCount:
                self._results.fill(parts["results"], row)
            if not any(kind == "image" for kind, _address, _name in row.results):
                parts["preview"].remove()
                if row.results:
                    parts["thumb"].remove()


def _bring_into_view(card: Any) -> None:
    """Bring a new card into view, with what stands above the cards if it is the first."""
    panel = by_id("task-panel")
    if not card.previousElementSibling and panel.getBoundingClientRect().top < 0:
        panel.scrollIntoView()
    card.scrollIntoView(to_object({"block": "nearest"}))


def _uncover(event: Any) -> None:
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
