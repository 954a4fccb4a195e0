"""What a task gives back: files on a server, and texts."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import isinf
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from tether.core.ids import NodeId, PromptId, ServerUrl

Kind = Literal["image", "video", "audio", "model", "text", "other"]

_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("png", "jpg", "jpeg", "webp", "gif", "bmp", "avif"), "image"),
    **dict.fromkeys(("mp4", "webm", "mov", "mkv"), "video"),
    **dict.fromkeys(("wav", "mp3", "flac", "ogg", "opus", "m4a"), "audio"),
    **dict.fromkeys(("glb", "obj", "stl"), "model"),
}


LARGEST_UNASKED = 32 * 2**20
"""Bytes of the largest result that is fetched without a click."""

LARGEST_ASKED = 2 * 2**30
"""Bytes of the largest result that is fetched at all: an endless one must end."""

MOST_OUTPUTS = 1_000
"""Results of one task; a hostile server tells a million, and each costs the page an element."""

LONGEST_TEXT = 50_000
"""Characters kept of a text result."""

LONGEST_NAME = 1_000
"""Characters of a name of a peer: no file system, node or class has a longer one."""

LONGEST_SAVED = 200_000
"""Characters of the texts, and of the names, in one record: storage has a few millions for all."""

_MOST_LISTS = 3
"""Most lists inside lists that results are looked for in."""

DEEPEST = 300
"""Levels of nesting that every stack bears; deeper JSON is refused."""

MOST_PARTS = 400_000
"""Lists and objects in one text: reading as many takes a page about a second."""

LARGEST = 2**64

# Possessive, and to the end of the text where the last quote is missing: never quadratic.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NO_BRACKETS = re.compile(r"[^\[\]{}]++")
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")


@dataclass(frozen=True, slots=True)
class Output:
    """One result of a node: a file on its server, or a text (`text` set, no file).

    `folder` is the server's `type`: output, temp or input.
    """

    node_id: NodeId
    kind: Kind
    filename: str = ""
    subfolder: str = ""
    folder: str = "output"
    text: str = ""


def first_image(outputs: Iterable[Output]) -> Output | None:
    """Return the first of a task's results that is a picture; one that was saved, if any was."""
    return _first(outputs, "image")


def _first(outputs: Iterable[Output], kind: Kind) -> Output | None:
    found = [each for each in outputs if each.kind == kind]
    return min(found, key=lambda each: each.folder != "output", default=None)


def comparable(left: Sequence[Output], right: Sequence[Output]) -> tuple[Output, Output] | None:
    """Return what of two tasks' results is looked at side by side: pictures, else films."""
    kinds: tuple[Kind, ...] = ("image", "video")
    for kind in kinds:
        one, other = _first(left, kind), _first(right, kind)
        if one is not None and other is not None:
            return one, other
    return None


VIEWED: frozenset[Kind] = frozenset({"image", "video", "audio", "model"})
"""The kinds that can be looked at, or listened to, in the page."""

PLAYED: frozenset[Kind] = frozenset({"video", "audio"})
"""Those for which players ask by ranges: nobody fetches them whole before."""


class Fetched(NamedTuple):
    """A result file in the page: its address, "" when there is none, and its content as a Blob.

    `size` is the bytes of one that is too large to be fetched unasked; address and content are
    those of a smaller copy then, if the server made one.
    """

    address: str
    size: int = 0
    content: Any = None


def read_outputs(node_id: NodeId, output: Any) -> tuple[Output, ...]:
    """Read a node's `output` object, whatever keys custom nodes use.

    `{filename, subfolder, type}` is a file and a string is a text, bare or in lists; all else
    (such as `animated`) is no result. There are at most `MOST_OUTPUTS`.
    Source: ComfyUI 0.28.1, `executed` and history, measured; captions of custom nodes come bare,
    or as a list of their letters.
    """
    if not isinstance(output, dict):
        return ()
    node_id = NodeId(cut(node_id))
    found: list[Output] = []
    for values in output.values():
        for value in _values_in(values, _MOST_LISTS):
            if len(found) == MOST_OUTPUTS:
                return tuple(found)
            match value:
                case {"filename": name} if filename := name_of(name):
                    subfolder = name_of(value.get("subfolder"))
                    folder = name_of(value.get("type"), "output")
                    found.append(Output(node_id, kind_of(filename), filename, subfolder, folder))
                case str() if value:
                    found.append(Output(node_id, "text", text=value[:LONGEST_TEXT]))
    return tuple(found)


def name_of(value: Any, otherwise: str = "") -> str:
    """Return a name of a peer; `otherwise` for what is none, or longer than any name."""
    return value if isinstance(value, str) and len(value) <= LONGEST_NAME else otherwise


def cut(name: str) -> str:
    """Return a name of a peer that must not be missing: the beginning of one that is too long."""
    return name[:LONGEST_NAME]


def _values_in(values: Any, levels: int) -> Iterator[Any]:
    """Yield what stands in a value, which may be a list of lists."""
    if not isinstance(values, list):
        yield values
    elif _is_spelled(values):
        yield "".join(values[:LONGEST_TEXT])
    elif levels:
        for value in values:
            yield from _values_in(value, levels - 1)


def _is_spelled(values: list[Any]) -> bool:
    """Tell whether a list is one text, letter by letter: a node gave a text where a list belongs.

    Digits alone may well be so many numbers.
    """
    is_of_letters = all(isinstance(value, str) and len(value) == 1 for value in values)
    return len(values) > 1 and is_of_letters and not "".join(values).isdigit()


