"""Two conversations side by side: every difference that is not on the list, in words."""

from difflib import SequenceMatcher

from tests.conformance.allowed import (
    COMPARED_ALL_THE_SAME,
    HEADERS,
    REQUESTS,
    VALUES,
    is_arrival,
    is_repeated_status,
    remaining,
)
from tests.conformance.replay import Conversation, Exchange


def differences(name: str, theirs: Conversation, ours: Conversation) -> list[str]:
    """What the simulator said otherwise than the real server; empty if all is well."""
    found: list[str] = []
    if len(theirs.exchanges) != len(ours.exchanges):
        found.append(f"{len(theirs.exchanges)} answers against {len(ours.exchanges)}")
    for number, (their, our) in enumerate(zip(theirs.exchanges, ours.exchanges, strict=False)):
        known = their.request in REQUESTS
        if known and (name, their.request) not in COMPARED_ALL_THE_SAME:
            continue
        found += [f"answer {number}, {their.request}: {each}" for each in _exchange(their, our)]
    if list(theirs.frames) != list(ours.frames):
        found.append(f"connections {list(theirs.frames)} against {list(ours.frames)}")
    for channel, frames in theirs.frames.items():
        other = ours.frames.get(channel, [])
        found += [f"connection {channel}: {each}" for each in _frames(frames, other)]
    return found


def value_differences(theirs: object, ours: object, path: str = "") -> list[str]:
    """Where two JSON values differ; numbers must also be of one kind (1 is not 1.0)."""
    key = path.rpartition("/")[2]
    if key in VALUES:
        alike = VALUES[key](theirs, ours)
        return [] if alike else [f"{path}: {theirs!r} against {ours!r}"]
    if isinstance(theirs, dict) and isinstance(ours, dict):
        if list(theirs) != list(ours):
            return [f"{path}: keys {list(theirs)} against {list(ours)}"]
        return [
            each
            for name in theirs
            for each in value_differences(theirs[name], ours[name], f"{path}/{name}")
        ]
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        pairs = enumerate(zip(theirs, ours, strict=True))
        return [
            each
            for number, (their, our) in pairs
            for each in value_differences(their, our, f"{path}/{number}")
        ]
    if type(theirs) is type(ours) and theirs == ours:
        return []
    return [f"{path}: {_short(theirs)} against {_short(ours)}"]


def _exchange(their: Exchange, our: Exchange) -> list[str]:
    if their.request != our.request or their.status != our.status:
        return [f"status {their.status} against {our.status} ({our.request})"]
    found = value_differences(_headers(their), _headers(our), "headers")
    if their.json is not None or our.json is not None:
        found += value_differences(their.json, our.json, "json")
    if their.text is not None:
        found += value_differences(their.text, our.text, "text")
    return found


def _headers(exchange: Exchange) -> dict[str, str]:
    headers = {name.lower(): value for name, value in exchange.headers.items()}
    return {name: headers[name] for name in sorted(headers) if name not in HEADERS}


def _frames(theirs: list[dict], ours: list[dict]) -> list[str]:
    their_frames, their_arrivals = _settle(theirs)
    our_frames, our_arrivals = _settle(ours)
    found = []
    if their_arrivals != our_arrivals:
        found.append(f"queue grew to {their_arrivals} against {our_arrivals}")
    their_names, our_names = list(map(_name, their_frames)), list(map(_name, our_frames))
    if their_names != our_names:
        matcher = SequenceMatcher(None, their_names, our_names, autojunk=False)
        for kind, start, stop, our_start, our_stop in matcher.get_opcodes():
            if kind != "equal":
                expected, got = their_names[start:stop], our_names[our_start:our_stop]
                found.append(f"at frame {start}: {expected} against {got}")
        return found
    for number, (their, our) in enumerate(zip(their_frames, our_frames, strict=True)):
        found += [f"frame {number} {each}" for each in value_differences(their, our)]
    return found


def _settle(frames: list[dict]) -> tuple[list[dict], list[int]]:
    """Frames without repeated gauges, and the arrivals whose place is chance, by themselves."""
    settled: list[dict] = []
    arrivals: list[int] = []
    gauge = 0
    for frame in frames:
        if is_arrival(gauge, frame):
            arrivals.append(remaining(frame))
            gauge = remaining(frame)
            continue
        if settled and is_repeated_status(settled[-1], frame):
            continue
        if frame.get("type") == "status":
            if remaining(frame) == gauge and "sid" not in frame["data"] and gauge in arrivals:
                continue
            gauge = remaining(frame)
        settled.append(frame)
    return settled, arrivals


def _name(frame: dict) -> str:
    if "binary" in frame:
        return f"binary {frame['event']}"
    if "refused" in frame:
        return "refused"
    data = frame["data"]
    if frame["type"] == "status":
        return f"status {remaining(frame)}"
    return " ".join(str(each) for each in (frame["type"], data.get("node", "")) if each != "")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) < 200 else f"{text[:200]}…"
