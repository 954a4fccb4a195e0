"""The list of servers, read again and again: where it is, when that is, and what of it counts."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from page.servers.presets import LIST_FILE, read_presets
from tether.core.errors import BadInput, Trouble
from tether.core.ids import ServerUrl
from tether.core.protocol.hosted_list import Listed
from tether.core.protocol.outputs import parse_json

EVERY = 300.0
"""Seconds at least between two reads; twice that at most while somebody looks."""

COPY_RECORD = "list"
"""Where a browser keeps the last good list of another place, should that be gone at a start."""

Presets = Mapping[ServerUrl, str]


class Change(NamedTuple):
    """What a new list makes of the servers in use: those to use, by name, and those that go."""

    used: dict[ServerUrl, str]
    gone: tuple[ServerUrl, ...]


def find_list(text: str, page_url: str) -> str:
    """Return where the list is that `{"from": …}` names; "" for what is the list itself.

    Raises:
        BadInput: It names no http(s) address.
    """
    match _parsed(text):
        case {"from": place}:
            return _address(place, page_url)
    return ""


def pause(draw: float) -> float:
    """Return the seconds until the next read; the draw keeps a thousand pages from one moment."""
    return EVERY * (1.0 + draw)


class Rounds:
    """Keeps reads to the times when the page is visible."""

    def __init__(self) -> None:
        self._is_due = False

    def fired(self, is_seen: bool) -> bool:
        """Say whether to read now that it is time; else it is made up for."""
        self._is_due = not is_seen
        return is_seen

    def came_into_view(self) -> bool:
        """Say whether to read at once: its time came while nobody looked."""
        is_due, self._is_due = self._is_due, False
        return is_due


def renew(
    before: Presets, listed: Listed, page_url: str
) -> tuple[dict[ServerUrl, str], tuple[Trouble, ...]]:
    """Return the presets after a read, and what is wrong with it.

    A list that is broken, empty or silent leaves all as it was. Where one of its entries can't
    be read, nobody goes: it may be the one.
    """
    if listed.text is None:
        return dict(before), (listed.trouble,) if listed.trouble else ()
    found, troubles = read_presets(listed.text, page_url, listed.where or LIST_FILE)
    if found:
        return {**before, **found} if troubles else found, tuple(troubles)
    if before and not troubles:
        troubles = [Trouble.of("list_empty", where=listed.where or LIST_FILE)]
    return dict(before), tuple(troubles)


def compare(before: Presets, after: Presets) -> Change:
    """Return what has changed between two lists, each merged with the person's own."""
    used = {url: name for url, name in after.items() if before.get(url) != name}
    return Change(used, tuple(url for url in before if url not in after))


def write_copy(listed: Listed) -> str:
    """Write a good list of another place, for the browser to keep."""
    return json.dumps({"where": listed.where, "text": listed.text})


def read_copy(record: str, where: str) -> str | None:
    """Return the kept list of that place."""
    match _parsed(record):
        case {"where": place, "text": str(text)} if place == where:
            return text
    return None


def _address(place: Any, page_url: str) -> str:
    try:
        where = urljoin(page_url, place) if place and isinstance(place, str) else ""
        is_known = urlsplit(where).scheme in ("http", "https")
    except ValueError:
        is_known = False
    if not is_known:
        raise BadInput("list_nowhere", place=place)
    return where


def _parsed(text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError:
        return None
