"""The tasks of this browser's other windows: followed as they are written, and taken over."""

from collections.abc import Callable
from typing import Any

import js
from pyscript import config

from page.ui.dom import by_id, listen, set_text
from page.ui.words import Words
from tether.core.ids import TaskId, WindowId
from tether.core.model.task import State
from tether.core.model.window import Window
from tether.core.windows.ledger import ENTRY_RECORD, Entry, read_entry, read_ledger
from tether.runtime.adopter import Adopter
from tether.runtime.ports import Records


class Windows:
    """Counts them, and shows them once somebody unfolds their panel.

    Args:
        window: This page's own.
        adopter: Knows which windows are gone.
        shared: Has the ledger; tells what other windows write there.
        words: The page's language.
        soon: Runs work that nobody waits for.
    """

    def __init__(
        self,
        window: Window,
        adopter: Adopter,
        shared: Records,
        words: Words,
        soon: Callable[[Any], None],
    ) -> None:
        self._window = window
        self._adopter = adopter
        self._words = words
        self._soon = soon
        self._entries: dict[TaskId, Entry] = {}
        self._is_changed = True
        self._panel: Any = None
        self._box = by_id("windows")
        for task_id, entry in read_ledger(shared.read_all()).items():
            self._note(task_id, entry)
        shared.listen(self._written)
        adopter.on_gone = self._changed
        listen(self._box, "toggle", lambda _event: soon(self._unfolded()))

    def look(self) -> None:
        """Show what has changed; while nobody sees the page that can wait."""
        for task_id in self._entries.keys() & self._window.tasks.keys():
            # What was adopted here is no longer another's; of our own we know more.
            if self._window.tasks[task_id].state is not State.ADOPTED:
                del self._entries[task_id]
                self._is_changed = True
        if not self._is_changed or js.document.visibilityState != "visible":
            return
        self._is_changed = False
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
        self._adopter.look()
        if self._panel is None:
            await js.tetherLoadPython(*config["lazy"]["windows"])
            from page.windows.panel import WindowsPanel

            self._panel = WindowsPanel(
                self._words, lambda owner: self._soon(self._take_over(WindowId(owner)))
            )
        self._show()

    async def _take_over(self, owner: WindowId) -> None:
        if await self._adopter.take_over(owner):
            self._panel.tell("")
        elif any(entry.owner == owner for entry in self._entries.values()):
            self._panel.tell(self._words.say("windows.lives"))

    def _written(self, key: str, text: str | None) -> None:
        """Another window has written a record."""
        if key.startswith(ENTRY_RECORD):
            self._note(TaskId(key.removeprefix(ENTRY_RECORD)), read_entry(text or ""))
            self._changed()

    def _note(self, task_id: TaskId, entry: Entry | None) -> None:
        if entry is not None and entry.record and entry.owner != self._window.window_id:
            self._entries[task_id] = entry
        else:
            self._entries.pop(task_id, None)

    def _changed(self) -> None:
        self._is_changed = True
        self.look()
