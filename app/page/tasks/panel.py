"""The panel of tasks: progress, previews, results, errors."""

from collections.abc import Callable
from typing import Any

import js

from page.tasks.actions import TaskActions
from page.tasks.figures import ResultFigures, Thumbnails, uncover
from page.tasks.near import Near, Place
from page.tasks.row import TaskList, TaskRow
from page.tasks.search import Wanted
from page.ui.context import PageContext
from page.ui.dom import (
    WORK,
    Rows,
    button,
    by_id,
    element,
    listen,
    on_action,
    set_text,
    set_texts,
    show_star,
    star_button,
)
from tether.browser.values import to_object
from tether.core.ids import TaskId
from tether.core.model.task import State
from tether.core.session.acceptance import KEPT_ENDS

MANY = 12
"""Tasks beyond which a person may look for some of them."""

HIGHER = ":is(.trouble, .stuck, details):not([hidden])"
"""What makes a card higher than others."""

_HEAD = ("title", "server", "state")
_BUTTONS = ("next", "again", "elsewhere", "cancel", "dismiss")
_VIEW = ("thumb", "preview", "bar", "results")
_BELOW = ("foot", "stuck", "trouble", "remedy", "details")
_PICKED = ("again", "next", "cancel", "save", "compare", "dismiss")
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
        self._pause, self._order = by_id("task-pause"), by_id("task-order")
        self._earlier = by_id("task-earlier")
        self._again_lost = by_id("task-rerun")
        self._find, self._found = by_id("task-find"), by_id("task-found")
        self._query, self._kind = by_id("task-search"), by_id("task-kind")
        self._batch = by_id("task-batch")
        self._picked = by_id("task-picked")
        self._picked_buttons = {
            name: self._picked.querySelector(f"[data-action=picked-{name}]") for name in _PICKED
        }
        self._thumbnails = Thumbnails(context)
        self._shown: list[TaskId] = []
        """All tasks that have a card, in order."""
        self._new = ""
        """The task that is brought into view once it has a card."""
        self._tasks = context.window.tasks
        self.near = Near(self._tasks, context.repaint)
        self._place = Place(context.world.records)
        self._rows = Rows(by_id("tasks"), self._make, self._change, context.words)
        on_action(by_id("task-panel"), self._act, WORK)
        for field in (self._query, self._kind):
            listen(field, "input", lambda _event: self._look())
        cards = by_id("tasks")
        listen(cards, "mousedown", _keep_texts_unmarked)
        listen(cards, "click", self._pick)
        for place in (cards, self._picked):
            listen(place, "keydown", self._press)
        listen(self._find, "focusout", lambda _event: self._repaint())
        # These events don't bubble.
        listen(cards, "load", uncover, is_first=True)
        listen(cards, "error", self._results.failed, is_first=True)

    def show(self, tasks: TaskList) -> None:
        """Show these tasks."""
        rows = {row.task_id: row for row in tasks.rows}
        states = tasks.states.items()
        self._shown = list(tasks.states)
        self._rows.show({each: rows.get(each, state) for each, state in states})
        self._place.find(self._rows.cards)
        new = self._rows.cards.get(self._new)
        if new is not None:
            self._new = ""
            _bring_into_view(new["card"])
        self._earlier.hidden = tasks.total < KEPT_ENDS
        set_text(self._found, tasks.found)
        # What can't be seen must not choose; and nobody loses what they are typing in.
        is_used = bool(tasks.found) or self._find.contains(js.document.activeElement)
        self._find.hidden = tasks.total <= MANY and not is_used
        for row in tasks.rows:
            if row.state == "running":
                self._show_preview(row.task_id)
        self._none.hidden = bool(tasks.total)
        self._show_batch(tasks)
        self._show_picked(tasks)
        set_text(self._summary, tasks.summary if tasks.total else "")
        set_text(self._again_lost, tasks.lost_again)
        set_text(self._safety, tasks.safety)
        self._safety.dataset.tone = "bad" if tasks.only_here else "good"
        self._send.hidden = not tasks.can_send_all
        # One button, so that the keyboard stays where it is.
        self._pause.className = "" if tasks.is_paused else "quiet"
        self._pause.dataset.action = "resume-all" if tasks.is_paused else "pause-all"
        word = "resume" if tasks.is_paused else "pause"
        can = tasks.can_pause or tasks.is_paused
        set_text(self._pause, self._words.say(f"tasks.{word}") if can else "")
        self._order.hidden = not tasks.can_order
        self._actions.follow()
        set_text(self._cancel, tasks.all_of.cancel)
        set_text(self._save, tasks.all_of.save)
        set_text(self._clear, tasks.all_of.clear)

    def _act(self, action: str, key: str) -> None:
        match action:
            case "earlier":
                by_id("gallery-open").click()
            case "pick-all" | "pick-none":
                self._pick_all(action == "pick-all")
            case "follow":
                running = by_id("tasks").querySelector("[data-state=running]")
                if running:
                    running.tabIndex = -1
                    running.focus()
            case "fetch" if key.rpartition(":")[0] in self._rows.cards:
                self._results.fetch(self._rows.cards[key.rpartition(":")[0]]["results"], key)
            case _:
                self._actions.act(action, key)

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
            follow.disabled = State.RUNNING.value not in tasks.states.values()

    def _show_picked(self, tasks: TaskList) -> None:
        picked, focused = tasks.picked, js.document.activeElement
        if self._picked.hidden and not picked.told:
            return
        is_inside = self._picked.contains(focused)
        self._picked.hidden = not picked.told
        set_text(self._picked.firstElementChild, picked.told)
        for name, shown in self._picked_buttons.items():
            shown.hidden = not getattr(picked, name)
        # The keyboard goes on near where it was.
        if is_inside and not picked.told:
            by_id("tasks-title").focus(to_object({"preventScroll": True}))
        elif is_inside and focused.hidden:
            self._picked.lastElementChild.focus()

    def _pick(self, event: Any) -> None:
        """Take a box's word for its task, and with the shift key for all since the one before."""
        box = event.target
        if str(box.className) == "tick":
            task_id = TaskId(str(box.getAttribute("data-key")))
            shown = self._shown if event.shiftKey else ()
            self.search.selection.pick(task_id, bool(box.checked), shown)
            self._check_boxes()

    def _press(self, event: Any) -> None:
        """Pick all by Ctrl+A while the focus is in a card or on what is below, none by Escape."""
        if event.key == "Escape":
            self._pick_all(False)
        elif event.key in ("a", "A") and (event.ctrlKey or event.metaKey) and not event.shiftKey:
            event.preventDefault()
            self._pick_all(True)

    def _pick_all(self, is_on: bool) -> None:
        self.search.selection.pick_all(self._shown if is_on else ())
        self._check_boxes()

    def _check_boxes(self) -> None:
        for task_id, parts in self._rows.cards.items():
            if "tick" in parts:
                parts["tick"].checked = TaskId(task_id) in self.search.selection
        self._repaint()

    def show_new(self, first: TaskId) -> None:
        """Show what was made just now, from its first task on, whatever was looked for before."""
        self._query.value = self._kind.value = ""
        self._new = first
        self._look()

    def _look(self) -> None:
        self.search.wanted = Wanted(str(self._query.value).strip(), str(self._kind.value))
        self._repaint()

    def _show_preview(self, task_id: str) -> None:
        card, url = self._rows.cards.get(task_id), self._preview_of(TaskId(task_id))
        if card is not None and url and card["preview"].getAttribute("src") != url:
            card["preview"].src = url
            card["preview"].hidden = False

    def _make(self, task_id: str) -> dict[str, Any]:
        """Make a task's place; it is filled while it is near what is in view."""
        title = self._words.title(self._tasks[TaskId(task_id)].title)
        card = element("li", "task card", data_task=task_id, aria_label=title)
        self.near.watch(card)
        return {"card": card}

    def _fill(self, parts: dict[str, Any], task_id: str) -> None:
        words = self._words
        parts |= {"overall": None, "stands": None, "texts": {}}
        parts |= {name: element("span", name) for name in (*_HEAD, "percent", "node")}
        parts |= {each: button(each, task_id, words.say(f"task.{each}")) for each in _BUTTONS}
        parts |= {name: element("p", name) for name in ("timing", "trouble")}
        parts["progress"] = element("progress", "", max="1", value="0")
        bar = (parts[name] for name in ("progress", "percent", "node"))
        parts["bar"] = element("div", "bar", "", *bar)
        parts["stuck"] = element("p", "stuck", role="status")
        parts["remedy"] = button("remedy", task_id, "", "quiet remedy", hidden="")
        parts["preview"] = element("img", "preview", alt="", hidden="")
        parts["thumb"] = element("canvas", "thumb", aria_hidden="true", hidden="")
        parts["traceback"] = element("pre")
        summary = element("summary", "", words.say("task.traceback"))
        parts["details"] = element("details", "", "", summary, parts["traceback"], hidden="")
        parts["results"] = element("div", "results")
        named = {"data_key": task_id, "aria_label": words.say("task.pick")}
        parts["tick"] = element("input", "tick", type="checkbox", **named)
        parts["tick"].checked = TaskId(task_id) in self.search.selection
        head = element("div", "head", "", *(parts[name] for name in _HEAD))
        buttons = element("div", "buttons", "", *map(parts.get, _BUTTONS))
        parts["foot"] = element("div", "foot", "", parts["timing"], buttons)
        parts["view"] = element("div", "view", "", *map(parts.get, _VIEW))
        parts["star"] = star_button(task_id, words)
        shown = parts["tick"], parts["star"], head, parts["view"], *map(parts.get, _BELOW)
        parts["card"].append(*shown)

    def _change(self, parts: dict[str, Any], row: TaskRow | str) -> None:
        """Show a row, or that a task which is out of view stands there, by its state alone."""
        card = parts["card"]
        if isinstance(row, str):
            card.dataset.state = row
            if card.childElementCount:
                # Else what is below would move.
                height = f"{card.offsetHeight}px" if card.querySelector(HIGHER) else ""
                card.style.minHeight = height
                card.replaceChildren()
                parts.clear()
                parts["card"] = card
            return
        if not card.childElementCount:
            card.style.minHeight = ""
            card.removeAttribute("aria-label")
            self._fill(parts, row.task_id)
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
        can = row.can_cancel, row.can_be_next, row.can_run_again, row.can_go_elsewhere
        stands = row.state, row.remedy, *can, row.can_be_starred, row.is_starred
        if parts["stands"] != stands:
            parts["stands"] = stands
            self._stand(parts, row)

    def _stand(self, parts: dict[str, Any], row: TaskRow) -> None:
        parts["card"].dataset.state = row.state
        remedy = parts["remedy"]
        if row.remedy is None and remedy.isSameNode(js.document.activeElement):
            parts["cancel"].focus()
        remedy.hidden = row.remedy is None
        if row.remedy is not None:
            action, key, remedy.textContent = row.remedy
            remedy.dataset.action = action
            remedy.setAttribute("data-key", key)
        parts["bar"].hidden = row.can_dismiss or row.state == "waiting"
        parts["cancel"].hidden = not row.can_cancel
        parts["dismiss"].hidden = not row.can_dismiss
        if not row.can_be_next and parts["next"].isSameNode(js.document.activeElement):
            parts["cancel"].focus()
        parts["next"].hidden = not row.can_be_next
        parts["again"].hidden = not row.can_run_again
        parts["elsewhere"].hidden = not row.can_go_elsewhere
        parts["star"].hidden = not row.can_be_starred
        show_star(parts["star"], row.is_starred)
        if row.can_dismiss:
            parts["traceback"].textContent = row.traceback
            parts["details"].hidden = not row.traceback
            if not parts["results"].childElementCount:
                self._results.fill(parts["results"], row)
            if not any(kind == "image" for kind, _address, _name in row.results):
                parts["preview"].remove()
                if row.results:
                    parts["thumb"].remove()


def _keep_texts_unmarked(event: Any) -> None:
    """Let the shift key pick from one box to another: it would mark the texts between them."""
    if event.shiftKey and str(event.target.className) == "tick":
        event.preventDefault()


def _bring_into_view(card: Any) -> None:
    """Bring a new card into view, with what stands above the cards if it is the first."""
    panel = by_id("task-panel")
    if not card.previousElementSibling and panel.getBoundingClientRect().top < 0:
        panel.scrollIntoView()
    card.scrollIntoView(to_object({"block": "nearest"}))
