"""The gallery's entries as they are looked at: those that are sought, and which stand together."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from page.gallery.entry import Entry, newest_first
from tether.workflows.values import holds, label_of

_DAY = 86_400.0


class Group(NamedTuple):
    """Entries that stand together, the newest first."""

    key: str
    entries: tuple[Entry, ...]


def matching(
    entries: Iterable[Entry], query: str, title_of: Callable[[str], str] = str
) -> list[Entry]:
    """Return the entries in whose names, values and texts all words of a query are.

    Args:
        entries: In any order.
        query: What was typed.
        title_of: Returns a title as the person reads it.
    """
    return [entry for entry in entries if holds(_texts(entry, title_of), query)]


def by_day(entries: Iterable[Entry], offset_of: Callable[[float], float]) -> list[Group]:
    """Group entries by the day on which they ended, the latest first.

    Args:
        entries: In any order.
        offset_of: Returns by how many seconds clocks were ahead of UTC at a time.
    """
    return _grouped(entries, lambda each: f"{(each.at + offset_of(each.at)) // _DAY:.0f}")


def by_workflow(entries: Iterable[Entry], title_of: Callable[[str], str] = str) -> list[Group]:
    """Group entries by the name of their workflow as the person reads it, the last used first."""
    return _grouped(entries, lambda entry: title_of(entry.workflow))


def _grouped(entries: Iterable[Entry], key_of: Callable[[Entry], str]) -> list[Group]:
    groups: dict[str, list[Entry]] = {}
    for entry in newest_first(entries):
        groups.setdefault(key_of(entry), []).append(entry)
    return [Group(key, tuple(found)) for key, found in groups.items()]


def _texts(entry: Entry, title_of: Callable[[str], str]) -> Iterable[str]:
    yield from (title_of(entry.title), title_of(entry.workflow), entry.server_name)
    for name, text in entry.values:
        yield f"{name} {label_of(name)} {text}"
    for output in entry.outputs:
        yield f"{output.filename} {output.text}"
    yield from (picture.filename for picture in entry.pictures)
