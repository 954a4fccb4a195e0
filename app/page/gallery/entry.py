"""The gallery's entries: what is kept of a finished task, how they are found, which are evicted."""

import json
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from page.ui.words import holds
from tether.core.events import Picture
from tether.core.ids import Digest, PromptId, ServerUrl, TaskId
from tether.core.model.task import Task
from tether.core.model.title import JOINT
from tether.core.protocol.outputs import (
    Output,
    is_time,
    outputs_from_json,
    outputs_to_json,
    read_json,
)
from tether.core.session.snapshot import pictures_from_json, pictures_to_json
from tether.workflows.values import label_of

VERSION = 1

BUDGET_MB = 500.0
MAX_ENTRIES = 1_000

MAX_KEPT = 8_000_000
"""Bytes of the largest file that is kept whole, result or input."""

MAX_FETCHED = 32_000_000
"""Bytes of the largest result that is fetched unasked."""

MAX_WORKFLOW = 2_000_000
MAX_TEXT = 4_000
"""Characters kept of a result that is a text."""

SPARE_FRACTION = 25
"""Tidying frees 1/25 of the budget, and is due once that much was added."""

THUMBNAIL_ABOVE = 200_000
"""Bytes of the largest picture that needs no thumbnail."""

_TYPES: Mapping[str, str] = {
    "jpg": "image/jpeg",
    **{ending: f"image/{ending}" for ending in ("png", "jpeg", "webp", "gif", "bmp", "avif")},
}


_DAY = 86_400.0


class GalleryEntry(NamedTuple):
    """A finished task; `sizes` has the bytes of each content that is kept, by name."""

    prompt_id: PromptId
    title: str
    workflow: str
    digest: Digest
    server: ServerUrl
    server_name: str
    pinned: ServerUrl | None
    at: float
    outputs: tuple[Output, ...]
    pictures: tuple[Picture, ...]
    sizes: Mapping[str, int]
    values: tuple[tuple[str, str], ...] = ()
    """Settings of the workflow as (input, text), the most telling first."""

    def whole(self, number: int) -> str:
        """Return the name of a result's content."""
        return f"{self.prompt_id}/{number}"

    def small(self, number: int) -> str:
        """Return the name of a result's thumbnail."""
        return f"{self.prompt_id}/{number}/small"

    def lacks(self) -> str:
        """Return which needed file was too large to keep, so that this can't run again, or ""."""
        if self.digest not in self.sizes:
            return self.workflow
        return next((each.filename for each in self.pictures if each.digest not in self.sizes), "")


class Sought(NamedTuple):
    """What a person looks for: words, a workflow, a server's name, or stars; "" for any.

    A workflow goes by its translated name.
    """

    query: str = ""
    workflow: str = ""
    server: str = ""
    is_starred: bool = False


ANYTHING = Sought()

Groups: TypeAlias = dict[str, list[GalleryEntry]]
"""Entries by what they have in common, the newest first."""


def entry_of(task: Task, server_name: str, now: float) -> GalleryEntry:
    """Return the entry of a completed task, without contents."""
    assert task.server is not None
    return GalleryEntry(
        task.prompt_id,
        task.title,
        _workflow_name(task),
        task.digest,
        task.server,
        server_name,
        task.pinned,
        task.ended_at or now,
        tuple(_shortened(output) for output in task.outputs),
        task.pictures,
        {},
    )


def task_of(entry: GalleryEntry) -> Task:
    """Return a task by which the world finds an entry's results; no window has it."""
    prompt_id, task_id = entry.prompt_id, TaskId(f"gallery:{entry.prompt_id}")
    task = Task(task_id, prompt_id, entry.title, entry.digest, entry.pictures, None, entry.at)
    task.server = entry.server
    return task


def type_of(filename: str) -> str:
    """Return the media type to show a result with: never one that can run, e.g. HTML or SVG."""
    return _TYPES.get(filename.rpartition(".")[2].lower(), "application/octet-stream")


def write_entry(entry: GalleryEntry) -> str:
    """Write an entry for the browser to keep."""
    return json.dumps(
        {
            "v": VERSION,
            "prompt": entry.prompt_id,
            "title": entry.title,
            "workflow": entry.workflow,
            "digest": entry.digest,
            "server": entry.server,
            "name": entry.server_name,
            "pinned": entry.pinned,
            "at": entry.at,
            "outputs": outputs_to_json(entry.outputs),
            "pictures": pictures_to_json(entry.pictures),
            "sizes": dict(entry.sizes),
            "values": entry.values,
        }
    )


def read_entry(text: str) -> GalleryEntry | None:
    """Read what `write_entry` wrote; None for anything else."""
    match read_json(text):
        case {
            "v": 1,
            "prompt": str(prompt),
            "title": str(title),
            "workflow": str(workflow),
            "digest": str(digest),
            "server": str(server),
            "name": str(name),
            "pinned": None | str() as pinned,
            "at": at,
            "outputs": outputs,
            "pictures": list(pictures),
            "sizes": dict(sizes),
        } as record if is_time(at) and all(_is_size(size) for size in sizes.values()):
            return GalleryEntry(
                PromptId(prompt),
                title,
                workflow,
                Digest(digest),
                ServerUrl(server),
                name,
                ServerUrl(pinned) if pinned else None,
                at,
                outputs_from_json(outputs),
                pictures_from_json(pictures),
                sizes,
                tuple(_values(record.get("values"))),
            )
    return None


