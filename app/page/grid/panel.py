"""The dialog of the grid: tables of cells that fill as their tasks end."""

from collections.abc import Coroutine
from typing import Any

import js

from page.grid.contact_sheet import draw_sheet
from page.grid.intents import GridIntents
from page.grid.sweeps import GridTable, Sweep, held_up, sweeps_of
from page.ui.clock import day
from page.ui.context import PageContext
from page.ui.dom import (
    WORK,
    Sight,
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
from tether.browser.values import to_object
from tether.core.errors import Trouble
from tether.core.ids import TaskId
from tether.core.model.task import State, Task
from tether.core.protocol.outputs import VIEWED, first_image
from tether.core.session.chains import why_it_waits

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
        self._addresses: dict[str, str] = {}
        """The addresses of the pictures in sight, by `task:number`."""
        self._sight = Sight(self._seen, 0)
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
                cells = [element("td", "cell", data_key="", data_near="") for _ in row]
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
        signs = why = first = None
        if task is not None:
            why, first = self._why_it_waits(task)
            stands = task.task_id, task.state, task.is_cancel_wanted, task.is_repeatable
            signs = *stands, task.source, why, first
        if self._shown.get(number, self) != signs:
            self._shown[number] = signs
            cell.dataset.state = task.state.value if task else ""
            self._let_go(cell)
            if task is None:
                _put(cell, element("p", "", "–"))
            elif why is not None:
                _put(cell, *self._held_up(task, why, first))
            else:
                _put(cell, *self._parts(cell, task))
        progress = cell.querySelector("progress")
        if task is not None and progress:
            progress.value = task.progress.overall

    def _why_it_waits(self, task: Task) -> tuple[Trouble | None, TaskId | None]:
        """Return why a chain doesn't go on, and the task that is to be run again for that."""
        window = self._context.window
        held = held_up(task, window.tasks)
        why = why_it_waits(window, held) if held.takes and not held.is_ended else None
        first = window.tasks.get(held.after) if why and held.after else None
        is_to_repeat = first and first.is_repeatable and first.state is not State.COMPLETED
        return why, first.task_id if first and is_to_repeat else None

    def _state(self, task: Task) -> str:
        """Say in which state a task is; one of a chain waits for another, and for no server."""
        words, tasks = self._words, self._context.window.tasks
        if task.is_cancel_wanted:
            return words.say("task.cancelling")
        first = tasks.get(task.after) if task.after and task.source is None else None
        if task.state is State.WAITING and first is not None:
            return words.say("task.state.after", title=words.title(first.title))
        return words.say(f"task.state.{task.state.value}")

    def _held_up(self, task: Task, why: Trouble, first: TaskId | None) -> list[Any]:
        """Say what a task waits for in vain, and offer to run that again."""
        words, facts = self._words, dict(why.facts)
        if "title" in facts:
            facts["title"] = words.title(facts["title"])
        trouble = words.trouble(Trouble.of(why.code, **facts))
        parts = [element("p", "trouble", trouble, title=trouble)]
        return parts if first is None else [*parts, self._again(task, first)]

    def _again(self, task: Task, task_id: TaskId) -> Any:
        say = self._words.say
        label = f"{say('task.again')}: {task.cell.told() if task.cell else ''}"
        return button("again", task_id, say("task.again"), aria_label=label)

    def _parts(self, cell: Any, task: Task) -> list[Any]:
        say = self._words.say
        told = task.cell.told() if task.cell else ""
        if not task.is_ended:
            state = self._state(task)
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
                self._sight.watch(cell)
                return [self._picture(cell, task)]
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
            parts.append(self._again(task, task.task_id))
        return parts

    def _picture(self, cell: Any, task: Task) -> Any:
        """Make the button that opens a cell's picture, and shows it while it is in sight."""
        told = task.cell.told() if task.cell else ""
        label = self._words.say("task.view", file=told)
        return button("zoom", str(cell.dataset.key), label, "picture", aria_label=label)

    def _seen(self, cell: Any, is_near: bool) -> None:
        """Fetch the picture of a cell that has come into view, and free that of one that left."""
        cell.dataset.near = "near" if is_near else ""
        if is_near:
            self._context.soon(self._draw(cell))
        elif not cell.contains(js.document.activeElement):
            self._release(str(cell.dataset.key))

    async def _draw(self, cell: Any, *, is_asked: bool = False) -> None:
        """Put a task's first picture into its cell."""
        key = str(cell.dataset.key)
        task_id, _, number = key.rpartition(":")
        task = self._context.window.tasks.get(TaskId(task_id))
        if task is None or key in self._addresses:
            return
        output = task.outputs[int(number)]
        fetched = await self._context.world.fetch(task, output, is_asked=is_asked)
        self._context.repaint()  # which frees what is on no card
        is_same = cell.isConnected and str(cell.dataset.key) == key and key not in self._addresses
        if not is_same or not cell.dataset.near:
            return
        if fetched.content is None:
            gone = self._words.say("trouble.result_gone", file=output.filename)
            again = button("fetch", key, self._words.say("task.fetch_again"))
            _put(cell, element("p", "trouble", gone, title=gone), again)
            return
        # Its own address is freed with its card.
        address = self._addresses[key] = str(js.URL.createObjectURL(fetched.content))
        if not cell.querySelector(".picture"):
            _put(cell, self._picture(cell, task))
        cell.querySelector(".picture").replaceChildren(element("img", "", src=address, alt=""))

    def _act(self, action: str, key: str) -> None:
        work: Coroutine[Any, Any, None] | None = None
        match action:
            case "close":
                self._dialog.close()
            case "fetch":
                work = self._draw(self._cell(key), is_asked=True)
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

    def _cell(self, key: str) -> Any:
        return next(each for each in self._places_of_cells if str(each.dataset.key) == key)

    def _closed(self) -> None:
        self._shape = None
        self._free()
        self._tables.replaceChildren()

    def _free(self) -> None:
        for cell in self._places_of_cells:
            self._let_go(cell)
        self._places_of_cells = []
        self._shown.clear()

    def _let_go(self, cell: Any) -> None:
        """Show another thing in a cell from now on, or none."""
        self._sight.unwatch(cell)
        self._release(str(cell.dataset.key or ""))
        cell.dataset.key = cell.dataset.near = ""

    def _release(self, key: str) -> None:
        """Free a picture; its button stays, for the keyboard."""
        address = self._addresses.pop(key, None)
        if address is None:
            return
        js.URL.revokeObjectURL(address)
        task = self._context.window.tasks.get(TaskId(key.rpartition(":")[0]))
        cell = self._cell(key)
        if task is not None:
            _put(cell, self._picture(cell, task))


def _put(cell: Any, *parts: Any) -> None:
    """Show this in a cell; the keyboard stays there."""
    had_focus = cell.contains(js.document.activeElement)
    cell.replaceChildren(*parts)
    if had_focus:
        cell.tabIndex = -1
        cell.focus(to_object({"preventScroll": True}))
