"""Which tasks a person wants to see, among many."""

from collections.abc import Mapping, Set
from typing import NamedTuple

from page.tasks.row import say_state
from page.tasks.selection import Selection
from page.ui.stars import Stars
from page.ui.words import Words, holds
from tether.core.ids import PromptId, TaskId
from tether.core.model.task import ENDED, State, Task
from tether.core.model.window import Window

KINDS: Mapping[str, Set[State]] = {
    "live": set(State) - ENDED,
    "done": {State.COMPLETED},
    "bad": {State.FAILED, State.CANCELLED, State.LOST},
}
"""The choices beside the search field, by states."""

STARRED = "starred"
"""One more choice: results with a star."""


class Wanted(NamedTuple):
    """What was typed, and one of `KINDS` or `STARRED`; "" for everything."""

    query: str = ""
    kind: str = ""


class TaskSearch:
    """Finds tasks by title, server and state as the page says them; some are picked out."""

    def __init__(self, window: Window, words: Words, stars: Stars) -> None:
        self._window = window
        self._words = words
        self.stars = stars
        self._wanted = Wanted()
        self._staying: set[PromptId] = set()
        """Results starred or not on their cards, which stay until another thing is looked for."""
        self.removed: set[TaskId] = set()
        """Tasks without a card, whose removal can still be undone."""
        self.selection = Selection()
        """Those picked out. What is not shown now stays so, and nothing is done with it."""

    @property
    def wanted(self) -> Wanted:
        """What is looked for."""
        return self._wanted

    @wanted.setter
    def wanted(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._staying.clear()

    def toggle_star(self, task: Task) -> None:
        """Star a result or not; its card stays under the pointer."""
        self._staying.add(task.prompt_id)
        self.stars.toggle(task.prompt_id)

    @property
    def is_on(self) -> bool:
        """Whether anything is looked for."""
        return self.wanted != Wanted()

    def shows(self, task: Task) -> bool:
        """Tell whether a task has a place on the page."""
        return task.task_id not in self.removed and self.finds(task)

    def is_picked(self, task: Task) -> bool:
        """Tell whether a task is shown, and picked out."""
        return task.task_id in self.selection and self.shows(task)

    def finds(self, task: Task) -> bool:
        """Tell whether a task is one of those that are looked for."""
        query, kind = self.wanted
        if kind == STARRED:
            if task.prompt_id not in self.stars and task.prompt_id not in self._staying:
                return False
        elif kind and task.state not in KINDS[kind]:
            return False
        return not query or holds(self._texts(task), query)

    def _texts(self, task: Task) -> list[str]:
        state = say_state(self._words, self._window, task)
        return [self._words.title(task.title), state, self._window.server_name(task)]
