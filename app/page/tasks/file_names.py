"""What saved results are called: by a pattern that a person can set."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from tether.core.errors import BadInput

PLACES = ("title", "seed", "server", "date", "number", "values", "name")
"""What a pattern can name, in braces; `name` is what the file is called without a pattern."""

USUAL = "{name}"

Facts: TypeAlias = Mapping[str, str | tuple[str, ...]]
"""What stands at the places: a text, or several, each of which keeps its start."""

LONGEST_PATTERN = 200

LONGEST = 200
"""Bytes of a name without its ending: file systems take 255, and a number may follow.

Source: ext4, 255 bytes; NTFS and APFS, 255 characters.
"""

_LONGEST_ENDING = 12

_PLACE = re.compile(r"([ _-]*)\{(\w+)\}")
_ANY_BRACE = re.compile(r"\{[^{}]*\}?|\}")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*~]+')
"""Source: NTFS; and `~`, which Chromium's `getFileHandle` refuses."""

_SHORTCUTS = (".lnk", ".scf", ".url")
"""Endings that Chromium's `getFileHandle` refuses. Source: `IsSafePathComponent`, as for `~`."""

_JOINERS = "\u200c\u200d"
"""What holds emoji together, and parts letters of Persian: not printable alone."""

_RESERVED = frozenset(
    {"CON", "PRN", "AUX", "NUL"}
    | {f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"}
)
"""Names of devices. Source: Windows, “Naming Files, Paths, and Namespaces”, whatever the ending."""


def read_pattern(typed: str) -> str:
    """Return a pattern that was typed; the usual one for none.

    Raises:
        BadInput: It names what results don't have, or is too long.
    """
    pattern = " ".join(typed.split())
    if len(pattern) > LONGEST_PATTERN:
        raise BadInput("pattern_long", most=LONGEST_PATTERN)
    for found in _ANY_BRACE.findall(pattern):
        if found[1:-1] not in PLACES:
            raise BadInput("pattern_unknown", place=found)
    return pattern or USUAL


def kept_pattern(kept: str | None) -> str:
    """Return a pattern as it was remembered; the usual one where that is none."""
    try:
        return read_pattern(kept or "")
    except BadInput:
        return USUAL


def file_name(pattern: str, facts: Facts, filename: str) -> str:
    """Return what a file is saved as; `filename` is its usual name.

    What a result doesn't have is left out, with what stands before it. The name is one that
    Windows, macOS and Linux take, and Chromium from a page. Where there is no room for all that
    is wanted in it, each text has as much of it as the others, and short ones stay whole.
    """
    stem, dot, ending = filename.rpartition(".")
    if not stem or len(ending) > _LONGEST_ENDING or not (ending.isalnum() and ending.isascii()):
        stem, dot, ending = filename, "", ""
    known = {place: _plain_texts(fact) for place, fact in {**facts, "name": stem}.items()}
    said = _filled(pattern, known, LONGEST)
    if _length(said) > LONGEST:
        places = [place[2] for place in _PLACE.finditer(pattern)]
        lengths = [_length(text) for place in places for text in known.get(place, ())]
        room = LONGEST - _length(_filled(pattern, known, 0))
        said = _filled(pattern, known, _share(lengths, room))
    name = f"{_safe(said)}{dot}{ending}"
    return f"{name}_" if name.lower().endswith(_SHORTCUTS) else name


def _plain_texts(fact: str | tuple[str, ...]) -> list[str]:
    """Return the texts of a fact that say something, as names can have them."""
    texts = map(_plain, [fact] if isinstance(fact, str) else fact)
    return [text for text in texts if text]


def _filled(pattern: str, known: Mapping[str, list[str]], most: int) -> str:
    """Return a pattern with its facts, of each text so many bytes at most."""

    def put(place: re.Match[str]) -> str:
        texts = known.get(place[2], [])
        return place[1] + ", ".join(_start(text, most) for text in texts) if texts else ""

    said, first = _PLACE.sub(put, pattern), _PLACE.match(pattern)
    return said.lstrip(" _-") if first and not known.get(first[2]) else said


def _share(lengths: Iterable[int], room: int) -> int:
    """Return how many bytes each text has of the room: what short ones leave is the others'."""
    waiting = sorted(lengths)
    while waiting and waiting[0] <= room // len(waiting):
        room -= waiting.pop(0)
    return max(0, room // len(waiting)) if waiting else LONGEST


def _length(text: str) -> int:
    return len(text.encode(errors="ignore"))


def _start(text: str, most: int) -> str:
    return text.encode(errors="ignore")[:most].decode(errors="ignore").rstrip()


def _plain(text: str) -> str:
    """Return a text in one line, without what stands for something in the name of a file.

    Letters with accents are one character each: macOS takes both ways of writing for one name.
    """
    said = "".join(
        char if char.isprintable() or char in _JOINERS else " "
        for char in unicodedata.normalize("NFC", text)
    )
    return _FORBIDDEN.sub("-", " ".join(said.split()))


def _safe(text: str) -> str:
    """Return a text as the name of a file."""
    name = _start(_plain(text), LONGEST).strip(f" .{_JOINERS}")
    is_reserved = name.partition(".")[0].rstrip().upper() in _RESERVED
    return f"_{name}" if is_reserved or not name else name
