"""Which cards are near what is in view, and where a person was before a reload."""

from collections.abc import Callable, Container
from typing import Any

import js

from page.ui.dom import Sight, listen
from tether.core.ids import TaskId
from tether.runtime.ports import Records

MARGIN = 2000
"""How far from what is in view cards are filled, in CSS pixels: more than a turn of the wheel."""

PLACE_RECORD = "place"
"""The key of the place among a tab's records."""

KEPT = 100
"""How many tasks' pictures are kept after their cards were left behind, the latest."""


class Near:
    """The tasks whose cards are near what is in view; those of others are empty."""

    def __init__(self, tasks: Container[TaskId], repaint: Callable[[], None]) -> None:
        self._window = tasks
        self._repaint = repaint
        self._tasks: set[TaskId] = set()
        self._held: dict[TaskId, Any] = {}
        """Cards that are used far from what is in view: somebody types or listens there."""
        self._left: dict[TaskId, None] = {}
        """Tasks whose cards were left behind, the earliest first."""
        self._given: set[TaskId] = set()
        self.watch = Sight(self._changed, MARGIN).watch

    def __contains__(self, task_id: object) -> bool:
        return task_id in self._tasks

    def keeps(self, task_id: TaskId) -> bool:
        """Tell whether the pictures of a task are shown, were a moment ago, or are a script's."""
        if task_id not in self._window:
            return False
        return task_id in self._tasks or task_id in self._left or task_id in self._given

    def give(self, task_id: TaskId) -> None:
        """Keep the pictures of a task for a script, as long as the window has the task."""
        self._given.add(task_id)

    def _changed(self, card: Any, is_near: bool) -> None:
        task_id = TaskId(str(card.dataset.task))
        if is_near:
            self._tasks.add(task_id)
            self._held.pop(task_id, None)
            self._left.pop(task_id, None)
        elif task_id in self._tasks:
            self._held[task_id] = card
        else:
            return
        for held in [each for each, far in self._held.items() if not _is_in_use(far)]:
            del self._held[held]
            self._tasks.remove(held)
            self._left[held] = None
        for other in list(self._left)[:-KEPT]:
            del self._left[other]
        self._repaint()


def _is_in_use(card: Any) -> bool:
    """Say whether a card on the page must not be emptied, wherever it is."""
    players = card.querySelectorAll("video, audio")
    is_begun = any(each.currentTime > 0 and not each.ended for each in players)
    return bool(card.isConnected) and (is_begun or card.contains(js.document.activeElement))


class Place:
    """Where in the list a person was, over a reload: the browser's own memory comes too early."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._is_found = False
        js.history.scrollRestoration = "manual"
        listen(js.window, "pagehide", lambda _event: self._keep())

    def find(self, cards: dict[str, dict[str, Any]]) -> None:
        """Put the card that stood at the top back there; the first time that there are cards."""
        if self._is_found or not cards:
            return
        self._is_found = True
        task_id, _, top = (self._records.read(PLACE_RECORD) or "").partition(" ")
        self._records.write(PLACE_RECORD, None)  # a page that is killed writes no other
        if task_id in cards:
            js.window.scrollBy(0, _top(cards[task_id]["card"]) - float(top))

    def _keep(self) -> None:
        """Note the first card in view, and where it is."""
        cards = js.document.querySelectorAll("#tasks > li") if js.window.scrollY > 0 else ()
        first = next((card for card in cards if card.getBoundingClientRect().bottom > 0), None)
        place = f"{first.dataset.task} {_top(first):.0f}" if first else None
        self._records.write(PLACE_RECORD, place)


def _top(card: Any) -> float:
    return float(card.getBoundingClientRect().top)
