"""The dialog in which a person changes the order of what waits, by pointer or keyboard."""

from typing import Any

import js

from page.tasks.queue import QueueRow, behind, queue_rows
from page.ui.context import PageContext
from page.ui.dom import Rows, button, by_id, element, listen, on_action, set_text
from tether.core.events import QueueOrdered
from tether.core.ids import TaskId
from tether.core.session.snapshot import read_task
from tether.core.windows.ledger import ENTRY_RECORD, read_entry

EDGE = 40.0
"""CSS pixels from an end of the list within which a drag scrolls it."""

_STEPS = {"up": -1, "down": 1}
_KEYS = {"ArrowUp": "up", "ArrowDown": "down", "Home": "first", "End": "last"}


class QueueDialog:
    """Lists what waits; what is moved goes to its new place at once."""

    def __init__(self, context: PageContext) -> None:
        self._context = context
        self._words = context.words
        self._titles: dict[TaskId, str] = {}
        self._own: list[TaskId] = []
        self._dragged: TaskId | None = None
        self._pointer: Any = None
        self._target: tuple[Any, bool] | None = None
        """The row that the dragged one would stand beside, and whether behind it."""
        self._dialog = by_id("queue")
        self._list = element("ol", "scroll")
        self._said = element("p", "sr", role="status")
        self._more = element("p", "", hidden="")
        self._make()
        self._rows = Rows(self._list, self._make_row, self._change)
        on_action(self._dialog, self._act)
        listen(self._list, "keydown", self._press)
        for name, handler in (
            ("pointerdown", self._grasp),
            ("pointermove", self._drag),
            ("pointerup", self._drop),
            ("pointercancel", lambda _event: self._release()),
        ):
            listen(self._list, name, handler)
        listen(self._dialog, "close", lambda _event: self._release())

    def open(self) -> None:
        """Show the order of now."""
        set_text(self._said, "")
        self._dialog.showModal()
        self.show()

    def show(self) -> None:
        """Follow what has changed, while the dialog is open."""
        if not self._dialog.open:
            return
        now = self._context.world.clock.now()
        rows, more = queue_rows(self._context.window, self._title_of, now)
        self._own = [row.task_id for row in rows if row.is_own]
        focused = js.document.activeElement
        key = str(focused.getAttribute("data-key") or "") if focused else ""
        self._rows.show({row.task_id: row for row in rows})
        if key and not focused.isSameNode(js.document.activeElement):
            # What moves in the document loses the focus, as does what has gone.
            (focused if focused.isConnected else self._close).focus()
        set_text(self._more, self._words.say("queue.more", count=more) if more else "")
        self._none.hidden = bool(rows)

    def _make(self) -> None:
        say = self._words.say
        title = element("h2", "", say("queue.title"), id="queue-title")
        self._none = element("p", "", say("queue.none"))
        self._close = button("close", "", say("notice.close"), "quiet")
        about = element("p", "", say("queue.about"))
        buttons = element("div", "buttons", "", self._close)
        parts = title, about, self._list, self._none, self._more, self._said, buttons
        self._dialog.replaceChildren(*parts)

    def _make_row(self, key: str) -> dict[str, Any]:
        parts = {name: element("span", name) for name in ("place", "title", "where")}
        parts["grip"] = element("span", "grip", "\u2807", aria_hidden="true")
        parts["up"], parts["down"] = button("up", key, "↑"), button("down", key, "↓")
        shown = map(parts.get, ("grip", "place", "title", "where", "up", "down"))
        return parts | {"card": element("li", "", "", *shown, data_task=key)}

    def _change(self, parts: dict[str, Any], row: QueueRow) -> None:
        say = self._words.say
        title = self._words.title(row.title) or say("queue.unknown")
        parts["title"].textContent = parts["title"].title = title
        parts["place"].textContent = f"{row.place}."
        set_text(parts["where"], "" if row.is_own else say("queue.elsewhere"))
        parts["card"].classList.toggle("own", row.is_own)
        for name in _STEPS:
            parts[name].hidden = not row.is_own
            parts[name].setAttribute("aria-label", say(f"queue.{name}", title=title))

    def _title_of(self, task_id: TaskId) -> str:
        """Return what another window's task is called, as that window has noted for all."""
        if task_id not in self._titles:
            entry = read_entry(self._context.world.shared.read(ENTRY_RECORD + task_id) or "")
            task = read_task(entry.record) if entry is not None else None
            if task is None:
                return ""
            self._titles[task_id] = task.title
        return self._titles[task_id]

    def _act(self, action: str, key: str) -> None:
        if action == "close":
            self._dialog.close()
        elif TaskId(key) in self._own:
            last, before = len(self._own) - 1, self._own.index(TaskId(key))
            step = min(max(before + _STEPS.get(action, 0), 0), last)
            place = {"first": 0, "last": last}.get(action, step)
            # The first here may still go before other windows' tasks.
            if place != before or action in ("up", "first"):
                self._move(TaskId(key), place)

    def _press(self, event: Any) -> None:
        if event.key in _KEYS and event.target.tagName == "BUTTON":
            event.preventDefault()
            self._act(_KEYS[event.key], str(event.target.getAttribute("data-key")))

    def _move(self, task_id: TaskId, place: int) -> None:
        """Let a task go at this place, from 0, of this window's; say so."""
        window = self._context.window
        self._context.emit(QueueOrdered((task_id,), behind(self._own, task_id, place)))
        self.show()
        row = self._rows.rows.get(task_id)
        title = self._words.title(window.tasks[task_id].title)
        if row is not None:
            set_text(self._said, self._words.say("queue.moved", title=title, place=row.place))

    def _grasp(self, event: Any) -> None:
        """Begin to drag: by a mouse anywhere on a row, by a finger by its grip."""
        item = event.target.closest("li.own")
        is_grip = str(event.target.className) == "grip"
        if item is None or event.target.closest("button") or event.button or self._dragged:
            return
        if is_grip or event.pointerType == "mouse":
            event.preventDefault()  # no text is marked
            self._pointer = event.pointerId
            self._list.setPointerCapture(event.pointerId)
            self._dragged = TaskId(str(item.dataset.task))
            item.classList.add("dragged")

    def _drag(self, event: Any) -> None:
        if self._dragged is None or event.pointerId != self._pointer:
            return
        box = self._list.getBoundingClientRect()
        if event.clientY < box.top + EDGE:
            self._list.scrollTop -= EDGE / 2
        elif event.clientY > box.bottom - EDGE:
            self._list.scrollTop += EDGE / 2
        self._mark(None)
        # The captured pointer names the list, whatever lies under it.
        y = min(max(event.clientY, box.top + 1), box.bottom - 1)
        found = js.document.elementFromPoint(box.left + box.width / 2, y)
        item = found.closest("li.own") if found else None
        if item is not None:
            middle = item.getBoundingClientRect()
            self._mark((item, y > middle.top + middle.height / 2))

    def _mark(self, target: tuple[Any, bool] | None) -> None:
        if self._target is not None:
            self._target[0].classList.remove("before", "behind")
        self._target = target
        if target is not None:
            target[0].classList.add("behind" if target[1] else "before")

    def _drop(self, event: Any) -> None:
        if event.pointerId != self._pointer:
            return
        dragged, target = self._dragged, self._target
        self._release()
        if dragged in self._own and target is not None:
            there = TaskId(str(target[0].dataset.task))
            others = [each for each in self._own if each != dragged]
            if there in others:
                self._move(dragged, others.index(there) + target[1])

    def _release(self) -> None:
        self._mark(None)
        item = self._rows.cards.get(self._dragged or "")
        if item is not None:
            item["card"].classList.remove("dragged")
        self._dragged = None
