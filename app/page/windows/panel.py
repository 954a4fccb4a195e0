"""The panel of other windows and their tasks."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from page.ui.clock import moment
from page.ui.context import PageContext
from page.ui.dom import Rows, button, by_id, element, on_action, set_text
from page.windows.others import since_of
from tether.core.ids import ServerUrl, WindowId
from tether.core.model.task import Task
from tether.core.protocol.address import short_name


class WindowsPanel:
    """Shows each window with its tasks; a closed window has a button.

    `take_over` takes the tasks of a window over, and returns why that failed, or "".
    """

    def __init__(
        self, context: PageContext, take_over: Callable[[WindowId], Awaitable[str]]
    ) -> None:
        self._words = context.words
        self._take_over = take_over
        rows = by_id("windows-list")
        self._rows = Rows(rows, self._make, self._change)
        on_action(rows, lambda _action, owner: context.soon(self._pressed(WindowId(owner))))

    def show(
        self,
        windows: Mapping[WindowId, list[Task]],
        gone: Collection[WindowId],
        names: Mapping[ServerUrl, str],
    ) -> None:
        """Show windows; `names` are of the servers that this window knows."""
        self._rows.show(
            {
                owner: (owner in gone, tuple(self._line(task, names) for task in tasks))
                for owner, tasks in windows.items()
            }
        )

    async def _pressed(self, owner: WindowId) -> None:
        set_text(by_id("windows-told"), await self._take_over(owner))

    def _make(self, key: str) -> dict[str, Any]:
        state, tasks = element("span", "state"), element("ul")
        take = button("take", key, self._words.say("windows.take"))
        card = element("li", "card window", "", element("div", "head", "", state, take), tasks)
        return {"card": card, "state": state, "button": take, "tasks": tasks}

    def _change(self, card: dict[str, Any], row: tuple[bool, tuple[tuple[str, str], ...]]) -> None:
        is_gone, lines = row
        set_text(card["state"], self._words.say("windows.gone" if is_gone else "windows.open"))
        card["button"].hidden = not is_gone
        pairs = (
            (element("span", "title", title), element("span", "about", about))
            for title, about in lines
        )
        card["tasks"].replaceChildren(*(element("li", "", "", *pair) for pair in pairs))

    def _line(self, task: Task, names: Mapping[ServerUrl, str]) -> tuple[str, str]:
        words = self._words
        key = "windows.waiting" if task.server is None else f"task.state.{task.state.value}"
        facts: list[str] = [words.say(key)]
        if task.server is not None:
            facts.insert(0, names.get(task.server) or short_name(task.server))
        since = since_of(task)
        if since:
            facts.append(words.say("windows.since", time=moment(since)))
        return words.title(task.title), " · ".join(facts)
