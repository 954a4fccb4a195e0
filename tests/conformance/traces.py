"""What real servers sent: recorded conversations, and what had happened before them."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "fixtures" / "traces"
_SAVED = re.compile(r"^(?P<stem>.+)_(?P<number>\d{5})_\.png$")


@dataclass(slots=True)
class Record:
    """One line: `direction` is `out` (from the clients), `in` (from the server) or `note`."""

    time: float
    direction: str
    channel: str
    payload: dict | list | str


@dataclass(frozen=True, slots=True)
class Upload:
    """What a recorded `<multipart>` body held; contents are equal where digests are."""

    name: str
    digest: str = "lab"
    size: int = 907
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Script:
    """What a trace doesn't say: the server's past, and the bodies that weren't written down.

    Attributes:
        before: Files that were there.
        uploads: The bodies of `POST /upload/image`, in order; None is no file at all.
        walks_backwards: How the sets of each process of the server fell.
        killed_at: When the recorder killed the server without a note.
        said: Frames that a client sent unrecorded, by channel.
        speed: The real worker was a little slower than its nodes asked for.
        port: Where the server listened.
    """

    before: tuple[Upload, ...] = (Upload("lab.png"),)
    uploads: tuple[Upload | None, ...] = ()
    walks_backwards: tuple[bool, ...] = (True, True)
    killed_at: float | None = None
    said: dict[str, tuple[str, ...]] = field(default_factory=dict)
    speed: float = 0.985
    port: int = 8188


def _out(name: str, size: int, subfolder: str = "") -> Upload:
    return Upload(name, name, size, {"type": "output", "subfolder": subfolder})


_FLAGS = '{"type": "feature_flags", "data": {"supports_preview_metadata": true}}'

SCRIPTS: dict[str, Script] = {
    "01_basic": Script(
        before=(),
        uploads=(
            Upload("lab.png"),
            Upload("lab.png"),
            Upload("lab.png", "other"),
            Upload("lab.png", "third", fields={"overwrite": "true"}),
            Upload("sub.png", fields={"subfolder": "a/b"}),
            Upload("tmp.png", fields={"type": "temp"}),
            Upload("..%2Fevil.png"),
            Upload("x.png", fields={"subfolder": "../../x"}),
            Upload("na%C3%AFve%20%E5%90%8D%20%281%29.png"),
        ),
    ),
    "02_slow": Script(),
    "04_reconnect": Script(
        speed=0.995, said={"wsjunk": ("no json", _FLAGS), "wsjunk2": ("{}", _FLAGS)}
    ),
    "05_dup": Script(),
    "07_errors": Script(),
    "08_shapes": Script(
        before=(
            Upload("lab.png"),
            Upload("lab (1).png"),
            Upload("..%2Fevil.png"),
            Upload("na%C3%AFve%20%E5%90%8D%20%281%29.png"),
        )
    ),
    "09_cors": Script(uploads=(None, None, None)),
    "10_kill": Script(
        before=(Upload("lab.png"), _out("before_00001_.png", 6214)),
        walks_backwards=(False, True),
        killed_at=12.3,
    ),
    "11_limits": Script(
        uploads=(
            Upload("x.html"),
            Upload('naïve 名 "q".png'),
            Upload("empty.png", size=0),
            None,
            Upload("x.png", fields={"type": "bogus"}),
        )
    ),
    "12_view": Script(
        before=(
            Upload("lab.png"),
            _out("v.svg", 41),
            _out("v.html", 6),
            _out("v.js", 1),
            _out("v.css", 3),
            _out("v.xml", 4),
            _out("v.txt", 1),
            _out("v.json", 2),
            _out("v.webp", 4),
            _out("v.mp4", 1),
            _out("v.glb", 1),
            _out("v.pdf", 4),
            _out("v.unknownext", 1),
            _out("naïve 名 & #1.png", 140),
            _out('q"uote.png', 140),
            _out("rgba.png", 141),
            _out("plain.png", 33643),
            _out("x.png", 140, "sub/deep"),
        )
    ),
}


def read_trace(name: str) -> list[Record]:
    """All records of a trace, in order."""
    lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    entries = map(json.loads, lines)
    return [Record(each["t"], each["dir"], each["kind"], each["payload"]) for each in entries]


def first_number(records: list[Record]) -> int:
    """How many times `POST /prompt` the server had seen before; refusals count too."""
    refused = 0
    for record in records:
        if record.direction != "in" or record.channel != "http":
            continue
        assert isinstance(record.payload, dict)
        answer = record.payload["json"]
        if isinstance(answer, dict) and "number" in answer:
            return int(answer["number"]) - refused
        refused += record.payload["path"] == "/prompt" and record.payload["method"] == "POST"
    return 0


def past_outputs(records: list[Record]) -> list[Upload]:
    """For every prefix that doesn't start at 1: the file that must have been there before."""
    found: dict[str, int] = {}
    for frame in _frames(records, "executed"):
        for image in (frame["data"]["output"] or {}).get("images", ()):
            saved = _SAVED.match(image["filename"])
            if saved is not None and image["type"] == "output":
                found.setdefault(saved["stem"], int(saved["number"]))
    names = [f"{stem}_{number - 1:05}_.png" for stem, number in found.items() if number > 1]
    return [_out(name, 10) for name in names]


def past_cache(records: list[Record]) -> bool:
    """Whether the first task found its picture loaded."""
    return any(
        frame["data"]["nodes"] == ["1"] for frame in _frames(records, "execution_cached")[:1]
    )


def temp_names(records: list[Record]) -> list[str]:
    """The five letters in the names of previews, one per process of the server."""
    found = re.findall(r"ComfyUI_temp_([a-z]{5})_", json.dumps([each.payload for each in records]))
    return list(dict.fromkeys(found))


def _frames(records: list[Record], kind: str) -> list[dict]:
    return [
        record.payload
        for record in records
        if record.direction == "in"
        and isinstance(record.payload, dict)
        and record.payload.get("type") == kind
    ]
