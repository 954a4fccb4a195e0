"""From a task that has completed to its entry in the gallery, one at a time and behind all else."""

from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import to_js

from page.gallery.entry import (
    FETCHED,
    ITS_OWN_THUMBNAIL,
    LONGEST_WORKFLOW,
    WHOLE,
    Entry,
    allowance,
    entry_of,
    evicted,
    names_of,
    newest_first,
    read_entry,
    type_of,
    write_entry,
)
from page.gallery.store import BrowserShelf, shrunk
from tether.core.ids import ServerUrl
from tether.core.model.task import Task
from tether.core.protocol.outputs import Output
from tether.core.protocol.workflow import parse_workflow
from tether.runtime.ports import World
from tether.workflows.values import values_of

_STEPS = 25
"""The shelf is looked through when another so many-th of the budget has come: until then there
is that much room to spare."""

_SHARE = 4
"""Of what the browser gives a page, one part in so many is the gallery's: tasks need theirs."""


EVICTED = "gallery-evicted"
"""The record of how many entries had to go since somebody was told."""


class Keeping:
    """Keeps what tasks gave, and what it takes to run them again.

    Args:
        shelf: Where it is kept.
        world: Has the workflows, the pictures and the results.
        name_of: Returns what a server is called.
        budget: Bytes for all.
    """

    def __init__(
        self,
        shelf: BrowserShelf,
        world: World,
        name_of: Callable[[ServerUrl], str],
        budget: int,
    ) -> None:
        self.shelf = shelf
        self._world = world
        self._name_of = name_of
        self.budget = budget
        self._since = budget  # the first one looks

    async def open(self) -> None:
        """Open the shelf.

        Raises:
            OSError: The browser keeps nothing.
        """
        await self.shelf.open()
        self.budget = int(min(self.budget, await self.shelf.room() / _SHARE))
        self._since = self.budget

    async def known(self) -> set[str]:
        """Return the prompt ids that are kept, or are not to be.

        Raises:
            OSError: The browser can't read them.
        """
        return await self.shelf.known()

    async def keep(self, task: Task) -> None:
        """Keep one task; what is too large is left at its server.

        Raises:
            OSError: The browser would not, e.g. for want of room.
        """
        assert task.server is not None
        contents = await self._inputs(task)  # first: the task's card may go any moment
        entry = entry_of(task, self._name_of(task.server), self._world.clock.now())
        for number, output in enumerate(entry.outputs):
            if output.kind == "image":
                await self._fetch(task, entry, number, output, contents)
        sizes = self._fitting(contents)
        entry = entry._replace(sizes=sizes, values=await _values(contents.get(task.digest)))
        kept = {name: contents[name] for name in sizes}
        if await self.shelf.put(entry.prompt_id, write_entry(entry), kept):
            self._since += max(sum(sizes.values()), self.budget // 500)
            if self._since > self.budget // _STEPS:
                await self.tidy()

    async def tidy(self) -> None:
        """Take off the oldest until the rest fit, and delete what nobody needs.

        Raises:
            OSError: The browser would not.
        """
        self._since = 0
        count = await self.shelf.tidy(self._judge)
        if count:
            shared = self._world.shared
            shared.write(EVICTED, str(count + int(shared.read(EVICTED) or 0)))

    def take_evicted(self) -> int:
        """Return how many had to go since this was asked last."""
        count = int(self._world.shared.read(EVICTED) or 0)
        self._world.shared.write(EVICTED, None)
        return count

    def _judge(self, standing: list[str], undoable: list[str]) -> tuple[list[str], set[str]]:
        entries = read_all(standing)
        gone = evicted(entries, self.budget - self.budget // _STEPS)
        rest = [entry for entry in entries if entry not in gone]
        return [entry.prompt_id for entry in gone], names_of(rest + read_all(undoable))

    async def _inputs(self, task: Task) -> dict[str, Any]:
        """Return the workflow and the pictures, as far as they are small enough."""
        found: dict[str, Any] = {}
        limits = {task.digest: LONGEST_WORKFLOW} | {each.digest: WHOLE for each in task.pictures}
        for digest, limit in limits.items():
            kept = await self._world.files.read(digest)
            # A workflow is kept as a text for its task; the gallery has blobs alone.
            blob = js.Blob.new(to_js([kept])) if isinstance(kept, str) else kept
            if blob is not None and blob.size <= limit:
                found[digest] = blob
        return found

    async def _fetch(
        self, task: Task, entry: Entry, number: int, output: Output, contents: dict[str, Any]
    ) -> None:
        """Fetch a picture, and make its thumbnail where it is large."""
        blob = await self._world.content(task, output, FETCHED)
        if blob is None:
            return
        blob = blob.slice(0, blob.size, type_of(output.filename))
        if blob.size > ITS_OWN_THUMBNAIL:
            small = await shrunk(blob)
            if small is not None:
                contents[entry.small(number)] = small
        if blob.size <= WHOLE:
            contents[entry.whole(number)] = blob

    def _fitting(self, contents: dict[str, Any]) -> dict[str, int]:
        """Choose what one entry may take: the small things first, they are the most useful."""
        room, sizes = allowance(self.budget), {}
        for name, blob in sorted(contents.items(), key=lambda item: int(item[1].size)):
            room -= int(blob.size)
            if room < 0:
                break
            sizes[name] = int(blob.size)
        return sizes


async def _values(workflow: Any) -> tuple[tuple[str, str], ...]:
    """Return what was set in a workflow, which is a Blob; nothing where it wasn't kept."""
    if workflow is None:
        return ()
    return values_of(parse_workflow(str(await workflow.text())).nodes)


def read_all(texts: list[str]) -> list[Entry]:
    """Read entries, the newest first; what is none is left out."""
    return newest_first(entry for text in texts if (entry := read_entry(text)) is not None)