def newest_first(entries: Iterable[GalleryEntry]) -> list[GalleryEntry]:
    """Sort entries; the prompt id breaks ties, so that all windows have one order."""
    return sorted(entries, key=lambda entry: (entry.at, entry.prompt_id), reverse=True)


def used(entries: Iterable[GalleryEntry]) -> int:
    """Return the bytes that entries take; contents that they share count once."""
    return sum({name: size for entry in entries for name, size in entry.sizes.items()}.values())


def names_of(entries: Iterable[GalleryEntry]) -> set[str]:
    """Return the names of the contents of entries."""
    return {name for entry in entries for name in entry.sizes}


def allowance(budget: int) -> int:
    """Return the bytes that one entry may take: the newest is never evicted, so it must fit."""
    return budget // 2


def tidied(budget: int) -> int:
    """Return the bytes that tidying leaves: it isn't due again with the next result."""
    return budget - budget // SPARE_FRACTION


def evicted(
    entries: Iterable[GalleryEntry],
    budget: int,
    most: int = MAX_ENTRIES,
    starred: Container[PromptId] = (),
) -> list[GalleryEntry]:
    """Return the entries that have no room in a budget of bytes or among `most`.

    Room is given to the newest, which always stays, then to those that are `starred`, then to the
    others; among them the newest go first. One that has none takes none from those after it.
    """
    ordered = newest_first(entries)
    ordered[1:] = sorted(ordered[1:], key=lambda each: each.prompt_id not in starred)
    names: set[str] = set()
    room = budget
    gone: list[GalleryEntry] = []
    for count, entry in enumerate(ordered):
        fresh = {name: size for name, size in entry.sizes.items() if name not in names}
        size = sum(fresh.values())
        if count and (size > room or count - len(gone) >= most):
            gone.append(entry)
        else:
            room -= size
            names.update(fresh)
    return gone


def room_of(
    entry: GalleryEntry,
    entries: Iterable[GalleryEntry],
    budget: int,
    starred: Container[PromptId],
) -> int:
    """Return the bytes that a starred entry may still take, below 0 for none.

    No other star goes for it, nor for the newest entry of a later day.
    """
    others = [each for each in entries if each.prompt_id in starred]
    return tidied(budget) - allowance(budget) - used([*others, entry])


def matching(
    entries: Iterable[GalleryEntry],
    sought: Sought,
    stars: Container[PromptId] = (),
    title_of: Callable[[str], str] = str,
) -> list[GalleryEntry]:
    """Return the entries that a person looks for: their names, values and texts have all words."""
    return [
        entry
        for entry in entries
        if sought.workflow in ("", title_of(entry.workflow))
        and sought.server in ("", entry.server_name)
        and (not sought.is_starred or entry.prompt_id in stars)
        and holds(_texts(entry, title_of), sought.query)
    ]


def choices(
    entries: Iterable[GalleryEntry], title_of: Callable[[str], str] = str
) -> tuple[list[str], list[str]]:
    """Return the workflows' translated names and the servers' names to choose from, sorted."""
    names = [(title_of(entry.workflow), entry.server_name) for entry in entries]
    return sorted({workflow for workflow, _ in names}), sorted({server for _, server in names})


def by_day(entries: Iterable[GalleryEntry], offset_of: Callable[[float], float]) -> Groups:
    """Group entries by the day on which they ended, the latest first.

    `offset_of` returns by how many seconds clocks were ahead of UTC at a time.
    """
    return _grouped(entries, lambda each: f"{(each.at + offset_of(each.at)) // _DAY:.0f}")


def by_workflow(entries: Iterable[GalleryEntry], title_of: Callable[[str], str] = str) -> Groups:
    """Group entries by their workflow's translated name, the last used first."""
    return _grouped(entries, lambda entry: title_of(entry.workflow))


def _workflow_name(task: Task) -> str:
    """Return a title without what the page put before it: a picture's name, values in brackets."""
    named = [each.filename for each in task.pictures if task.title.startswith(each.filename)]
    rest = task.title.removeprefix(named[0]) if named else f" {task.title}"
    before, _, name = rest.partition(JOINT)
    is_put = before.startswith(" (") and before.endswith(")")
    return name if name and (is_put or (named and not before)) else task.title


def _shortened(output: Output) -> Output:
    if len(output.text) <= MAX_TEXT:
        return output
    return Output(output.node_id, "text", text=output.text[:MAX_TEXT] + "…")


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _values(rows: Any) -> Iterable[tuple[str, str]]:
    for row in rows if isinstance(rows, list) else ():
        match row:
            case [str(name), str(text)]:
                yield name, text


def _grouped(entries: Iterable[GalleryEntry], key_of: Callable[[GalleryEntry], str]) -> Groups:
    groups: Groups = {}
    for entry in newest_first(entries):
        groups.setdefault(key_of(entry), []).append(entry)
    return groups


def _texts(entry: GalleryEntry, title_of: Callable[[str], str]) -> Iterable[str]:
    yield from (title_of(entry.title), title_of(entry.workflow), entry.server_name)
    for name, text in entry.values:
        yield f"{name} {label_of(name)} {text}"
    for output in entry.outputs:
        yield f"{output.filename} {output.text}"
    yield from (picture.filename for picture in entry.pictures)
