"""Saves results as files, in one ZIP or in a folder; the page's memory holds none of them."""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeAlias

import js
from pyodide.ffi import JsException

from page.tasks.file_names import Facts, file_name, kept_pattern
from page.ui.clock import day
from page.ui.context import PageContext
from page.ui.dom import by_id, element, listen, save_as
from page.ui.parts import load_library
from page.ui.words import Words
from tether.browser.values import to_object
from tether.core.errors import BadInput
from tether.core.model.task import Task
from tether.core.protocol.outputs import LARGEST_ASKED, Output, saved_name, unique_names
from tether.core.protocol.workflow import parse_workflow
from tether.workflows.values import SEEDS, values_of

WRITER = "./static/saving/files.mjs"

NAMES_RECORD, INTO_RECORD = "save-names", "save-into"
"""The settings: the pattern of names, and "folder" where all goes into a folder."""

INTO_FOLDER = "folder"

AHEAD = 4
"""Results that are fetched while another is written."""

MANY = 100
"""Results beyond which a ZIP goes straight into a file that a person chooses, if browsers can."""

FREED = 20
"""Results after which a paint frees what is on no card."""

MOST_NAMED = 3
"""Missing results that a notice names."""

Results: TypeAlias = Sequence[tuple[Task, Output]]


def can_use_folders() -> bool:
    """Tell whether the browser lets a page write into a folder.

    Source: `showDirectoryPicker`: Chromium alone, and on secure pages.
    """
    return hasattr(js, "showDirectoryPicker")


class _Target(NamedTuple):
    """Where a person wants the files; `handle` is None for a download."""

    is_folder: bool
    handle: Any
    name: str


