"""The gallery's dialog: search, view, reuse, run again and remove its entries."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import js

from page.gallery.entry import (
    GalleryEntry,
    by_day,
    by_workflow,
    choices,
    matching,
    task_of,
    type_of,
    used,
)
from page.gallery.keeper import Keeper, read_all
from page.gallery.panel import GalleryPanel
from page.gallery.store import GalleryStore
from page.ui.context import PageContext
from page.ui.file_kinds import first_picture
from page.ui.undo import UNDO_WITHIN
from page.ui.words import show_errors
from page.viewer.viewer import ResultList, ViewedResult
from tether.browser.values import new_file
from tether.core.errors import BadInput
from tether.core.ids import PromptId
from tether.core.protocol.outputs import LARGEST_ASKED, PLAYED, VIEWED, saved_name, view_url
from tether.core.protocol.workflow import parse_workflow
from tether.runtime.access_tokens import AccessTokens
from tether.runtime.intake import Intake
from tether.runtime.ports import World

SWEEP_AFTER = 16.0
"""Seconds after which a removed entry is deleted: later than it can be undone."""


class GalleryDialog:
    """Carries out what the person does in the gallery."""

    def __init__(
        self,
        context: PageContext,
        keeper: Keeper,
        intake: Intake,
        add_pictures: Callable[[Iterable[Any]], None],
        view: Callable[[str, ResultList], Coroutine[Any, Any, None]],
    ) -> None:
        world = context.world
        self._words = context.words
        self._servers = context.window.servers
        self._soon = context.soon
        self._stars = context.stars
        self._keeper = keeper
        self._store = keeper.store
        self._intake = intake
        self._view = view
        self._results = KeptResults(keeper.store, world, add_pictures)
        self._tokens = AccessTokens(world.records, world.shared)
        self._entries: dict[PromptId, GalleryEntry] = {}
        self._fetched: dict[str, Any] = {}
        self._removed: list[PromptId] = []
        self._turn = 0
        """Counts the calls of `_show`: what an earlier one reads later is dropped."""
        self._panel = GalleryPanel(context, self._act)
        self._store.follow(lambda: self._soon(self.changed()))
        self._stars.follow(self._panel.show_stars)

    async def open(self) -> None:
        """Show the gallery, and say what was evicted since it was last open."""
        self._panel.open()
        self._fetched.clear()
        await self._try(self._refresh())

    async def changed(self) -> None:
        """Entries have come or gone."""
        if self._panel.is_open:
            await self._try(self._refresh())

    def _act(self, action: str, key: str) -> None:
        prompt, _, number = key.partition("/")
        entry = self._entries.get(PromptId(prompt))
        work: Coroutine[Any, Any, None]
        match action:
            case "show":
                work = self._show()
            case "undo":
                work = self._undo()
            case _ if entry is None:
                return
            case "star":
                self._stars.toggle(entry.prompt_id)
                return
            case "again":
                work = self._run_again(entry)
            case "remove":
                work = self._remove(entry)
            case "use":
                work = self._use_result(key)
            case "zoom":
                work = self._view(key, self._results)
            case _:
                work = self._fetch(entry, int(number))
        self._soon(self._try(work))

    async def _try(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await show_errors(work, self._words, self._panel.tell)
        except OSError as error:
            self._panel.tell(self._words.say("trouble.gallery_unavailable", detail=error))

    async def _refresh(self) -> None:
        entries = read_all(await self._store.entries())
        self._entries = {entry.prompt_id: entry for entry in entries}
        count = self._keeper.take_evicted()
        if count:
            self._panel.tell_evicted(self._words.say("gallery.evicted", count=count))
        await self._show()

    async def _show(self) -> None:
        """Show the entries that match, with the contents of the unfolded ones."""
        self._turn += 1
        turn = self._turn
        title_of = self._words.title
        self._panel.offer(*choices(self._entries.values(), title_of))
        entries = matching(self._entries.values(), self._panel.sought, self._stars, title_of)
        is_by_workflow = self._panel.is_by_workflow
        groups = by_workflow(entries, title_of) if is_by_workflow else by_day(entries, _offset)
        if not is_by_workflow:
            groups = {_day(group[0].at): group for group in groups.values()}
        self._results.entries = {
            each.prompt_id: each for group in groups.values() for each in group
        }
        seen = self._panel.seen(groups)
        names = [name for entry in seen for name in entry.sizes if "/" in name]
        contents = {**await self._store.read(names), **self._fetched}
        addresses = {
            entry.whole(number): view_url(entry.server, output, entry.prompt_id)
            for entry in seen
            if self._tokens.of(entry.server) is None
            for number, output in enumerate(entry.outputs)
        }
        if turn != self._turn:
            return  # the query has changed
        usage = self._words.say(
            "gallery.usage",
            used=_megabytes(used(self._entries.values())),
            budget=_megabytes(self._keeper.budget),
        )
        self._panel.show(groups, contents, addresses, usage if self._entries else "")

    async def _run_again(self, entry: GalleryEntry) -> None:
        names = [entry.digest, *(picture.digest for picture in entry.pictures)]
        contents = await self._store.read(names)
        if entry.digest not in contents:
            raise BadInput("workflow_gone")
        files = {}
        for picture in entry.pictures:
            if picture.digest not in contents:
                raise BadInput("picture_gone", picture=picture.filename)
            files[picture.node_id, picture.input] = (picture.filename, contents[picture.digest])
        workflow = parse_workflow(str(await contents[entry.digest].text()))
        pinned = self._servers.get(entry.pinned) if entry.pinned else None
        is_there = pinned is not None and not pinned.is_leaving
        await self._intake.accept(workflow, entry.title, files, entry.pinned if is_there else None)
        title = self._words.title(entry.title)
        self._panel.tell(self._words.say("gallery.runs_again", task=title))

    async def _remove(self, entry: GalleryEntry) -> None:
        await self._store.remove(entry.prompt_id)
        self._removed.append(entry.prompt_id)
        count = len(self._removed)
        await self._refresh()
        self._panel.tell(self._words.say("gallery.removed", count=count), is_undoable=True)
        await asyncio.sleep(UNDO_WITHIN)
        if len(self._removed) == count:  # a later removal has its own ten seconds
            self._removed.clear()
            self._panel.tell("")
        await asyncio.sleep(SWEEP_AFTER - UNDO_WITHIN)
        await self._keeper.tidy()

    async def _undo(self) -> None:
        removed, self._removed = self._removed, []
        for prompt_id in removed:
            await self._store.put_back(prompt_id)
        await self._refresh()
        self._panel.tell("")

    async def _use_result(self, key: str) -> None:
        await self._results.use(key)
        self._panel.close()

    async def _fetch(self, entry: GalleryEntry, number: int) -> None:
        self._fetched[entry.whole(number)] = await self._results.content(entry, number)
        await self._show()


@dataclass(slots=True)
class KeptResults:
    """The results of the entries on show, by `prompt/number`; those not kept come from servers."""

    store: GalleryStore
    world: World
    add_pictures: Callable[[Iterable[Any]], None]
    entries: Mapping[PromptId, GalleryEntry] = field(default_factory=dict)
    """Those that match, in their order on the page."""

    def keys(self) -> list[str]:
        """Return the keys of all that can be viewed, in their order."""
        return [
            entry.whole(number)
            for entry in self.entries.values()
            for number, output in enumerate(entry.outputs)
            if output.kind in VIEWED
        ]

    async def get(self, key: str) -> ViewedResult:
        """Return a result, and what it was made from if that is kept; raises as `content`."""
        entry, number = self._place(key)
        picture = first_picture(entry.pictures)
        before = await self.store.read([picture.digest]) if picture else {}
        output, task = entry.outputs[number], task_of(entry)
        is_here = entry.whole(number) in entry.sizes
        is_streamed = output.kind in PLAYED and not is_here and self.world.is_direct(task)
        return ViewedResult(
            entry.title,
            saved_name(output.filename, entry.pictures[0].filename if entry.pictures else ""),
            output.kind,
            self.world.address(task, output) if is_streamed else await self.content(entry, number),
            before.get(picture.digest) if picture else None,
            prompt_id=entry.prompt_id,
        )

    async def use(self, key: str) -> None:
        """Add a picture to the next inputs; raises as `content`."""
        entry, number = self._place(key)
        blob = await self.content(entry, number)
        name = entry.outputs[number].filename
        self.add_pictures([new_file(blob, name, blob.type)])

    async def content(self, entry: GalleryEntry, number: int) -> Any:
        """Return a result from the store or from its server.

        Raises:
            BadInput: Neither the browser nor its server has it any longer.
        """
        name, output = entry.whole(number), entry.outputs[number]
        blob = (await self.store.read([name])).get(name)
        if blob is None:
            blob = await self.world.content(task_of(entry), output, LARGEST_ASKED)
        if blob is None:
            raise BadInput("result_gone", file=output.filename)
        return blob.slice(0, blob.size, type_of(output.filename))

    def _place(self, key: str) -> tuple[GalleryEntry, int]:
        prompt, _, number = key.partition("/")
        return self.entries[PromptId(prompt)], int(number)


def _offset(at: float) -> float:
    """Return by how many seconds this device's clock is ahead of UTC at a time."""
    return -60.0 * float(js.Date.new(at * 1000).getTimezoneOffset())


def _day(at: float) -> str:
    language = js.document.documentElement.lang
    return str(js.Date.new(at * 1000).toLocaleDateString(language, dateStyle="full"))


def _megabytes(size: int) -> str:
    megabytes = max(0.1, size / 1_000_000)
    return f"{megabytes:.1f}" if megabytes < 10 else f"{megabytes:.0f}"
