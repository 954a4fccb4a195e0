"""The faults of the proxy, and what they do to the frames of a WebSocket."""

import json
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Frame: TypeAlias = str | bytes

FAULTS = {
    "reset": "cut every WebSocket now, without a close frame",
    "close": "close every WebSocket now, in good order",
    "half_open": "the WebSockets of now stay open, and nothing moves on them ever again",
    "pause": "nothing moves until it is healed; then all of it arrives",
    "down": "nobody listens, and all connections are cut",
    "no_sockets": "refuse WebSockets",
    "swallow": "drop the frames of these types: frames=[…]; executing_null is one",
    "duplicate": "say each frame twice",
    "inject": "say other frames around each: kinds=[foreign, malformed, unknown, junk]",
    "post_late": "hold the answer to POST /prompt back: seconds=…",
    "post_lost": "hand the next POST /prompt on, and cut its answer after the first byte",
    "post_cut": "the same before the first byte, so that a browser sends it again by itself",
    "fail_once": "answer 500 to the next GET of a path: path=regular expression",
    "hang": "let GETs of a path wait until it is healed: path=regular expression",
    "refuse": "answer POSTs of a path, readably if is_readable=true: path=…, status=…, text=…",
    "known_paths": "refuse /api/ with status=…, which a page can't read unless is_readable=true",
}
"""Name -> what it does. Faults add up until `heal`."""

_NOBODY = "00000000-0000-4000-8000-00000000dead"
_ABOUT_NOBODY = json.dumps({"prompt_id": _NOBODY, "image_type": "image/png"}).encode()


def _told(kind: str, **data: object) -> str:
    return json.dumps({"type": kind, "data": {"prompt_id": _NOBODY, **data}})


INJECTED: dict[str, Sequence[Frame]] = {
    "foreign": (
        _told("execution_start", timestamp=1),
        _told("executing", node="1", display_node="1"),
        _told("progress", node="1", value=1, max=2),
        b"\0\0\0\4" + len(_ABOUT_NOBODY).to_bytes(4, "big") + _ABOUT_NOBODY + b"\x89PNG",
        _told("executed", node="3", output={"images": []}),
        _told("execution_error", node_id="1", exception_message="not yours"),
        _told("execution_interrupted", node_id="1"),
        _told("execution_success", timestamp=2),
        _told("executing", node=None),
    ),
    "malformed": (
        '{"type": "executing", "data": {"node": nu',
        "",
        "[]",
        '{"type": 7}',
        '{"type": "executing"}',
        '{"type": "executed", "data": {"node": [], "prompt_id": {}}}',
        '{"type": "status", "data": {"status": null}}',
        '{"type": "execution_success", "data": null}',
    ),
    "unknown": (
        _told("crystools.monitor", cpu=99),
        '{"type": "executing_v2", "data": {"node": null}}',
        '{"type": "", "data": {}}',
    ),
    "junk": (
        b"",
        b"\0",
        b"\0\0\0\1",
        b"\0\0\0\1\0\0\0\2",
        b"\0\0\0\4\xff\xff\xff\xff{",
        b"\0\0\0\7 a kind nobody knows",
        bytes(range(256)),
    ),
}
"""Frames to inject: of other clients' tasks, malformed, of unknown types, and binary junk."""


def frame_kind(frame: Frame) -> str:
    """Return the type of a frame; `executing_null` for the last of a task, `binary` for bytes."""
    if isinstance(frame, bytes):
        return "binary"
    match json.loads(frame):
        case {"type": "executing", "data": {"node": None}}:
            return "executing_null"
        case {"type": str(kind)}:
            return kind
    return ""


def altered(
    frame: Frame, swallowed: Iterable[str] = (), injected: Iterable[str] = (), times: int = 1
) -> list[Frame]:
    """Return what replaces a frame: nothing or copies of it, between the injected ones."""
    around = [other for kind in injected for other in INJECTED[kind]]
    kept = [] if frame_kind(frame) in swallowed else [frame] * times
    return [*around, *kept, *around]
