"""Presets: what was typed in the form of a workflow, under a name; as shared records, as a file."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from tether.core.errors import BadInput
from tether.core.protocol.outputs import read_json
from tether.runtime.shared_entries import Content

PRESETS_RECORD = "preset"

LONGEST_NAME = 80
LONGEST_VALUES = 100_000
"""Characters of all that one preset holds: the workflow that follows is among it."""

THEN = "then"
"""Among values, which are by `node.input`, the workflow that follows."""

MOST, LARGEST = 200, 2_000_000
"""Presets of a browser, and their characters: it gives a site five million, and tasks need
theirs."""

_KIND = "presets"
"""What a file of presets says of itself."""


class Preset(NamedTuple):
    """Values that differ from the workflow's, as `FormPanel.typed` gives them."""

    name: str
    typed: Mapping[str, str]
    is_favourite: bool = False


def write_then(title: str, text: str) -> str:
    """Write the workflow that follows, as a value; a shipped one needs no text."""
    return json.dumps([title, text], ensure_ascii=False)


def read_then(value: str) -> tuple[str, str] | None:
    """Read what `write_then` wrote; None for anything else."""
    match read_json(value):
        case [str(title), str(text)]:
            return title, text
    return None


def presets_of(content: Content, workflow: str) -> list[Preset]:
    """Return the presets of a workflow, by its title: favourites first, each by name."""
    found = [_read(name, value) for name, value in content.get(workflow, {}).items()]
    known = [each for each in found if each is not None]
    return sorted(known, key=lambda each: (not each.is_favourite, each.name.casefold(), each.name))


def with_preset(content: Content, workflow: str, preset: Preset) -> Content:
    """Return the presets with this one, in place of an older one of that name.

    Raises:
        BadInput: It has no name, its values are too long, or there are too many.
    """
    name = " ".join(preset.name.split())[:LONGEST_NAME].strip()
    if not name:
        raise BadInput("preset_unnamed")
    if sum(len(place) + len(text) for place, text in preset.typed.items()) > LONGEST_VALUES:
        raise BadInput("preset_long", name=name, most=LONGEST_VALUES)
    named = content.get(workflow, {})
    if name not in named and sum(map(len, content.values())) >= MOST:
        raise BadInput("presets_full", most=MOST)
    value = {"typed": dict(preset.typed), "favourite": preset.is_favourite}
    with_it = {**content, workflow: {**named, name: value}}
    if len(json.dumps(with_it, ensure_ascii=False)) > LARGEST:
        raise BadInput("presets_large", name=name, most=LARGEST)
    return with_it


def without(content: Content, workflow: str, name: str) -> Content:
    """Return the presets without one."""
    named = {each: value for each, value in content.get(workflow, {}).items() if each != name}
    return {**content, workflow: named}


def write_file(content: Content) -> str:
    """Write all presets for another browser, as JSON for people to read."""
    rows = [
        {"workflow": workflow, "name": name, "values": dict(typed), "favourite": is_favourite}
        for workflow in sorted(content)
        for name, typed, is_favourite in presets_of(content, workflow)
    ]
    return json.dumps({"tether": _KIND, "v": 1, "presets": rows}, ensure_ascii=False, indent=1)


def with_file(content: Content, text: str) -> tuple[Content, int]:
    """Return the presets with those of a file, and how many the file has.

    Of a name that both have the file's preset holds.

    Raises:
        BadInput: It is no such file, or as `with_preset`.
    """
    match read_json(text):
        case {"tether": str(kind), "presets": list(rows)} if kind == _KIND:
            pass
        case _:
            raise BadInput("presets_unreadable")
    for row in rows:
        match row:
            case {"workflow": str(workflow), "name": str(name), "values": dict(values)}:
                value = {"typed": values, "favourite": row.get("favourite")}
                preset = _read(name, value)
                assert preset is not None
                content = with_preset(content, workflow, preset)
            case _:
                raise BadInput("presets_unreadable")
    return content, len(rows)


def _read(name: str, value: Any) -> Preset | None:
    match value:
        case {"typed": dict(typed)}:
            texts = {place: text for place, text in typed.items() if isinstance(text, str)}
            return Preset(name, texts, value.get("favourite") is True)
    return None
