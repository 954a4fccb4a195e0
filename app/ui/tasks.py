"""The panel of tasks: progress, previews, results, errors."""

from collections.abc import Callable
from typing import Any

from app.ui.dom import Rows, by_id, element, on_action, set_text
from app.ui.results import Fetch, Results
from app.ui.task_row import TaskRow
from app.ui.view import View
from app.ui.words import Words

SHOWN, MORE = 60, 100
"""Ended tasks that have a card at first, and how many come with each click."""


class TasksPanel:
    """A card a task.

    Args:
        words: The page's language.
        preview_of: Returns the address of a task's last preview, "" for none.
        fetch: Fetches a result.
        handle: Called with a card's button (`cancel`, `dismiss`, `again`, `elsewhere`) and its
            task's id, with `use` and `task:number` of a result, or with `clear` or `send` and "".
    """

    def __init__(
        self,
        words: Words,
        preview_of: Callable[[str], str],
        fetch: Fetch,
        handle: Callable[[str, str], None],
    ) -> None:
        self._words = words
        self._preview_of = preview_of
        self._results = Results(words, fetch)
        self._summary = by_id("task-summary")
        self._none = by_id("task-none")
        self._clear = by_id("task-clear")
        self._safety = by_id("task-safety")
        self._send = by_id("task-send")
        self._more = by_id("task-more")
        self._again_lost = by_id("task-rerun")
        self._most = SHOWN
        self._rows = Rows(by_id("tasks"), self._make, self._change)
        self._handle = handle
        on_action(by_id("task-panel"), self._act)

    def show(self, view: View) -> list[str]:
        """Show these tasks; returns the ids of those that went."""
        rows, ended = {}, 0
        for row in view.tasks:
            ended += row.can_dismiss
            if not row.can_dismiss or ended <= self._most:
                rows[row.task_id] = row
        gone = self._rows.show(rows)
        folded = max(0, ended - self._most)
        set_text(self._more, self._words.say("tasks.more", count=folded) if folded else "")
        for row in rows.values():
            if row.state == "running":
                self._show_preview(row.task_id)
        self._none.hidden = bool(view.tasks)
        set_text(self._summary, view.summary if view.tasks else "")
        set_text(self._again_lost, view.lost_again)
        set_text(self._safety, view.safety)
        self._safety.dataset.tone = "bad" if view.only_here else "good"
        self._send.hidden = not view.can_send_all
        self._clear.hidden = not any(row.can_dismiss for row in view.tasks)
        return gone

    def _act(self, action: str, key: str) -> None:
        if action == "more":
            self._most += MORE
            self._handle("repaint", "")
            return
        card = self._rows.card(key.rpartition(":")[0]) if action == "fetch" else None
        if card is not None:
            self._results.fetch(card["results"], key)
        else:
            self._handle(action, key)

    def _show_preview(self, task_id: str) -> None:
        card, url = self._rows.card(task_id), self._preview_of(task_id)
        if card is not None and url and card["preview"].getAttribute("src") != url:
            card["preview"].src = url
            card["preview"].hidden = False

    def _make(self, task_id: str) -> dict[str, Any]:
        words = self._words
        card = element("li", "task card")
        card.dataset.task = task_id
        parts: dict[str, Any] = {"card": card, "results": element("div", "results")}
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
        parts["bar"] = bar
        parts["preview"] = element("img", "preview", alt="")
        parts["preview"].hidden = True
        parts["trouble"] = element("p", "trouble")
        parts["traceback"] = element("pre")
        parts["details"] = element("details")
        parts["details"].append(
            element("summary", "", words.say("task.traceback")), parts["traceback"]
        )
        parts["buttons"] = element("div", "buttons")
        for action in ("again", "elsewhere", "cancel", "dismiss"):
            button = element("button", "quiet", words.say(f"task.{action}"), type="button")
            button.dataset.action, button.dataset.key = action, task_id
            parts[action] = button
            parts["buttons"].append(button)
        for name in (
            *("bar", "timing", "stuck", "preview", "trouble", "details", "results", "buttons"),
        ):
            card.append(parts[name] if name != "bar" else bar)
        card.prepend(head)
        return parts

    def _change(self, parts: dict[str, Any], row: TaskRow) -> None:
        parts["card"].dataset.state = row.state
        set_text(parts["title"], row.title)
        set_text(parts["server"], row.server)
        parts["server"].title = row.server
        set_text(parts["state"], row.state_text)
        parts["progress"].value = row.overall
        parts["progress"].setAttribute("aria-label", row.title)
        parts["percent"].textContent = f"{row.overall * 100:.2f} %"
        set_text(parts["node"], row.node)
        set_text(parts["timing"], row.timing)
        set_text(parts["stuck"], row.stuck)
        parts["bar"].hidden = row.can_dismiss or row.state == "waiting"
        set_text(parts["trouble"], row.trouble)
        parts["traceback"].textContent = row.traceback
        parts["details"].hidden = not row.traceback
        parts["cancel"].hidden = not row.can_cancel
        parts["dismiss"].hidden = not row.can_dismiss
        parts["again"].hidden = not row.can_run_again
        parts["elsewhere"].hidden = not row.can_go_elsewhere
        if row.can_dismiss:
            parts["preview"].hidden = True
            parts["preview"].removeAttribute("src")
            if not parts["results"].childElementCount:
                self._results.fill(parts["results"], row)
