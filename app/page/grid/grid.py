"""The grid: a button beside the tasks of a sweep, and the dialog that shows them as a table."""

from typing import TYPE_CHECKING

from page.grid.intents import GridIntents
from page.ui.context import PageContext
from page.ui.dom import by_id, listen
from page.ui.parts import load_part

if TYPE_CHECKING:
    from page.grid.panel import GridPanel


class Grid:
    """Offers the grid while the window has a sweep."""

    def __init__(self, context: PageContext, intents: GridIntents) -> None:
        self._context = context
        self._intents = intents
        self._button = by_id("grid-open")
        self._panel: GridPanel | None = None
        listen(self._button, "click", lambda _event: context.soon(self._open()))

    def changed(self) -> None:
        """Offer the grid, or no longer, and show the cells as they stand."""
        self._offer()
        if self._panel is not None:
            self._panel.show()

    def _offer(self) -> None:
        tasks = self._context.window.tasks.values()
        self._button.hidden = all(task.cell is None for task in tasks)

    async def _open(self) -> None:
        await load_part("grid")
        from page.grid.panel import GridPanel

        if self._panel is None:
            self._panel = GridPanel(self._context, self._intents)
        self._panel.open()
