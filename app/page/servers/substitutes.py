"""What a server calls the things that workflows name otherwise, as a person has set it."""

import json

from tether.core.ids import ServerUrl
from tether.core.protocol.outputs import parse_json

LONGEST_NAME = 500


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
            names[name[:LONGEST_NAME]] = there[:LONGEST_NAME]
        if not names:
            del self._names[url]
