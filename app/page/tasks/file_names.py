"""What saved results are called: by a pattern that a person can set."""

import re
from collections.abc import Mapping

from tether.core.errors import BadInput

PLACES = ("title", "seed", "server", "date", "number", "values", "name")
"""What a pattern can name, in braces; `name` is what the file is called without a pattern."""

USUAL = "{name}"

LONGEST_PATTERN = 200

LONGEST = 200
"""Bytes of a name without its ending: file systems take 255, and a number may follow.

Source: ext4, 255 bytes; NTFS and APFS, 255 characters.
"""

_LONGEST_ENDING = 12

_PLACE = re.compile(r"([ _-]*)\{(\w+)\}")
_ANY_BRACE = re.compile(r"\{[^{}]*\}?|\}")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]+')

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


def file_name(pattern: str, facts: Mapping[str, str], filename: str) -> str:
    """Return what a file is saved as; `filename` is its usual name.

    What a result doesn't have is left out, with what stands before it. The name is one that
    Windows, macOS and Linux take.
    """
    stem, dot, ending = filename.rpartition(".")
    if not stem or len(ending) > _LONGEST_ENDING or not (ending.isalnum() and ending.isascii()):
        stem, dot, ending = filename, "", ""
    known = {**facts, "name": stem}

    def put(place: re.Match[str]) -> str:
        fact = known.get(place[2], "")
        return place[1] + fact if fact else ""

    said = _PLACE.sub(put, pattern)
    first = _PLACE.match(pattern)
    if first and not known.get(first[2]):
        said = said.lstrip(" _-")
    return f"{_safe(said)}{dot}{ending}"


def _safe(text: str) -> str:
    """Return a text as the name of a file, without what stands for something in one."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    name = _FORBIDDEN.sub("-", " ".join(plain.split()))
    name = name.encode()[:LONGEST].decode(errors="ignore").strip(" .")
    is_reserved = name.partition(".")[0].rstrip().upper() in _RESERVED
    return f"_{name}" if is_reserved or not name else name
