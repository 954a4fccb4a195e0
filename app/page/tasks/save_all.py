"""All results in one file: a ZIP, which the browser puts together and saves."""

from typing import Any

import js
from pyodide.ffi import to_js

from page.ui.context import PageContext
from page.ui.dom import save_as
from page.ui.parts import load_library
from tether.browser.values import to_object
from tether.core.model.task import Task
from tether.core.protocol.outputs import LARGEST_ASKED, Output, saved_name, unique_names

ZIPPER = "./static/vendor/client-zip/index.js"


async def save_all(context: PageContext, results: list[tuple[Task, Output]]) -> None:
    """Save these results; a notice says what was saved, and how many could not be had.

    Raises:
        TetherError: The page's own host doesn't give what makes the file.
    """
    words, notices = context.words, context.notices
    zipper = await load_library(ZIPPER)
    files: list[tuple[str, Any]] = []
    for task, output in results:
        blob = await context.world.content(task, output, LARGEST_ASKED)
        if blob is not None:
            photo = task.pictures[0].filename if task.pictures else ""
            files.append((saved_name(output.filename, photo), blob))
    if len(files) < len(results):
        told = words.say("tasks.not_saved", missing=len(results) - len(files), count=len(results))
        notices.show(told)
    if not files:
        return
    names = unique_names(name for name, _ in files)
    listed = [
        to_object({"name": name, "input": blob})
        for name, (_, blob) in zip(names, files, strict=True)
    ]
    packed = await zipper.downloadZip(to_js(listed)).blob()
    day = str(js.Date.new().toISOString())[:10]
    name = f"tether-{day}.zip"
    save_as(packed, name)
    told, left = words.say("tasks.saved", count=len(files), file=name), len(context.window.live)
    notices.show(
        words.say("tasks.saved_so_far", told=told, count=left) if left else told, tone="good"
    )
    context.repaint()  # which frees what is on no card
