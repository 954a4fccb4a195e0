"""The panel of tasks: progress, previews, results, errors."""

from collections.abc import Callable
from typing import Any

from page.tasks.actions import TaskActions
from page.tasks.results import ResultFigures
from page.tasks.row import MOST_CARDS, TaskList, TaskRow
from page.ui.context import PageContext
from page.ui.dom import Rows, button, by_id, element, on_action, set_text
from tether.core.ids import TaskId

MORE_CARDS = 100
"""How many more tasks get a card with each click."""


class TasksPanel:
    """A card a task."""

    def __init__(
        self, context: PageContext, actions: TaskActions, preview_of: Callable[[TaskId], str]
    ) -> None:
        self._words = context.words
        self._actions = actions
        self._preview_of = preview_of
        self._results = ResultFigures(context, actions)
        self._summary = by_id("task-summary")
        self._none = by_id("task-none")
        self._clear = by_id("task-clear")
        self._safety = by_id("task-safety")
        self._send = by_id("task-send")
        self._more = by_id("task-more")
        self._again_lost = by_id("task-rerun")
        self.most = MOST_CARDS
        """Tasks that wait, and tasks that have ended, that have a card."""
        self._rows = Rows(by_id("tasks"), self._make, self._change)
        on_action(by_id("task-panel"), self._act)

    def show(self, tasks: TaskList) -> list[str]:
        """Show these tasks; returns the ids of those that went."""
        gone = self._rows.show({row.task_id: row for row in tasks.rows})
        more = self._words.say("tasks.more", count=tasks.folded) if tasks.folded else ""
        set_text(self._more, more)
        for row in tasks.rows:
            if row.state == "running":
                self._show_preview(row.task_id)
        self._none.hidden = bool(tasks.rows)
        set_text(self._summary, tasks.summary if tasks.rows else "")
        set_text(self._again_lost, tasks.lost_again)
        set_text(self._safety, tasks.safety)
        self._safety.dataset.tone = "bad" if tasks.only_here else "good"
        self._send.hidden = not tasks.can_send_all
        self._clear.hidden = not any(row.can_dismiss for row in tasks.rows)
        return gone

    def _act(self, action: str, key: str) -> None:
        if action == "more":
            self.most += MORE_CARDS
            self._actions.act("repaint", "")
            return
        card = self._rows.card(key.rpartition(":")[0]) if action == "fetch" else None
        if card is not None:
            self._results.fetch(card["results"], key)
        else:
            self._actions.act(action, key)

    def _show_preview(self, task_id: str) -> None:
        card, url = self._rows.card(task_id), self._preview_of(TaskId(task_id))
        if card is not None and url and card["preview"].getAttribute("src") != url:
            card["preview"].src = url
            card["preview"].hidden = False

    def _make(self, task_id: str) -> dict[str, Any]:
        words = self._words
        card = element("li", "task card")
        card.dataset.task = task_id
        parts: dict[str, Any] = {"card": card, "results": element("div", "results")}
        parts |= {"said": {}, "overall": None, "stands": None}
        head = element("div", "head")
        for name in ("title", "server", "state"):
            parts[name] = element("span", name)
            head.append(parts[name])
        parts["progress"] = element("progress", "", max="1", value="0")
        parts["percent"] = element("span", "percent")
        parts["node"] = element("span", "node")
        bar = element("div", "bar")
        bar.append(parts["progress"], parts["percent"], parts["node"])
        parts["timing"] = element("p", "timing")
        parts["stuck"] = element("p", "stuck", role="status")
        parts["preview"] = element("img", "preview", alt="")
        parts["preview"].hidden = True
        parts["trouble"] = element("p", "trouble")
        parts["traceback"] = element("pre")
        parts["details"] = element("details")
        parts["details"].hidden = True
        parts["details"].append(
            element("summary", "", words.say("task.traceback")), parts["traceback"]
        )
        parts["buttons"] = element("div", "buttons")
        for action in ("again", "elsewhere", "cancel", "dismiss"):
            parts[action] = button(action, task_id, words.say(f"task.{action}"))
            parts["buttons"].append(parts[action])
        parts["bar"] = bar
        shown = ("bar", "timing", "stuck", "preview", "trouble", "details", "results", "buttons")
        card.append(head, *(parts[name] for name in shown))
        return parts

    def _change(self, parts: dict[str, Any], row: TaskRow) -> None:
        """Bring a card up to date; what it says already isn't said again, since each is a call."""
        said = {
            "title": row.title,
            "server": row.server,
            "state": row.state_text,
            "node": row.node,
            "timing": row.timing,
            "stuck": row.stuck,
            "trouble": row.trouble,
        }
        for name, text in said.items():
            if parts["said"].get(name) != text:
                set_text(parts[name], text)
        if parts["said"].get("title") != row.title:
            parts["progress"].setAttribute("aria-label", row.title)
        if parts["said"].get("server") != row.server:
            parts["server"].title = row.server
        parts["said"] = said
        if parts["overall"] != row.overall:
            parts["overall"] = parts["progress"].value = row.overall
            parts["percent"].textContent = f"{row.overall * 100:.2f} %"
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
            parts["preview"].hidden = True
            parts["preview"].removeAttribute("src")
            if not parts["results"].childElementCount:
                self._results.fill(parts["results"], row)
