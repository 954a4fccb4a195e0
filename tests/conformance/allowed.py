"""The one list of differences that a conformance test lets pass, each with its reason."""

import re
from collections.abc import Callable

Same = Callable[[object, object], bool]


def _both(kind: type | tuple[type, ...]) -> Same:
    return lambda theirs, ours: isinstance(theirs, kind) and isinstance(ours, kind)


def _both_match(pattern: str) -> Same:
    compiled = re.compile(pattern)
    return lambda theirs, ours: all(
        isinstance(each, str) and compiled.fullmatch(each) for each in (theirs, ours)
    )


def _same_set(theirs: object, ours: object) -> bool:
    return isinstance(theirs, list) and isinstance(ours, list) and set(theirs) == set(ours)


def _both_texts(theirs: object, ours: object) -> bool:
    lists = isinstance(theirs, list) and isinstance(ours, list)
    return lists and all(isinstance(each, str) for each in (*theirs, *ours))


def _same_keys(theirs: object, ours: object) -> bool:
    return isinstance(theirs, dict) and isinstance(ours, dict) and set(theirs) == set(ours)


# Values under these keys need only be alike.
VALUES: dict[str, Same] = {
    # Times.
    "timestamp": _both(int),
    "create_time": _both(int),
    "execution_start_time": _both(int),
    "execution_end_time": _both(int),
    "etag": _both_match(r'"[0-9a-f]+-[0-9a-f]+"'),
    "last-modified": _both_match(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"),
    # Pixels, as previews and as printed values.
    "binary": _both(int),
    "head_hex": _both_match(r"[0-9a-f]{48}|[0-9a-f]+"),
    "image_head_hex": _both_match(r"[0-9a-f]*"),
    "current_inputs": _same_keys,
    # The place in the server's own source.
    "traceback": _both_texts,
    # The order of a Python set.
    "current_outputs": _same_set,
    # The machine it runs on, and where its folders lie.
    "ram_total": _both(int),
    "ram_free": _both(int),
    "vram_total": _both(int),
    "vram_free": _both(int),
    "torch_vram_total": _both(int),
    "torch_vram_free": _both(int),
    "argv": _both_texts,
}

# Headers that say nothing about ComfyUI: the HTTP library writes them.
HEADERS = {"date", "server", "content-length", "transfer-encoding", "connection"}

# Requests for what the simulator hasn't: models, the frontend, logs, its own past.
REQUESTS = {
    "GET /object_info/KSampler": "models are out of scope",
    "GET /object_info/CheckpointLoaderSimple": "models are out of scope",
    "GET /extensions": "lists the frontend's files",
    "GET /api/userdata?dir=workflows": "the frontend's own storage",
    "GET /internal/logs": "the text of the log",
    "GET /history": "650 tasks of the laboratory's earlier experiments",
}

# A trace recorded after a kill has no past, so its whole history counts.
COMPARED_ALL_THE_SAME = {("10_kill", "GET /history")}


def is_repeated_status(before: dict, frame: dict) -> bool:
    """The gauge of the queue may repeat itself any number of times."""
    return frame.get("type") == "status" == before.get("type") and frame["data"] == before["data"]


def is_arrival(gauge: int, frame: dict) -> bool:
    """A longer queue is told by another thread than the task that runs: its place is chance.

    Only while something runs; a status at the start and at the end of a task keeps its place.
    """
    if frame.get("type") != "status" or "sid" in frame["data"]:
        return False
    return remaining(frame) > gauge > 0


def remaining(frame: dict) -> int:
    """The number in a `status`."""
    return frame["data"]["status"]["exec_info"]["queue_remaining"]
