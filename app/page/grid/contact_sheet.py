"""Draws the contact sheet of a sweep: all its pictures with their values, as one PNG."""

from typing import Any

import js
from pyodide.ffi import JsException

from page.grid.sweeps import GAP, LINE, MOST_SIDE, Sweep, layout_of
from page.ui.context import PageContext
from tether.core.errors import BadInput
from tether.core.model.task import State, Task
from tether.core.protocol.outputs import first_image

FONT = "16px system-ui, 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"

MOST_HEAD = 320
"""Pixels of the headings of rows."""

UNKNOWN = (160, 120)
"""The size of cells where no picture is there yet."""


async def draw_sheet(context: PageContext, sweep: Sweep, places: tuple[int, int]) -> Any:
    """Return the sheet as a Blob; its cells have the size of the first picture, or less room.

    Raises:
        BadInput: The browser can't draw a sheet so large, or pictures would be specks.
    """
    down, across = places
    tables = sweep.tables(down, across)
    corner = f"{sweep.axes[down].label} ↓  {sweep.axes[across].label} →"
    if down == across:  # no column has room for the label
        tables = tuple(table._replace(caption=sweep.axes[across].label) for table in tables)
    tasks = [task for table in tables for _head, row in table.rows for task in row]
    largest = await _first_size(context, tasks)
    pen = js.OffscreenCanvas.new(1, 1).getContext("2d")
    pen.font = FONT
    heads = [head for table in tables for head, _row in table.rows]
    heads.append(corner)
    head = min(MOST_HEAD, max(int(pen.measureText(each).width) + 1 for each in heads))
    share = MOST_SIDE // len(tables)
    made = [layout_of(table, largest, head if down != across else 0, share) for table in tables]
    layouts = [each for each in made if each is not None]
    if len(layouts) < len(tables):
        shape = len(tables), len(tables[0].rows), len(tables[0].columns)
        raise BadInput("sheet_large", detail=" × ".join(map(str, shape)))
    try:
        canvas = js.OffscreenCanvas.new(
            max(each.width for each in layouts), sum(each.height for each in layouts)
        )
        pen = canvas.getContext("2d")
        pen.fillStyle = "#ffffff"
        pen.fillRect(0, 0, canvas.width, canvas.height)
        pen.font, pen.textBaseline, pen.imageSmoothingQuality = FONT, "middle", "high"
        top = 0
        for table, layout in zip(tables, layouts, strict=True):
            pen.fillStyle = "#000000"
            line = top + GAP + LINE / 2
            if table.caption:
                _write(pen, table.caption, GAP, line, layout.width - 2 * GAP)
                line += LINE
            if down != across:
                _write(pen, corner, GAP, line, head)
            width, height = layout.cell
            for cell in layout.cells:
                if not cell.row:
                    _write(pen, table.columns[cell.column], cell.left, line, layout.pitch)
                row_head, row = table.rows[cell.row]
                middle = top + cell.top + height / 2
                if not cell.column and row_head:
                    _write(pen, row_head, GAP, middle, head)
                task = row[cell.column]
                bitmap = await _bitmap(context, task)
                if bitmap is not None:
                    scale = min(1.0, width / bitmap.width, height / bitmap.height)
                    size = max(1, int(bitmap.width * scale)), max(1, int(bitmap.height * scale))
                    pen.drawImage(bitmap, cell.left, top + cell.top, *size)
                    bitmap.close()
                elif task is not None:
                    state = context.words.say(f"task.state.{task.state.value}")
                    _write(pen, state, cell.left, middle, layout.pitch)
            top += layout.height
        return await canvas.convertToBlob(type="image/png")
    except JsException as error:
        raise BadInput("sheet_large", detail=error.message) from error


def _write(pen: Any, text: str, left: float, middle: float, room: float) -> None:
    """Write a text on one line, and cut what has no room."""
    shown = text
    while shown and pen.measureText(shown).width > room:
        text = text[: min(len(text) - 1, int(len(text) * room / pen.measureText(shown).width))]
        shown = f"{text}…" if text else ""
    pen.fillText(shown, left, middle)


async def _first_size(context: PageContext, tasks: list[Task | None]) -> tuple[int, int]:
    for task in tasks:
        bitmap = await _bitmap(context, task)
        if bitmap is not None:
            size = int(bitmap.width), int(bitmap.height)
            bitmap.close()
            return size
    return UNKNOWN


async def _bitmap(context: PageContext, task: Task | None) -> Any:
    """Return a task's first picture; None where there is none, or it can't be had."""
    image = first_image(task.outputs) if task and task.state is State.COMPLETED else None
    if task is None or image is None:
        return None
    fetched = await context.world.fetch(task, image, is_asked=False)
    context.repaint()  # which frees what is on no card
    try:
        return await js.createImageBitmap(fetched.content) if fetched.content else None
    except JsException:
        return None
