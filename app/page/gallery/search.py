"""Searches the gallery's entries, and groups them."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from page.gallery.entry import GalleryEntry, newest_first
from tether.workflows.values import holds, label_of

_DAY = 86_400.0


Groups: TypeAlias = dict[str, list[GalleryEntry]]
"""Entries by what they have in common, the newest first."""


def matching(
    entries: Iterable[GalleryEntry], query: str, title_of: Callable[[str], str] = str
) -> list[GalleryEntry]:
    """Return the entries whose names, values and texts contain all words of a query.

    Args:
        entries: In any order.
        query: What was typed.
        title_of: Translates a title.
    """
    return [entry for entry in entries if holds(_texts(entry, title_of), query)]


def by_day(entries: Iterable[GalleryEntry], offset_of: Callable[[float], float]) -> Groups:
    """Group entries by the day on which they ended, the latest first.

    `offset_of` returns by how many seconds clocks were ahead of UTC at a time.
    """
    return _grouped(entries, lambda each: f"{(each.at + offset_of(each.at)) // _DAY:.0f}")


def by_workflow(entries: Iterable[GalleryEntry], title_of: Callable[[str], str] = str) -> Groups:
    """Group entries by their workflow's translated name, the last used first."""
    return _grouped(entries, lambda entry: title_of(entry.workflow))


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
