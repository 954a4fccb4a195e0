"""The gallery as the person deals with it: looking, running again, using, removing."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import js

from page.gallery.entry import Entry, used
from page.gallery.keeper import Keeping, read_all
from page.gallery.panel import GalleryPanel, GroupRow
from page.gallery.results import Kept
from page.gallery.search import by_day, by_workflow, matching
from page.ui.words import Words
from tether.core.errors import BadInput, TetherError
from tether.core.ids import PromptId
from tether.core.model.window import Window
from tether.core.protocol.outputs import view_url
from tether.runtime.access_tokens import AccessTokens
from tether.runtime.intake import Intake
from tether.runtime.ports import World

UNDO = 10.0
"""Seconds for which a removal can be undone."""

SWEPT = 16.0
"""Seconds after which what was removed is deleted: later than it can be undone."""


class Curator:
    """Carries what the person wants of the gallery.

    Args:
        keeping: Has the entries.
        window: Knows the servers.
        world: Fetches what is not here.
        intake: Takes in what runs again.
        words: The page's language.
        use: Takes files as the next inputs.
        soon: Runs work that nobody waits for.
        look: Opens the dialog in which a picture is seen large.
    """

    def __init__(
        self,
        keeping: Keeping,
        window: Window,
        world: World,
        intake: Intake,
        words: Words,
        use: Callable[[Iterable[Any]], None],
        soon: Callable[[Any], None],
        look: Callable[[str, Any], Any],
    ) -> None:
        self._keeping = keeping
        self._window = window
        self._intake = intake
        self._words = words
        self._soon = soon
        self._look = look
        self._kept = Kept(keeping, world, use)
        self._keys = AccessTokens(world.records, world.shared)
        self._entries: dict[PromptId, Entry] = {}
        self._fetched: dict[str, Any] = {}
        self._removed: list[PromptId] = []
        self._shown = 0
        """How often it was shown: what comes late for an earlier time is dropped."""
        self._panel = GalleryPanel(words, self._act)

    async def open(self) -> None:
        """Show the gallery, with what went since it was last open."""
        self._panel.open()
        self._fetched.clear()
        await self._told(self._refresh())

    async def changed(self) -> None:
        """Entries have come or gone."""
        if self._panel.is_open:
            await self._told(self._refresh())

    def _act(self, action: str, key: str) -> None:
        prompt, _, number = key.partition("/")
        entry = self._entries.get(PromptId(prompt))
        match action:
            case "look":
                self._soon(self._told(self._show()))
            case "undo":
                self._soon(self._told(self._undo()))
            case "again" if entry is not None:
                self._soon(self._told(self._run_again(entry)))
            case "remove" if entry is not None:
                self._soon(self._told(self._remove(entry)))
            case "use" if entry is not None:
                self._soon(self._told(self._use_result(key)))
            case "zoom" if entry is not None:
                self._soon(self._told(self._look(key, self._kept)))
            case "fetch" if entry is not None:
                self._soon(self._told(self._fetch(entry, int(number))))

    async def _told(self, work: Any) -> None:
        """Do what the person wants, and say what keeps it from being done."""
        try:
            await work
        except TetherError as error:
            self._panel.tell(self._words.trouble(error.trouble))
        except OSError as error:
            self._panel.tell(self._words.say("trouble.gallery_unavailable", detail=error))

    async def _refresh(self) -> None:
        entries = read_all(await self._keeping.shelf.entries())
        self._entries = {entry.prompt_id: entry for entry in entries}
        count = self._keeping.take_evicted()
        if count:
            self._panel.tell_evicted(self._words.say("gallery.evicted", count=count))
        await self._show()

    async def _show(self) -> None:
        """Show the entries that are sought, with the contents of those that are to be seen."""
        self._shown += 1
        turn = self._shown
        title_of = self._words.title
        entries = matching(self._entries.values(), self._panel.query, title_of)
        is_by_workflow = self._panel.is_by_workflow
        groups = by_workflow(entries, title_of) if is_by_workflow else by_day(entries, _offset)
        rows = [
            GroupRow(
                group.key,
                group.key if is_by_workflow else _day(group.entries[0].at),
                group.entries,
            )
            for group in groups
        ]
        self._kept.entries = {each.prompt_id: each for row in rows for each in row.entries}
        seen = self._panel.seen(rows)
        names = [name for entry in seen for name in entry.sizes if "/" in name]
        contents = {**await self._keeping.shelf.read(names), **self._fetched}
        addresses = {
            entry.whole(number): view_url(entry.server, output, entry.prompt_id)
            for entry in seen
            if self._keys.of(entry.server) is None
            for number, output in enumerate(entry.outputs)
        }
        if turn != self._shown:
            return  # something else is sought by now
        usage = self._words.say(
            "gallery.usage",
            used=_megabytes(used(self._entries.values())),
            budget=_megabytes(self._keeping.budget),
        )
        self._panel.show(rows, contents, addresses, usage if self._entries else "")

    async def _run_again(self, entry: Entry) -> None:
        names = [entry.digest, *(picture.digest for picture in entry.pictures)]
        contents = await self._keeping.shelf.read(names)
        if entry.digest not in contents:
            raise BadInput("workflow_gone")
        files = {}
        for picture in entry.pictures:
            if picture.digest not in contents:
                raise BadInput("picture_gone", picture=picture.filename)
            files[picture.node_id, picture.input] = (picture.filename, contents[picture.digest])
        text = str(await contents[entry.digest].text())
        pinned = self._window.servers.get(entry.pinned) if entry.pinned else None
        is_there = pinned is not None and not pinned.is_leaving
        await self._intake.accept_placed(
            text, entry.title, files, entry.pinned if is_there else None
        )
        title = self._words.title(entry.title)
        self._panel.tell(self._words.say("gallery.runs_again", task=title))

    async def _remove(self, entry: Entry) -> None:
        await self._keeping.shelf.take_off(entry.prompt_id)
        self._removed.append(entry.prompt_id)
        count = len(self._removed)
        await self._refresh()
        self._panel.tell(self._words.say("gallery.removed", count=count), is_undoable=True)
        await asyncio.sleep(UNDO)
        if len(self._removed) == count:  # else the last removal has its own ten seconds
            self._removed.clear()
            self._panel.tell("")
        await asyncio.sleep(SWEPT - UNDO)
        await self._keeping.tidy()

    async def _undo(self) -> None:
        removed, self._removed = self._removed, []
        for prompt_id in removed:
            await self._keeping.shelf.put_back(prompt_id)
        await self._refresh()
        self._panel.tell("")

    async def _use_result(self, key: str) -> None:
        await self._kept.use(key)
        self._panel.close()

    async def _fetch(self, entry: Entry, number: int) -> None:
        self._fetched[entry.whole(number)] = await self._kept.content(entry, number)
        await self._show()


def _offset(at: float) -> float:
    """Return by how many seconds this device's clock is ahead of UTC at a time."""
    return -60.0 * float(js.Date.new(at * 1000).getTimezoneOffset())


def _day(at: float) -> str:
    language = js.document.documentElement.lang
    return str(js.Date.new(at * 1000).toLocaleDateString(language, dateStyle="full"))


def _megabytes(size: int) -> str:
    megabytes = max(0.1, size / 1_000_000)
    return f"{megabytes:.1f}" if megabytes < 10 else f"{megabytes:.0f}"
