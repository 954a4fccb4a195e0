"""The workflows that were used last in this browser."""

import json

from tether.core.protocol.outputs import parse_json

MOST = 8
LONGEST_TITLE = 200
LONGEST = 600_000
"""Characters kept in all: browsers give a site five million, and tasks need theirs."""


def read_recent(text: str) -> list[tuple[str, str]]:
    """Read the list as (title, workflow), the latest first; what is no such list is empty."""
    try:
        rows = parse_json(text)
    except ValueError:
        return []
    found = []
    for row in rows if isinstance(rows, list) else ():
        match row:
            case [str(title), str(workflow)]:
                found.append((title, workflow))
    return found[:MOST]


def with_recent(text: str, title: str, workflow: str) -> str:
    """Return the list with this workflow first; an older one of that title makes way.

    Workflows that are too long for all of the room are not kept.
    """
    rows = [(title[:LONGEST_TITLE], workflow)]
    rows += [row for row in read_recent(text) if row[0] != title[:LONGEST_TITLE]]
    kept: list[tuple[str, str]] = []
    room = LONGEST
    for row in rows[:MOST]:
        room -= len(row[1])
        if room < 0:
            break
        kept.append(row)
    return json.dumps(kept, ensure_ascii=False)
