"""From a completed task to its entry in the gallery."""

from typing import Any

import js
from pyodide.ffi import to_js

from page.gallery.entry import (
    MAX_FETCHED,
    MAX_KEPT,
    MAX_WORKFLOW,
    SPARE_FRACTION,
    THUMBNAIL_ABOVE,
    GalleryEntry,
    allowance,
    entry_of,
    evicted,
    names_of,
    newest_first,
    read_entry,
    room_of,
    task_of,
    tidied,
    type_of,
    write_entry,
)
from page.gallery.store import GalleryStore, shrunk
from page.ui.context import PageContext
from tether.core.ids import PromptId
from tether.core.model.task import Task
from tether.core.protocol.outputs import LARGEST_ASKED, Output
from tether.core.protocol.workflow import parse_workflow
from tether.runtime.shared_entries import Content, SharedEntries
from tether.workflows.values import values_of

_QUOTA_FRACTION = 4
"""The gallery takes at most a quarter of what the browser grants the page: tasks need room."""

EVICTED_RECORD = "gallery-evicted"
"""The records of how many entries each window has evicted since the gallery was last open."""

_BY_WINDOW = "by window"


class Keeper:
    """Keeps what tasks gave, and what it takes to run them again, in `budget` bytes."""

    def __init__(self, context: PageContext, store: GalleryStore, budget: int) -> None:
        self._window = context.window
        self._world = context.world
        self._stars = context.stars
        self._evicted = SharedEntries(context.world.shared, EVICTED_RECORD)
        self.store = store
        self.budget = budget
        self._untidied = budget
        """Bytes added since the store was tidied; at first so many that the first task tidies."""

    async def open(self) -> None:
        """Open the store.

        Raises:
            OSError: The browser keeps nothing.
        """
        await self.store.open()
        self.budget = int(min(self.budget, await self.store.room() / _QUOTA_FRACTION))
        self._untidied = self.budget

    async def keep(self, task: Task) -> None:
        """Keep one task; what is too large stays at its server alone.

        Raises:
            OSError: The browser refuses, e.g. for want of room.
        """
        assert task.server is not None
        contents = await self._inputs(task)  # first: the person may remove the task
        entry = entry_of(task, self._window.server_name(task), self._world.clock.now())
        for number, output in enumerate(entry.outputs):
            if output.kind == "image":
                await self._fetch(task, entry, number, output, contents)
        sizes = self._fitting(contents)
        entry = entry._replace(sizes=sizes, values=await _values(contents.get(task.digest)))
        kept = {name: contents[name] for name in sizes}
        if await self.store.put(entry.prompt_id, write_entry(entry), kept):
            await self._added(sum(sizes.values()))

    async def complete(self, prompt_id: PromptId) -> bool:
        """Keep the results that an entry lacks as far as other stars leave room, large ones too.

        Returns whether it has more of them now.

        Raises:
            OSError: The browser refuses.
        """
        entry = read_entry(await self.store.entry(prompt_id) or "")
        if entry is None:
            return False
        lacking = [
            (name, output)
            for number, output in enumerate(entry.outputs)
            if output.filename and (name := entry.whole(number)) not in entry.sizes
        ]
        if not lacking:
            return False
        entries = read_all(await self.store.entries())
        room, contents = room_of(entry, entries, self.budget, self._stars), {}
        for name, output in lacking:
            blob = await self._whole(task_of(entry), output, room)
            if blob is not None:
                room -= int(blob.size)
                contents[name] = blob.slice(0, blob.size, type_of(output.filename))
        sizes = {name: int(blob.size) for name, blob in contents.items()}
        entry = entry._replace(sizes={**entry.sizes, **sizes})
        text = write_entry(entry)
        if not contents or not await self.store.put(prompt_id, text, contents, is_new=False):
            return False
        await self._added(sum(sizes.values()))
        return True

    async def whole(self, task: Task, output: Output) -> Any | None:
        """Return the result of a task if it is kept whole.

        Raises:
            OSError: The browser can't say.
        """
        entry = read_entry(await self.store.entry(task.prompt_id) or "")
        # Another server may have given a task of its own the same id.
        if entry is None or entry.server != task.server or output not in entry.outputs:
            return None
        name = entry.whole(entry.outputs.index(output))
        return (await self.store.read([name])).get(name)

    async def _whole(self, task: Task, output: Output, room: int) -> Any | None:
        """Return a result, if there is room for it; what is too large isn't fetched."""
        size = (await self._world.fetch(task, output, is_asked=False)).size
        limit = min(room, LARGEST_ASKED)
        return await self._world.content(task, output, limit) if size <= limit else None

    async def _added(self, size: int) -> None:
        self._untidied += max(size, self.budget // 500)
        if self._untidied > self.budget // SPARE_FRACTION:
            await self.tidy()

    async def tidy(self) -> None:
        """Evict the oldest entries until the remaining ones fit, and delete unneeded contents.

        Raises:
            OSError: The browser refuses.
        """
        self._untidied = 0
        count = await self.store.tidy(self._select)
        if count:
            before = _counts(self._evicted.read())
            own = self._window.window_id
            after = {**before, own: before.get(own, 0) + count}
            self._evicted.write({_BY_WINDOW: after})

    def take_evicted(self) -> int:
        """Return how many entries were evicted since the last call."""
        counts = _counts(self._evicted.read())
        self._evicted.write({})
        return sum(counts.values())

    def _select(self, standing: list[str], undoable: list[str]) -> tuple[list[str], set[str]]:
        entries = read_all(standing)
        gone = evicted(entries, tidied(self.budget), starred=self._stars)
        rest = [entry for entry in entries if entry not in gone]
        return [entry.prompt_id for entry in gone], names_of(rest + read_all(undoable))

    async def _inputs(self, task: Task) -> dict[str, Any]:
        found: dict[str, Any] = {}
        limits = {task.digest: MAX_WORKFLOW} | {each.digest: MAX_KEPT for each in task.pictures}
        for digest, limit in limits.items():
            kept = await self._world.files.read(digest)
            # A task keeps its workflow as text; the gallery keeps blobs alone.
            blob = js.Blob.new(to_js([kept])) if isinstance(kept, str) else kept
            if blob is not None and blob.size <= limit:
                found[digest] = blob
        return found

    async def _fetch(
        self, task: Task, entry: GalleryEntry, number: int, output: Output, contents: dict[str, Any]
    ) -> None:
        blob = await self._world.content(task, output, MAX_FETCHED)
        if blob is None:
            contents.update(await self._smaller(task, entry.small(number), output))
            return
        blob = blob.slice(0, blob.size, type_of(output.filename))
        if blob.size > THUMBNAIL_ABOVE:
            small = await shrunk(blob)
            if small is not None:
                contents[entry.small(number)] = small
        if blob.size <= MAX_KEPT:
            contents[entry.whole(number)] = blob

    async def _smaller(self, task: Task, name: str, output: Output) -> dict[str, Any]:
        """Return the thumbnail of a picture that is too large, made of its server's copy."""
        copy = await self._world.fetch(task, output, is_asked=False)
        small = await shrunk(copy.content) if copy.content is not None else None
        return {} if small is None else {name: small}

    def _fitting(self, contents: dict[str, Any]) -> dict[str, int]:
        """Choose what one entry may take, the smallest contents first: they are the most useful."""
        room, sizes = allowance(self.budget), {}
        for name, blob in sorted(contents.items(), key=lambda item: int(item[1].size)):
            room -= int(blob.size)
            if room < 0:
                break
            sizes[name] = int(blob.size)
        return sizes


def _counts(content: Content) -> dict[str, int]:
    counts = content.get(_BY_WINDOW, {})
    return {window: count for window, count in counts.items() if isinstance(count, int)}


async def _values(workflow: Any) -> tuple[tuple[str, str], ...]:
    """Return the settings in a workflow's Blob; none where it wasn't kept."""
    if workflow is None:
        return ()
    return values_of(parse_workflow(str(await workflow.text())).nodes)


def read_all(texts: list[str]) -> list[GalleryEntry]:
    """Read entries, the newest first; what can't be read is left out."""
    return newest_first(entry for text in texts if (entry := read_entry(text)) is not None)