def kind_of(filename: str) -> Kind:
    """Tell by its ending how a file can be shown."""
    return _KINDS.get(filename.rpartition(".")[2].lower(), "other")


def saved_name(filename: str, picture: str) -> str:
    """Return a unique name for a result on disk: servers number theirs anew after a restart."""
    stem = picture.rpartition(".")[0] or picture
    return f"{stem}-{filename}" if stem else filename


def unique_names(names: Iterable[str]) -> list[str]:
    """Number file names that come again: “a.png”, “a (2).png”, whatever the case of letters."""
    taken: set[str] = set()
    following: dict[str, int] = {}
    found = []
    for name in names:
        stem, dot, ending = name.rpartition(".")
        key = name.casefold()
        new, number = name, following.get(key, 2)
        while new.casefold() in taken:
            new = f"{stem} ({number}){dot}{ending}" if stem else f"{name} ({number})"
            number += 1
        following[key] = number
        taken.add(new.casefold())
        found.append(new)
    return found


def view_url(server: ServerUrl, output: Output, prompt_id: PromptId) -> str:
    """Return the address of a result file.

    The prompt id at the end keeps browsers from showing an older file of the same name:
    names repeat when the output folder is cleaned, and answers have no `Cache-Control`.
    A name that no URL can hold (half of a surrogate pair) gives an address of nothing.
    Source: ComfyUI 0.28.1, `GET /view`, measured.
    """
    query = "&".join(
        f"{name}={quote(value, safe='', errors='replace')}"
        for name, value in (
            ("filename", output.filename),
            ("subfolder", output.subfolder),
            ("type", output.folder),
            ("prompt", prompt_id),
        )
    )
    return f"{server}/view?{query}"


def smaller_url(url: str) -> str:
    """Return the address of the same picture in fewer bytes: whole, but encoded again.

    Source: ComfyUI 0.28.1, `GET /view`, `preview`, measured: 500 for what is no picture.
    """
    return f"{url}&preview=webp;80"


def outputs_to_json(outputs: tuple[Output, ...]) -> list[list[str]]:
    """Write outputs as plain lists, for a task's record.

    A text that has no room in it is empty; after names that have none comes nothing.
    """
    found: list[list[str]] = []
    for_texts = for_names = LONGEST_SAVED
    for o in outputs:
        names = [o.node_id, o.kind, o.filename, o.subfolder, o.folder]
        for_names -= sum(map(_length_in_record, names))
        if for_names < 0:
            break
        length = _length_in_record(o.text)
        is_short = length <= for_texts
        for_texts -= length if is_short else 0
        found.append([*names, o.text if is_short else ""])
    return found


def _length_in_record(text: str) -> int:
    """A character that isn't ASCII takes six."""
    return len(text) * (1 if text.isascii() else 6)


def outputs_from_json(rows: Any) -> tuple[Output, ...]:
    """Read what `outputs_to_json` wrote; rows of another shape are left out."""
    found = []
    for row in rows if isinstance(rows, list) else ():
        match row:
            case [str(node), str(kind), str(name), str(sub), str(folder), str(text)]:
                known: Kind = "text" if kind == "text" else kind_of(name)
                found.append(Output(NodeId(node), known, name, sub, folder, text))
    return tuple(found)


def is_time(value: Any) -> bool:
    """Say whether a stored value is seconds since the epoch: no NaN, no endless number."""
    return isinstance(value, int | float) and 0 <= value < 1e12


def parse_json(text: str) -> Any:
    """Read JSON from a peer; raise ValueError for anything else.

    Nesting deeper than the stack ends Python in a browser for good, instead of raising: such a
    text isn't even tried. Whole numbers are at most 2^64, which no seed is, so that sums of them
    are numbers too; what is infinite, or NaN, as Python servers write it, is None.
    Source: Pyodide 314.0.7, `json.loads`, measured: 5,000 levels pass, 100,000 are fatal.
    """
    parts = parts_of(text)
    if parts > MOST_PARTS:
        raise ValueError(f"more than {MOST_PARTS} lists and objects")
    if parts > DEEPEST and _depth(text) > DEEPEST:
        raise ValueError("nested too deeply")
    return _READER.decode(text)


def parts_of(text: str) -> int:
    """Return how many lists and objects a text has at most."""
    return text.count("[") + text.count("{")


def texts(values: Any) -> list[str]:
    """Return the texts of a list; none of what is no list."""
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def read_json(text: str) -> Any:
    """Read JSON that may be anything; return None when it is none."""
    try:
        return parse_json(text)
    except ValueError:
        return None


def _whole(digits: str) -> int:
    if len(digits) > 21:
        return -LARGEST if digits.startswith("-") else LARGEST
    return max(-LARGEST, min(int(digits), LARGEST))


def _finite(digits: str) -> float | None:
    value = float(digits)
    return None if isinf(value) else value


def _none(_constant: str) -> None:
    return None


_READER = json.JSONDecoder(parse_int=_whole, parse_float=_finite, parse_constant=_none)
"""Made once: to make it takes a third of the time in which a frame is read."""


def _depth(text: str) -> int:
    """Return how deep lists and objects are inside each other, of text that may be no JSON."""
    brackets = _NO_BRACKETS.sub("", _STRING.sub("", text)).encode()
    # Signed bytes: 1 for each that opens, -1 for each that closes.
    steps = memoryview(brackets.translate(_STEPS)).cast("b")
    return max(accumulate(steps), default=0)
