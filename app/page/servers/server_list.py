"""The list of servers: the host's presets, read periodically, and this browser's changes."""

import json
import reprlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urljoin, urlsplit

from tether.core.errors import BadInput, Trouble
from tether.core.ids import ServerUrl
from tether.core.protocol.access_token import DEFAULT_NAME, Access, Mode
from tether.core.protocol.address import parse_server_url
from tether.core.protocol.hosted_list import Listed
from tether.core.protocol.outputs import parse_json, read_json
from tether.runtime.shared_entries import Content

LONGEST_NAME = 60
LONGEST_SUBSTITUTE = 500

LIST_FILE = "servers.json"
"""The host's list, beside the page."""

_SECRETS = ("token", "secret", "password", "login", "key")
"""What somebody might write a secret under, for every visitor to read."""

READ_INTERVAL = 300.0
"""Seconds at least between two reads; twice that at most while somebody looks."""

COPY_RECORD = "list"
"""Where a browser keeps the last good list of another place, should that be gone at a start."""

Presets = Mapping[ServerUrl, str]

NO_CONTENT: Content = MappingProxyType({})


def find_list(text: str, page_url: str) -> str:
    """Return where the list is that `{"from": …}` names; "" for what is the list itself.

    Raises:
        BadInput: It names no http(s) address.
    """
    match read_json(text):
        case {"from": place}:
            return _address(place, page_url)
    return ""


def pause(draw: float) -> float:
    """Return the seconds until the next read; `draw` spreads a thousand pages over time."""
    return READ_INTERVAL * (1.0 + draw)


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


def compare(before: Presets, after: Presets) -> tuple[dict[ServerUrl, str], tuple[ServerUrl, ...]]:
    """Return what a new list, merged with the person's own, changes: those to use, those gone."""
    used = {url: name for url, name in after.items() if before.get(url) != name}
    return used, tuple(url for url in before if url not in after)


def write_copy(listed: Listed) -> str:
    """Write a good list of another place, for the browser to keep."""
    return json.dumps({"where": listed.where, "text": listed.text})


def read_copy(record: str, where: str) -> str | None:
    """Return the kept list of that place."""
    match read_json(record):
        case {"where": place, "text": str(text)} if place == where:
            return text
    return None


def read_presets(
    text: str, page_url: str, where: str = LIST_FILE
) -> tuple[dict[ServerUrl, str], list[Trouble]]:
    """Read a host's list: addresses, or `{"url": …, "name": …}`.

    Returns the servers with their names ("" for none), and what could not be read: one bad entry
    doesn't take the others away. `where` is what a trouble calls the list.
    """
    try:
        entries = parse_json(text)
    except ValueError as error:
        return {}, [Trouble.of("presets_bad", where=where, detail=error)]
    if not isinstance(entries, list):
        return {}, [Trouble.of("presets_bad", where=where, detail="it is no list")]
    found: dict[ServerUrl, str] = {}
    troubles = []
    for entry in entries:
        try:
            url, name = _read_entry(entry, where)
            found[parse_server_url(url, page_url)] = name
        except BadInput as error:
            troubles.append(error.trouble)
    return found, troubles


def read_modes(text: str, page_url: str) -> dict[ServerUrl, Access]:
    """Read which tokens the servers of `servers.json` want: `{"url": …, "access": "bearer"}`.

    `parameter` names the one of the query. The secrets are for each person to type.
    """
    found, entries = {}, read_json(text)
    for entry in entries if isinstance(entries, list) else ():
        match entry:
            case {"url": str(url), "access": "bearer" | "basic" | "query" as mode}:
                name = entry.get("parameter")
                try:
                    server = parse_server_url(url, page_url)
                except BadInput:
                    continue
                found[server] = Access(
                    Mode(mode), name=name if isinstance(name, str) else DEFAULT_NAME
                )
    return found