class ResultSaver:
    """Saves results on request; a strip above the page says how far it is, and can end it."""

    def __init__(self, context: PageContext) -> None:
        self._context = context
        self._strip = by_id("saving")
        self._stop = asyncio.Event()
        self.is_busy = False
        """Whether a save is under way: there is one at a time."""
        listen(self._strip, "click", self._pressed)
        listen(js.document, "close", lambda _event: self._bring_up(), is_first=True)

    def _pressed(self, event: Any) -> None:
        """End the save. No action says so: a dialog that the strip is in would take it for its."""
        if event.target.closest("button"):
            self._stop.set()

    async def save(self, results: Results, pattern: str = "") -> str:
        """Save results; a notice says what was saved, and what could not be had, and so does this.

        Args:
            results: Files of tasks, with their tasks.
            pattern: Of the files' names; "" for the one of the settings.

        Raises:
            TetherError: The page's own host doesn't give what writes files, or the browser
                refuses to.
        """
        if self.is_busy:
            told = self._context.words.say("saving.under_way")
            self._context.notices.show(told, tone="plain")
            return told
        self.is_busy = True
        try:
            place = await self._choose(len(results), f"tether-{day()}.zip")
            return await self._save_into(place, results, pattern) if place else ""
        finally:
            self.is_busy = False

    async def _save_into(self, place: _Target, results: Results, pattern: str) -> str:
        pattern = pattern or kept_pattern(self._context.world.shared.read(NAMES_RECORD))
        self._stop = asyncio.Event()
        line = _SavingLine(len(results), self._stop, self._context.words)
        self._strip.append(line.shown)
        self._bring_up()
        try:
            writer = await load_library(WRITER)
            names = await self._names(results, pattern)
            if not place.is_folder:
                names = unique_names(names)
            files = writer.folder(place.handle) if place.is_folder else writer.zip(place.handle)
            # There are fewer names where the save was cancelled meanwhile.
            return await self._write(files, place, line, list(zip(results, names, strict=False)))
        finally:
            line.close()
            self._context.repaint()  # which frees what is on no card

    async def _choose(self, count: int, name: str) -> _Target | None:
        """Ask where to save, while the browser still knows of the press; None for nowhere."""
        is_folder = self._context.world.shared.read(INTO_RECORD) == INTO_FOLDER
        try:
            if is_folder and can_use_folders():
                handle = await js.showDirectoryPicker(to_object({"mode": "readwrite"}))
                return _Target(True, handle, str(handle.name))
            if count > MANY and hasattr(js, "showSaveFilePicker"):
                handle = await js.showSaveFilePicker(to_object({"suggestedName": name}))
                return _Target(False, handle, str(handle.name))
        except JsException as error:
            if error.name == "AbortError":
                return None
            raise BadInput("save_refused", detail=error.message) from error
        return _Target(False, None, name)

    async def _names(self, results: Results, pattern: str) -> list[str]:
        window, words = self._context.window, self._context.words
        width = len(str(len(results)))
        seeds: dict[str, str] = {}
        names: list[str] = []
        for number, (task, output) in enumerate(results, 1):
            if not number % FREED:
                await asyncio.sleep(0)  # so that the strip is painted, and can be pressed
            if self._stop.is_set():
                break
            if "{seed}" in pattern and task.digest not in seeds:
                seeds[task.digest] = await self._seed(task)
            facts: Facts = {
                "title": words.title(task.title),
                "seed": seeds.get(task.digest, ""),
                "server": window.server_name(task),
                "date": day(task.ended_at),
                "number": str(number).zfill(width),
                "values": task.cell.parts() if task.cell else (),
            }
            photo = task.pictures[0].filename if task.pictures else ""
            names.append(file_name(pattern, facts, saved_name(output.filename, photo)))
        return names

    async def _seed(self, task: Task) -> str:
        """Return a task's first seed; "" where it has none, or its workflow isn't kept any more."""
        workflow = self._context.window.workflows.get(task.digest)
        if workflow is None:
            text = await self._context.world.files.read_text(task.digest)
            workflow = parse_workflow(text) if text else None
        found = values_of(workflow.nodes) if workflow else ()
        return next((text for name, text in found if name in SEEDS), "")

    async def _write(
        self,
        files: Any,
        place: _Target,
        line: "_SavingLine",
        wanted: list[tuple[tuple[Task, Output], str]],
    ) -> str:
        missing: list[str] = []
        refused: list[str] = []
        done, is_whole, packed = 0, False, None
        begun: deque[tuple[str, asyncio.Future[Any]]] = deque()
        rest = iter(wanted)
        try:
            while not self._stop.is_set():
                self._fetch(begun, rest)
                if not begun:
                    break
                name, fetched = begun.popleft()
                blob = await line.first(fetched)
                if self._stop.is_set():
                    break
                if blob is None:
                    missing.append(name)
                elif await files.add(name, blob):
                    done += 1
                else:
                    refused.append(name)
                told = done + len(missing) + len(refused)
                line.tell(told)
                self._bring_up()
                if not told % FREED:
                    self._context.repaint()
            if done and not self._stop.is_set():
                packed = await files.end()
                is_whole = True
        except JsException as error:
            code = "not_written" if place.is_folder else "not_zipped"
            facts = {"done": done, "count": line.total, "detail": error.message}
            raise BadInput(code, **facts) from error
        finally:
            for _name, fetched in begun:
                fetched.cancel()
            if not is_whole:
                with suppress(JsException):  # what was wrong before is what is told
                    await files.abort()
        if packed is not None:
            save_as(packed, place.name)
        lost = {"tasks.not_saved": missing, "saving.refused": refused}
        return self._tell(place, done, lost, line.total)

    def _fetch(
        self,
        begun: deque[tuple[str, asyncio.Future[Any]]],
        rest: Iterator[tuple[tuple[Task, Output], str]],
    ) -> None:
        content = self._context.world.content
        for (task, output), name in rest:
            begun.append((name, asyncio.ensure_future(content(task, output, LARGEST_ASKED))))
            if len(begun) >= AHEAD:
                break

    def _tell(self, place: _Target, done: int, lost: dict[str, list[str]], count: int) -> str:
        words, notices = self._context.words, self._context.notices
        said: list[str] = []
        for key, names in lost.items():
            if names:
                named = ", ".join(names[:MOST_NAMED]) + ("…" if len(names) > MOST_NAMED else "")
                said.append(words.say(key, missing=len(names), count=count, names=named))
                notices.show(said[-1])
        if self._stop.is_set():
            key = "saving.stopped" if place.is_folder else "saving.dropped"
            said.append(words.say(key, done=done, count=count))
            notices.show(said[-1], tone="plain")
        elif done:
            key = "tasks.saved_into" if place.is_folder else "tasks.saved"
            told, left = words.say(key, count=done, file=place.name), len(self._context.window.live)
            said.append(words.say("tasks.saved_so_far", told=told, count=left) if left else told)
            notices.show(said[-1], tone="good")
        return " ".join(said)

    def _bring_up(self) -> None:
        """Put the strip where it can be pressed: behind a dialog that is open nothing can."""
        open_ones = js.document.querySelectorAll("dialog[open]")
        top = open_ones[open_ones.length - 1] if open_ones.length else by_id("app")
        if not self._strip.parentElement.isSameNode(top):
            focused = js.document.activeElement
            top.append(self._strip)
            if focused and self._strip.contains(focused):
                focused.focus()


class _SavingLine:
    """How far a save is."""

    def __init__(self, total: int, stop: asyncio.Event, words: Words) -> None:
        self.total = total
        self._words = words
        self._said = element("span")
        self._bar = element("progress", "", max=str(total), value="0")
        cancel = element("button", "", words.say("task.cancel"), type="button")
        label = words.say("saving.about")
        self.shown = element(
            "div", "", "", self._said, self._bar, cancel, role="group", aria_label=label
        )
        self._bar.setAttribute("aria-label", label)
        self._focused = js.document.activeElement
        self._stopped = asyncio.ensure_future(stop.wait())
        self.tell(0)

    async def first(self, fetched: asyncio.Future[Any]) -> Any:
        """Wait for a result, or for the end of all."""
        await asyncio.wait({fetched, self._stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not fetched.done():
            fetched.cancel()
            return None
        return fetched.result()

    def tell(self, done: int) -> None:
        """Say how many are done."""
        self._said.textContent = self._words.say("saving", done=done, count=self.total)
        self._bar.value = done

    def close(self) -> None:
        """Take it away; the focus goes back to where it was."""
        self._stopped.cancel()
        had_focus = self.shown.contains(js.document.activeElement)
        self.shown.remove()
        if had_focus and self._focused:
            self._focused.focus()
