"""Which cards are near what is in view, and where a person was before a reload."""

from collections.abc import Callable
from typing import Any

import js

from page.ui.dom import Sight, listen
from tether.core.ids import TaskId
from tether.runtime.ports import Records

MARGIN = 2000
"""How far from what is in view cards are filled, in CSS pixels: more than a turn of the wheel."""

HIGHER = ":is(.trouble, .stuck, details):not([hidden])"
"""What makes a card higher than the others: empty, it would move what is below."""

PLACE_RECORD = "place"
"""The key of the place among a tab's records."""

KEPT = 100
"""How many tasks' pictures are kept after their cards were left behind, the latest."""


class Near:
    """The tasks whose cards are near what is in view; those of others are empty."""

    def __init__(self, repaint: Callable[[], None]) -> None:
        self._repaint = repaint
        self._tasks: set[TaskId] = set()
        self._left: dict[TaskId, None] = {}
        """Tasks whose cards were left behind, the earliest first."""
        self.watch = Sight(self._changed, MARGIN).watch

    def __contains__(self, task_id: object) -> bool:
        return task_id in self._tasks

    def keeps(self, task_id: TaskId) -> bool:
        """Tell whether the pictures of a task's card are shown, or were a moment ago."""
        return task_id in self._tasks or task_id in self._left

    def _changed(self, card: Any, is_near: bool) -> None:
        task_id = TaskId(str(card.dataset.task))
        if is_near:
            self._tasks.add(task_id)
            self._left.pop(task_id, None)
        elif task_id in self._tasks and not _is_in_use(card):
            self._tasks.remove(task_id)
            self._left[task_id] = None
            for other in list(self._left)[:-KEPT]:
                del self._left[other]
        self._repaint()


def _is_in_use(card: Any) -> bool:
    """Say whether a card on the page must not be emptied, wherever it is."""
    if not card.isConnected:
        return False
    is_played = any(not each.paused for each in card.querySelectorAll("video, audio"))
    return is_played or card.contains(js.document.activeElement) or bool(card.querySelector(HIGHER))


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
