"""What the composer keeps: a tab's choice for the next task, and the workflows used last."""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from tether.core.errors import BadInput, Trouble
from tether.core.ids import Digest, TaskId, WindowId
from tether.core.protocol.outputs import read_json
from tether.core.protocol.outputs import texts as texts_of
from tether.runtime.shared_entries import Content

DRAFT_RECORD = "draft"
"""The key of the draft among a tab's records."""

USE = "draft:"
"""The start of the names under which files are kept for drafts, where tasks have their ids."""

WORKFLOW = "workflow"
"""The place of a workflow of the person's own."""

STALE_AFTER = 24 * 3600.0
"""Seconds after which the files of a tab that is gone are deleted: closed tabs are opened again."""

MAX_RECENT = 8
"""Workflows that are remembered."""

_RECENT = "used"
"""The section of the workflows used last."""

LONGEST_TITLE = 200
LONGEST_RECENT = 600_000
"""Characters kept in all: browsers give a site five million, and tasks need theirs."""

MOST_COPIES = 99
"""Tasks of one picture that one click may make."""


class KeptFile(NamedTuple):
    """One file of a draft.

    `place` is "" for the list of pictures, `WORKFLOW`, or `node.input` of a form.
    """

    use: TaskId
    digest: Digest
    name: str
    kind: str
    place: str


def place_key(place: str, file: Any) -> str:
    """Return what tells a JS File that was picked for a field from any other one there."""
    return f"{place}:{file.name}:{file.size}:{file.lastModified}"


class Draft(NamedTuple):
    """What is chosen but not run yet.

    `typed` has what differs from the workflow in its form, by `node.input`.
    """

    workflow: str
    copies: str
    server: str
    typed: Mapping[str, str] = MappingProxyType({})
    files: tuple[KeptFile, ...] = ()
    then: str = ""
    """The workflow that follows."""


def make_use(window: WindowId, word: str) -> TaskId:
    """Return a name under which the store keeps one file of a window's draft."""
    return TaskId(f"{USE}{window}:{word}")


def window_of(use: TaskId) -> WindowId:
    """Return the window in whose draft a file is kept."""
    return WindowId(use.removeprefix(USE).rpartition(":")[0])


def write_draft(draft: Draft) -> str:
    """Write a draft as a record."""
    return json.dumps(draft._asdict() | {"v": 1, "typed": dict(draft.typed)}, ensure_ascii=False)


def read_draft(text: str) -> Draft | None:
    """Read what `write_draft` wrote; None for anything else."""
    match read_json(text):
        case {
            "v": 1,
            "workflow": str(workflow),
            "copies": str(copies),
            "server": str(server),
            "typed": dict(typed),
            "files": list(rows),
        } as record:
            then = "".join(texts_of([record.get("then")]))
            texts = {place: value for place, value in typed.items() if isinstance(value, str)}
            return Draft(workflow, copies, server, texts, _files(rows), then)
    return None


def write_own(title: str, text: str, assumptions: tuple[Trouble, ...]) -> str:
    """Write a workflow of the person's own, with what was assumed about it."""
    rows = [[each.code, dict(each.facts)] for each in assumptions]
    return json.dumps({"title": title, "text": text, "assumptions": rows}, ensure_ascii=False)


def read_own(text: str) -> tuple[str, str, tuple[Trouble, ...]] | None:
    """Read what `write_own` wrote; None for anything else."""
    match read_json(text):
        case {"title": str(title), "text": str(workflow), "assumptions": list(rows)}:
            found = []
            for row in rows:
                match row:
                    case [str(code), dict(facts)]:
                        found.append(Trouble(code, tuple((n, str(f)) for n, f in facts.items())))
            return title, workflow, tuple(found)
    return None


def read_recent(content: Content) -> list[tuple[str, str]]:
    """Read the workflows used last as (title, workflow), the latest first."""
    rows = sorted(_numbered(content), reverse=True)
    return [(title, workflow) for _, title, workflow in rows[:MAX_RECENT]]


def with_recent(content: Content, title: str, workflow: str) -> Content:
    """Return the list with this workflow as the latest, in place of an older one of that title.

    What doesn't fit in `LONGEST_RECENT` is dropped.
    """
    title = title[:LONGEST_TITLE]
    rows = [row for row in sorted(_numbered(content), reverse=True) if row[1] != title]
    number = max((row[0] for row in _numbered(content)), default=0) + 1
    kept: dict[str, list[Any]] = {}
    room = LONGEST_RECENT
    for row in [(number, title, workflow), *rows][:MAX_RECENT]:
        if len(row[2]) > room:
            continue
        room -= len(row[2])
        kept[row[1]] = [row[0], row[2]]
    return {_RECENT: kept}


def _numbered(content: Content) -> list[tuple[int, str, str]]:
    """Return (number, title, workflow) of each: the later, the higher."""
    found = []
    for title, value in content.get(_RECENT, {}).items():
        match value:
            case [int(number), str(workflow)]:
                found.append((number, title, workflow))
    return found


def read_copies(typed: str) -> int:
    """Read a whole number from 1 to 99.

    Raises:
        BadInput: It is none.
    """
    found = re.fullmatch(r"[0-9]{1,9}", typed.strip())
    copies = int(found[0]) if found else 0
    if not 1 <= copies <= MOST_COPIES:
        raise BadInput("copies_bad", most=MOST_COPIES)
    return copies


def _files(rows: list[Any]) -> tuple[KeptFile, ...]:
    found = []
    for row in rows:
        match row:
            case [str(use), str(digest), str(name), str(kind), str(place)] if use.startswith(USE):
                found.append(KeptFile(TaskId(use), Digest(digest), name, kind, place))
    return tuple(found)
