"""Saves results as files, in one ZIP or in a folder; the page's memory holds none of them."""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import js
from pyodide.ffi import JsException

from page.tasks.file_names import file_name, kept_pattern
from page.ui.context import PageContext
from page.ui.dom import button, by_id, element, on_action, save_as
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
        self._stops: dict[str, asyncio.Event] = {}
        self._count = 0
        on_action(self._strip, lambda _action, key: self._stops[key].set())

    async def save(self, results: Results, pattern: str = "") -> str:
        """Save results; a notice says what was saved, and what could not be had, and so does this.

        Args:
            results: Files of tasks, with their tasks.
            pattern: Of the files' names; "" for the one of the settings.

        Raises:
            TetherError: The page's own host doesn't give what writes files, or the browser
                refuses to.
        """
        place = await self._choose(len(results), f"tether-{_day(None)}.zip")
        if place is None:
            return ""
        shared = self._context.world.shared
        pattern = pattern or kept_pattern(shared.read(NAMES_RECORD))
        writer = await load_library(WRITER)
        files = writer.folder(place.handle) if place.is_folder else writer.zip(place.handle)
        taken = await self._taken(files) if place.is_folder else []
        names = unique_names([*taken, *await self._names(results, pattern)])[len(taken) :]
        return await self._write(files, place, list(zip(results, names, strict=True)))

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

    async def _taken(self, files: Any) -> list[str]:
        """Return the names that are in the folder already: no file of the person's is replaced."""
        try:
            return [str(name) for name in await files.names()]
        except JsException as error:
            raise BadInput("save_refused", detail=error.message) from error

    async def _names(self, results: Results, pattern: str) -> list[str]:
        window, words = self._context.window, self._context.words
        width = len(str(len(results)))
        names = []
        for number, (task, output) in enumerate(results, 1):
            facts = {
                "title": words.title(task.title),
                "seed": await self._seed(task) if "{seed}" in pattern else "",
                "server": window.server_name(task),
                "date": _day(task.ended_at),
                "number": str(number).zfill(width),
                "values": task.cell.told() if task.cell else "",
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
        self, files: Any, place: _Target, wanted: list[tuple[tuple[Task, Output], str]]
    ) -> str:
        context = self._context
        line = self._begin(len(wanted))
        missing: list[str] = []
        done = 0
        begun: deque[tuple[str, asyncio.Future[Any]]] = deque()
        rest = iter(wanted)
        try:
            while not line.stop.is_set():
                self._fetch(begun, rest)
                if not begun:
                    break
                name, fetched = begun.popleft()
                blob = await line.first(fetched)
                if line.stop.is_set():
                    break
                if blob is None:
                    missing.append(name)
                else:
                    await files.add(name, blob)
                    done += 1
                line.tell(done + len(missing))
                self._bring_up()
                if not (done + len(missing)) % FREED:
                    context.repaint()
            is_whole = not line.stop.is_set() and done > 0
            packed = await files.end() if is_whole else await files.abort()
        except JsException as error:
            await files.abort()
            facts = {"done": done, "count": len(wanted), "detail": error.message}
            raise BadInput("not_written", **facts) from error
        finally:
            for _name, fetched in begun:
                fetched.cancel()
            line.close()
            del self._stops[line.key]
            context.repaint()  # which frees what is on no card
        if packed is not None:
            save_as(packed, place.name)
        return self._tell(place, line.stop.is_set(), done, missing, len(wanted))

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

    def _tell(
        self, place: _Target, is_stopped: bool, done: int, missing: list[str], count: int
    ) -> str:
        words, notices = self._context.words, self._context.notices
        said: list[str] = []
        if missing:
            named = ", ".join(missing[:MOST_NAMED]) + ("…" if len(missing) > MOST_NAMED else "")
            facts = {"missing": len(missing), "count": count, "names": named}
            said.append(words.say("tasks.not_saved", **facts))
            notices.show(said[-1])
        if is_stopped:
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
            top.append(self._strip)

    def _begin(self, count: int) -> "_SavingLine":
        self._count += 1
        line = _SavingLine(str(self._count), count, self._context.words)
        self._stops[line.key] = line.stop
        self._strip.append(line.shown)
        self._bring_up()
        return line


class _SavingLine:
    """How far a save is."""

    def __init__(self, key: str, count: int, words: Words) -> None:
        self.key = key
        self._words = words
        self._total = count
        self.stop = asyncio.Event()
        self._said = element("span")
        self._bar = element("progress", "", max=str(count), value="0")
        cancel = button("cancel", key, words.say("task.cancel"))
        label = words.say("saving.about")
        self.shown = element(
            "div", "", "", self._said, self._bar, cancel, role="group", aria_label=label
        )
        self._bar.setAttribute("aria-label", label)
        self._stopped = asyncio.ensure_future(self.stop.wait())
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
        self._said.textContent = self._words.say("saving", done=done, count=self._total)
        self._bar.value = done

    def close(self) -> None:
        """Take it away."""
        self._stopped.cancel()
        self.shown.remove()


def _day(at: float | None) -> str:
    """Return the day of a time, or today, by this device's calendar."""
    date = js.Date.new() if at is None else js.Date.new(at * 1000)
    local = js.Date.new(date.getTime() - date.getTimezoneOffset() * 60_000)
    return str(local.toISOString())[:10]
