"""What all windows of a browser change together, without forgetting each other's changes."""

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from tether.core.protocol.outputs import read_json
from tether.runtime.ports import Records

Content: TypeAlias = Mapping[str, Mapping[Any, Any]]
"""Values, which JSON can hold, by section and name, which are texts."""


class SharedEntries:
    """Sections of named values, each value a record of its own.

    A record is written whole, and of two windows that change two values at the same moment
    neither knows what the other has written: in one record the first change would be forgotten.
    Source: HTML, "The localStorage getter": between processes nothing is locked or ordered.
    """

    def __init__(self, shared: Records, key: str) -> None:
        self._shared = shared
        self._start = f"{key}:"

    def holds(self, key: str) -> bool:
        """Tell whether a record is one of these."""
        return key.startswith(self._start)

    def read(self) -> dict[str, dict[str, Any]]:
        """Return all values as they stand; what can't be read is left out."""
        found: dict[str, dict[str, Any]] = {}
        for key, text in sorted(self._shared.read_all().items()):
            if self.holds(key):
                match read_json(key.removeprefix(self._start)), read_json(text):
                    case [str(section), str(name)], value if value is not None:
                        found.setdefault(section, {})[name] = value
        return found

    def write(self, content: Content) -> None:
        """Make this of what stands: only the values that differ are written, or deleted."""
        before, after = _flat(self.read()), _flat(content)
        for place in before.keys() | after.keys():
            if before.get(place) != after.get(place):
                value = after.get(place)
                text = None if value is None else json.dumps(value, ensure_ascii=False)
                self._shared.write(self._start + json.dumps(place), text)


def _flat(content: Content) -> dict[tuple[str, str], Any]:
    return {
        (section, name): value
        for section, named in content.items()
        for name, value in named.items()
    }
