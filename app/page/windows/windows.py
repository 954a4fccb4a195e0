"""This browser's other windows: their unfinished tasks, followed and taken over."""

from typing import TYPE_CHECKING

import js

from page.ui.context import PageContext
from page.ui.dom import by_id, listen, set_text
from page.ui.parts import load_part
from tether.core.ids import TaskId, WindowId
from tether.core.model.task import State
from tether.core.session.snapshot import read_task
from tether.core.windows.ledger import ENTRY_RECORD, Entry, read_entry, read_ledger
from tether.runtime.adopter import Adopter

if TYPE_CHECKING:
    from page.windows.panel import WindowsPanel


class Windows:
    """Counts the other windows' tasks, and lists them once somebody unfolds their panel."""

    def __init__(self, context: PageContext, adopter: Adopter) -> None:
        self._context = context
        self._window = context.window
        self._words = context.words
        self._adopter = adopter
        self._entries: dict[TaskId, Entry] = {}
        self._is_changed = True
        self._language = self._words.language
        self._panel: WindowsPanel | None = None
        self._box = by_id("windows")
        shared = context.world.shared
        for task_id, entry in read_ledger(shared.read_all()).items():
            self._note(task_id, entry)
        shared.listen(self._written)
        adopter.on_gone = self._update
        listen(self._box, "toggle", lambda _event: context.soon(self._unfolded()))

    def changed(self) -> None:
        """Show what has changed; while nobody sees the page that can wait."""
        for task_id in self._entries.keys() & self._window.tasks.keys():
            # An adopted task is this window's now, and of its own tasks it knows more.
            if self._window.tasks[task_id].state is not State.ADOPTED:
                del self._entries[task_id]
                self._is_changed = True
        self._is_changed |= self._language != self._words.language
        if not self._is_changed or js.document.visibilityState != "visible":
            return
        self._is_changed, self._language = False, self._words.language
        count = len(self._entries)
        title = self._words.say("windows.one" if count == 1 else "windows", count=count)
        set_text(by_id("windows-title"), title)
        self._box.hidden = not count
        self._show()

    def _show(self) -> None:
        if self._panel is not None and self._box.open:
            from page.windows.others import others_of

            names = {url: server.name for url, server in self._window.servers.items()}
            self._panel.show(others_of(self._entries), self._adopter.gone, names)

    async def _unfolded(self) -> None:
        if not self._box.open:
            return
        self._adopter.check()
        if self._panel is None:
            await load_part("windows")
            from page.windows.panel import WindowsPanel

            self._panel = WindowsPanel(self._context, self._take_over)
        self._show()

    async def _take_over(self, owner: WindowId) -> str:
        """Take a window's tasks over; returns why that failed, or ""."""
        is_done = await self._adopter.take_over(owner)
        lives = any(entry.owner == owner for entry in self._entries.values())
        return "" if is_done or not lives else self._words.say("windows.lives")

    def _written(self, key: str, text: str | None) -> None:
        if key.startswith(ENTRY_RECORD):
            self._note(TaskId(key.removeprefix(ENTRY_RECORD)), read_entry(text or ""))
            self._update()

    def _note(self, task_id: TaskId, entry: Entry | None) -> None:
        is_other = entry is not None and entry.owner != self._window.window_id
        task = read_task(entry.record) if entry is not None and is_other else None
        if entry is not None and task is not None and not task.is_ended:
            self._entries[task_id] = entry
        else:
            self._entries.pop(task_id, None)

    def _update(self) -> None:
        self._is_changed = True
        self.changed()