class ServerList:
    """This browser's own changes to the presets, shared by its windows."""

    def __init__(self, content: Content = NO_CONTENT) -> None:
        self._added: dict[ServerUrl, tuple[int, str]] = {}
        """Name by address, with a number by which they are ordered."""
        for url, value in content.get("added", {}).items():
            match value:
                case [int(number), str(name)]:
                    self._added[ServerUrl(url)] = number, name
        self._removed = {ServerUrl(url) for url in content.get("removed", {})}
        self.paused = {ServerUrl(url) for url in content.get("paused", {})}
        """Those that a person keeps new tasks from."""
        self._names: dict[ServerUrl, str] = {}
        for url, name in content.get("names", {}).items():
            if isinstance(name, str) and name.strip():
                self.rename(ServerUrl(url), name)

    def content(self) -> Content:
        """Return the changes, for the browser to keep."""
        return {
            "added": {url: list(value) for url, value in self._added.items()},
            "removed": dict.fromkeys(self._removed, True),
            "paused": dict.fromkeys(self.paused, True),
            "names": self._names,
        }

    def add(self, url: ServerUrl, name: str = "") -> None:
        """Add a server, or take its removal back."""
        last = max((number for number, _ in self._added.values()), default=0)
        number, _ = self._added.get(url, (last + 1, ""))
        self._added[url] = number, name[:LONGEST_NAME]
        self._removed.discard(url)
        if name:
            self._names.pop(url, None)

    def rename(self, url: ServerUrl, name: str) -> None:
        """Call a server something else; "" for what it is called by itself."""
        self._names[url] = name.strip()[:LONGEST_NAME]
        if not self._names[url]:
            del self._names[url]
            if url in self._added:
                self._added[url] = self._added[url][0], ""

    def remove(self, url: ServerUrl) -> None:
        """Remove a server, preset or not."""
        self._added.pop(url, None)
        self._names.pop(url, None)
        self._removed.add(url)
        self.paused.discard(url)

    def merged(self, presets: dict[ServerUrl, str]) -> dict[ServerUrl, str]:
        """Return the servers to use, presets first."""
        added = sorted(self._added, key=lambda url: (self._added[url][0], url))
        servers = dict(presets)
        for url in added:
            servers[url] = self._added[url][1] or servers.get(url, "")
        servers.update({url: name for url, name in self._names.items() if url in servers})
        return {url: name for url, name in servers.items() if url not in self._removed}


class Substitutes:
    """For each server: a name in workflows -> the name that stands for it there.

    A name that stands for itself is sent as it is, also where the server doesn't list it.
    """

    def __init__(self, content: Content = NO_CONTENT) -> None:
        self._names: dict[ServerUrl, dict[str, str]] = {
            ServerUrl(url): {name: there for name, there in names.items() if isinstance(there, str)}
            for url, names in content.items()
        }

    def content(self) -> Content:
        """Return all of them, for the browser to keep."""
        return {str(url): names for url, names in self._names.items()}

    def of(self, url: ServerUrl) -> dict[str, str]:
        """Return those of one server."""
        return dict(self._names.get(url, {}))

    def set(self, url: ServerUrl, name: str, there: str) -> None:
        """Let a name stand for another; an empty one takes it back."""
        names = self._names.setdefault(url, {})
        names.pop(name, None)
        if there:
            names[name[:LONGEST_SUBSTITUTE]] = there[:LONGEST_SUBSTITUTE]
        if not names:
            del self._names[url]


def _address(place: Any, page_url: str) -> str:
    try:
        where = urljoin(page_url, place) if place and isinstance(place, str) else ""
        is_known = urlsplit(where).scheme in ("http", "https")
    except ValueError:
        is_known = False
    if not is_known:
        raise BadInput("list_nowhere", place=place)
    return where


def _read_entry(entry: Any, where: str) -> tuple[str, str]:
    match entry:
        case str(url):
            return url, ""
        case {"url": str(url)} if any(key in entry for key in _SECRETS):
            raise BadInput("presets_secret", where=where, server=url)
        case {"url": str(url)}:
            name = entry.get("name")
            return url, name[:LONGEST_NAME] if isinstance(name, str) else ""
    raise BadInput("address_bad", address=reprlib.repr(entry))
