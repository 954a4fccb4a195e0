"""The dialog of the grid: tables of cells that fill as their tasks end."""

from collections.abc import Coroutine
from typing import Any

import js

from page.grid.contact_sheet import draw_sheet
from page.grid.intents import GridIntents
from page.grid.sweeps import GridTable, Sweep, sweeps_of
from page.ui.clock import day
from page.ui.context import PageContext
from page.ui.dom import (
    WORK,
    ViewWatcher,
    button,
    by_id,
    element,
    listen,
    on_action,
    options,
    save_as,
    set_text,
)
from page.ui.words import show_errors
from tether.core.ids import TaskId
from tether.core.model.task import State, Task
from tether.core.protocol.outputs import VIEWED, first_image

NAMES = "{values}"
"""What the files of a grid are called."""


class GridPanel:
    """Shows one sweep at a time."""

    def __init__(self, context: PageContext, intents: GridIntents) -> None:
        self._context = context
        self._words = context.words
        self._intents = intents
        self._dialog, self._tables = by_id("grid"), by_id("grid-tables")
        self._chosen, self._said = by_id("grid-sweep"), by_id("grid-said")
        self._sides = by_id("grid-down"), by_id("grid-across")
        self._sweeps: tuple[Sweep, ...] = ()
        self._shape: Any = None
        """What stands on the page: the sweep, its axes, and their places."""
        self._places_of_cells: list[Any] = []
        """The elements of the cells, table by table and row by row."""
        self._shown: dict[int, Any] = {}
        """What each cell shows, by its place among them."""
        self._addresses: list[str] = []
        self._seen = ViewWatcher(lambda cell: context.soon(self._draw(cell)))
        on_action(self._dialog, self._act, WORK | {"sheet", "save"})
        listen(self._dialog, "close", lambda _event: self._closed())
        listen(self._chosen, "change", lambda _event: self._choose())
        for side in self._sides:
            listen(side, "change", lambda event: self._turn(event.target))

    def open(self) -> None:
        """Show the latest sweep."""
        set_text(self._said, "")
        self._shape = None
        self._chosen.replaceChildren()
        self._dialog.showModal()
        self.show()

    def show(self) -> None:
        """Show the cells as they stand."""
        if not self._dialog.open:
            return
        self._sweeps = sweeps_of(self._context.window.tasks.values())
        self._offer_sweeps()
        sweep = self._sweep()
        if sweep is None:
            self._dialog.close()
            return
        tables = sweep.tables(*self._places(sweep))
        shape = sweep.key, sweep.axes, self._places(sweep), self._words.language
        if shape != self._shape:
            self._shape = shape
            self._build(sweep, tables)
        tasks = [task for table in tables for _head, row in table.rows for task in row]
        for number, (cell, task) in enumerate(zip(self._places_of_cells, tasks, strict=True)):
            self._fill(number, cell, task)

    def _sweep(self) -> Sweep | None:
        chosen = str(self._chosen.value)
        return next((each for each in self._sweeps if each.key == chosen), None)

    def _offer_sweeps(self) -> None:
        """Name the sweeps by their tasks' workflow and axes; one alone needs no choice."""
        names = {each.key: self._name(each) for each in self._sweeps}
        if [str(each.value) for each in self._chosen.options] != list(names):
            before = str(self._chosen.value)
            self._chosen.replaceChildren(*options(names))
            if before in names:
                self._chosen.value = before
        self._chosen.parentElement.hidden = len(names) < 2

    def _name(self, sweep: Sweep) -> str:
        labels = " × ".join(axis.label or self._words.say("grid.texts") for axis in sweep.axes)
        return f"{labels} · {self._words.title(sweep.title)}"

    def _places(self, sweep: Sweep) -> tuple[int, int]:
        """Return the axes of the rows and of the columns, as they are chosen."""
        last = len(sweep.axes) - 1
        if self._shape is None or self._shape[0] != sweep.key:
            return 0, last
        down, across = (int(side.value or 0) for side in self._sides)
        return down, across

    def _choose(self) -> None:
        self._shape = None
        self.show()

    def _turn(self, side: Any) -> None:
        """Take another axis for one side; the other side gets what this one had."""
        other = self._sides[1] if side.isSameNode(self._sides[0]) else self._sides[0]
        if other.value == side.value:
            other.value = str(self._shape[2][0 if side.isSameNode(self._sides[0]) else 1])
        self.show()

    def _build(self, sweep: Sweep, tables: tuple[GridTable, ...]) -> None:
        self._free()
        down, across = self._shape[2]
        names = {
            str(number): axis.label or self._words.say("grid.texts")
            for number, axis in enumerate(sweep.axes)
        }
        for side, number in zip(self._sides, (down, across), strict=True):
            side.replaceChildren(*options(names))
            side.value = str(number)
            side.parentElement.hidden = len(sweep.axes) < 2
        corner = names[str(down)] if down != across else ""
        self._places_of_cells = []
        made = []
        for table in tables:
            heads = [element("th", "", each, scope="col") for each in table.columns]
            first = [element("td", "corner", corner)] if down != across else []
            rows = [element("tr", "", "", *first, *heads)]
            for head, row in table.rows:
                cells = [element("td", "cell") for _ in row]
                self._places_of_cells += cells
                named = [element("th", "", head, scope="row")] if down != across else []
                rows.append(element("tr", "", "", *named, *cells))
            parts = ", ".join(filter(None, (table.caption, names[str(across)])))
            caption = element("caption", "", parts)
            made.append(element("table", "", "", caption, element("tbody", "", "", *rows)))
        self._tables.replaceChildren(*made)
        set_text(by_id("grid-title"), self._words.title(sweep.title))

    def _fill(self, number: int, cell: Any, task: Task | None) -> None:
        """Show a task in its cell, unless that shows it so already."""
        signs = None
        if task is not None:
            signs = task.task_id, task.state, task.is_cancel_wanted, task.is_repeatable
        if self._shown.get(number, self) != signs:
            self._shown[number] = signs
            had_focus = cell.contains(js.document.activeElement)
            cell.dataset.state = task.state.value if task else ""
            cell.replaceChildren(*(self._parts(cell, task) if task else [element("p", "", "–")]))
            if had_focus:
                cell.tabIndex = -1
                cell.focus()
        if task is not None and not task.is_ended:
            cell.querySelector("progress").value = task.progress.overall

    def _parts(self, cell: Any, task: Task) -> list[Any]:
        say = self._words.say
        told = task.cell.told() if task.cell else ""
        if not task.is_ended:
            key = "task.cancelling" if task.is_cancel_wanted else f"task.state.{task.state.value}"
            state = say(key)
            label = f"{told}: {state}"
            return [
                element("p", "", state),
                element("progress", "", max="1", value="0", aria_label=label),
            ]
        if task.state is State.COMPLETED:
            viewed = next((n for n, each in enumerate(task.outputs) if each.kind in VIEWED), None)
            image = first_image(task.outputs)
            if image is not None:
                cell.dataset.key = f"{task.task_id}:{task.outputs.index(image)}"
                self._seen.watch(cell)
                return [element("p", "", say("task.fetching", file=told))]
            if viewed is not None:
                key = f"{task.task_id}:{viewed}"
                return [button("zoom", key, say("task.view", file=told))]
            text = next((each.text for each in task.outputs if each.text), "")
            return [
                element("pre", "text", text)
                if text
                else element("p", "", say("task.state.completed"))
            ]
        parts = [element("p", "state", say(f"task.state.{task.state.value}"))]
        if task.trouble is not None:
            trouble = self._words.trouble(task.trouble)
            parts.append(element("p", "trouble", trouble, title=trouble))
        if task.is_repeatable:
            label = f"{say('task.again')}: {told}"
            again = button("again", task.task_id, say("task.again"), aria_label=label)
            parts.append(again)
        return parts

    async def _draw(self, cell: Any) -> None:
        """Put a task's first picture into its cell, which has come into view."""
        key = str(cell.dataset.key)
        task_id, _, number = key.rpartition(":")
        task = self._context.window.tasks.get(TaskId(task_id))
        if task is None:
            return
        output = task.outputs[int(number)]
        fetched = await self._context.world.fetch(task, output, is_asked=False)
        self._context.repaint()  # which frees what is on no card
        if not cell.isConnected or str(cell.dataset.key) != key:
            return
        told = task.cell.told() if task.cell else ""
        if fetched.content is None:
            gone = self._words.say("trouble.result_gone", file=output.filename)
            cell.replaceChildren(element("p", "trouble", gone))
            return
        # Its own address is freed with its card.
        address = str(js.URL.createObjectURL(fetched.content))
        self._addresses.append(address)
        named = {"type": "button", "data_action": "zoom", "data_key": key}
        label = self._words.say("task.view", file=told)
        picture = element("img", "", src=address, alt="")
        cell.replaceChildren(element("button", "picture", "", picture, aria_label=label, **named))

    def _act(self, action: str, key: str) -> None:
        work: Coroutine[Any, Any, None] | None = None
        match action:
            case "close":
                self._dialog.close()
            case "again":
                self._intents.run_again(TaskId(key))
            case "zoom":
                work = self._intents.view(key, self._tasks)
            case "sheet":
                work = self._save_sheet()
            case "save":
                work = self._save()
        if work is not None:
            tell = self._tell
            self._context.soon(show_errors(work, self._words, tell))

    def _tell(self, sentence: str) -> None:
        set_text(self._said, sentence)

    def _tasks(self) -> list[Task]:
        """Return the tasks that are shown, row by row."""
        sweep = self._sweep()
        tables = sweep.tables(*self._places(sweep)) if sweep else ()
        cells = (task for table in tables for _head, row in table.rows for task in row)
        return [task for task in cells if task is not None]

    async def _save(self) -> None:
        self._tell("")
        ended = [task for task in self._tasks() if task.is_ended]
        self._tell(await self._intents.save(ended, NAMES))

    async def _save_sheet(self) -> None:
        sweep = self._sweep()
        if sweep is None:
            return
        self._tell(self._words.say("grid.drawing"))
        sheet = await draw_sheet(self._context, sweep, self._places(sweep))
        name = f"tether-grid-{day()}.png"
        save_as(sheet, name)
        self._tell(self._words.say("zoom.saved", file=name))

    def _closed(self) -> None:
        self._shape = None
        self._free()
        self._tables.replaceChildren()

    def _free(self) -> None:
        for address in self._addresses:
            js.URL.revokeObjectURL(address)
        self._addresses.clear()
        self._shown.clear()
