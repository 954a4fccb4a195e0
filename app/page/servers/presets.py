"""What the host presets of servers, and what this browser has changed and set."""

import json
import reprlib
from typing import Any

from tether.core.errors import BadInput, Trouble
from tether.core.ids import ServerUrl
from tether.core.protocol.access_token import DEFAULT_NAME, Access, Mode
from tether.core.protocol.address import parse_server_url
from tether.core.protocol.outputs import parse_json

LONGEST_NAME = 60
LONGEST_SUBSTITUTE = 500

LIST_FILE = "servers.json"
"""The host's list, beside the page."""

_SECRETS = ("token", "secret", "password", "login", "key")
"""What somebody might write a secret under, for every visitor to read."""


def read_presets(
    text: str, page_url: str, where: str = LIST_FILE
) -> tuple[dict[ServerUrl, str], list[Trouble]]:
    """Read a host's list: addresses, or `{"url": …, "name": …}`.

    Args:
        text: The list.
        page_url: Against which short addresses are read.
        where: What to call the list in a trouble.

    Returns:
        The servers with their names ("" for none), and what could not be read: one bad
        entry doesn't take the others away.
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
    found = {}
    try:
        entries = parse_json(text)
    except ValueError:
        return {}
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

    def __init__(self, text: str = "") -> None:
        self._added: dict[ServerUrl, str] = {}
        self._removed: set[ServerUrl] = set()
        self.paused: set[ServerUrl] = set()
        """Those that a person keeps new tasks from."""
        self._names: dict[ServerUrl, str] = {}
        try:
            content = parse_json(text)
        except ValueError:
            return
        match content:
            case {"added": dict(added), "removed": list(removed)}:
                named = {url: name for url, name in added.items() if isinstance(name, str)}
                self._added = {ServerUrl(url): name for url, name in named.items()}
                self._removed = {ServerUrl(url) for url in removed if isinstance(url, str)}
                paused = content.get("paused")
                if isinstance(paused, list):
                    self.paused = {ServerUrl(url) for url in paused if isinstance(url, str)}
                names = content.get("names")
                for url, name in names.items() if isinstance(names, dict) else ():
                    if isinstance(name, str):
                        self.rename(ServerUrl(url), name)

    def write(self) -> str:
        """Write the changes, for the browser to keep."""
        removed, paused = sorted(self._removed), sorted(self.paused)
        return json.dumps(
            {"added": self._added, "removed": removed, "paused": paused, "names": self._names}
        )

    def add(self, url: ServerUrl, name: str = "") -> None:
        """Add a server, or take its removal back."""
        self._added[url] = name[:LONGEST_NAME]
        self._removed.discard(url)
        if name:
            self._names.pop(url, None)

    def rename(self, url: ServerUrl, name: str) -> None:
        """Call a server something else; "" for what it is called by itself."""
        self._names[url] = name.strip()[:LONGEST_NAME]
        if not self._names[url]:
            del self._names[url]
            if url in self._added:
                self._added[url] = ""

    def remove(self, url: ServerUrl) -> None:
        """Remove a server, preset or not."""
        self._added.pop(url, None)
        self._names.pop(url, None)
        self._removed.add(url)
        self.paused.discard(url)

    def merged(self, presets: dict[ServerUrl, str]) -> dict[ServerUrl, str]:
        """Return the servers to use, presets first."""
        servers = {**presets, **{url: name for url, name in self._added.items() if name}}
        servers.update({url: servers.get(url, "") for url in self._added})
        servers.update({url: name for url, name in self._names.items() if url in servers})
        return {url: name for url, name in servers.items() if url not in self._removed}


class Substitutes:
    """For each server: a name in workflows -> the name that stands for it there.

    A name that stands for itself is sent as it is, also where the server doesn't list it.
    """

    def __init__(self, text: str = "") -> None:
        self._names: dict[ServerUrl, dict[str, str]] = {}
        try:
            content = parse_json(text)
        except ValueError:
            return
        for url, names in content.items() if isinstance(content, dict) else ():
            if isinstance(names, dict):
                kept = {name: there for name, there in names.items() if isinstance(there, str)}
                self._names[ServerUrl(url)] = kept

    def write(self) -> str:
        """Write all of them, for the browser to keep."""
        return json.dumps(self._names)

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
