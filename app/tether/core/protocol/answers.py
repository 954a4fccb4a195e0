"""What servers answer over HTTP, as values; any other shape is a `MessageError`."""

import re
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, Literal, NamedTuple, TypeAlias

from tether.core.errors import MessageError, Trouble
from tether.core.ids import NodeId, PromptId
from tether.core.protocol.messages import (
    read_length,
    read_node_error,
    read_size,
    read_stamp,
    text_at,
)
from tether.core.protocol.outputs import (
    MOST_OUTPUTS,
    Output,
    name_of,
    parse_json,
    read_json,
    read_outputs,
)

OpenState = Literal["pending", "in_progress"]
EndState = Literal["completed", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Record:
    """A server's record of one task."""

    state: OpenState | EndState
    outputs: tuple[Output, ...] = ()
    trouble: Trouble | None = None
    ran: float = field(default=0.0, compare=False)
    """Seconds of its run by the server's clock; 0 where unknown."""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a server says of itself; memory in bytes."""

    version: str
    device: str
    memory_free: int
    memory_total: int


@dataclass(slots=True)
class Found:
    """A task in a list: it runs at most once, but may wait more often.

    `ahead` counts the tasks before it; None where unknown.
    """

    is_running: bool = False
    pending: int = 0
    ahead: int | None = None


MOST_REFUSED = 100
"""Outputs of one task that won't come; where there are more, the server's record tells its end."""

PLAIN_ID = re.compile(r"[\w.:-]{1,200}", re.ASCII)
"""An id that a server may give: no half a character, and no megabytes."""

_Entry: TypeAlias = tuple[PromptId, bool, Any]
"""A task in a list: its id, whether it runs, and its number."""


def read_queue_length(text: str) -> int:
    """Read `GET /prompt`: how many tasks wait or run."""
    match read_object(text):
        case {"exec_info": {"queue_remaining": int(remaining)}}:
            return read_length(remaining)
    raise MessageError("`/prompt` has an unknown shape", text)


def read_upload(text: str) -> str:
    """Read the answer to an upload: the file's name for the workflow, with its folder."""
    match read_object(text):
        case {"name": name} as answer if name := name_of(name):
            subfolder = name_of(answer.get("subfolder"))
            return f"{subfolder}/{name}" if subfolder else name
    raise MessageError("`/upload/image` has an unknown shape", text)


def read_acceptance(text: str) -> tuple[PromptId, frozenset[NodeId]]:
    """Read the 200 of `POST /prompt`: the task's id, and the outputs that won't come.

    Source: ComfyUI 0.28.1, measured: a valid part runs although others have `node_errors`.
    """
    match read_object(text):
        case {"prompt_id": str(prompt)} if not PLAIN_ID.fullmatch(prompt):
            pass  # a hostile one: half a character, or megabytes
        case {"prompt_id": str(prompt), "node_errors": dict(errors)}:
            refused = list(errors)
            for error in errors.values():
                match error:
                    case {"dependent_outputs": list(outputs)}:
                        refused += outputs
            known = filter(None, map(name_of, refused))
            return PromptId(prompt), frozenset(map(NodeId, islice(known, MOST_REFUSED)))
        case {"prompt_id": str(prompt)}:
            return PromptId(prompt), frozenset()
    raise MessageError("`/prompt` answered in an unknown shape", text)


def read_number(text: str) -> float | None:
    """Read the 200 of `POST /prompt`: the task's number, if it has one."""
    match read_object(text):
        case {"number": int() | float() as number}:
            return number
    return None


def read_job(text: str) -> Record:
    """Read one job of the jobs API."""
    answer = read_object(text)
    match answer:
        case {"status": ("pending" | "in_progress") as state}:
            return Record(state)
        case {"status": "completed"}:
            stamps = answer.get("execution_start_time"), answer.get("execution_end_time")
            return Record("completed", _all_outputs(answer.get("outputs")), ran=_between(*stamps))
        case {"status": "cancelled"}:
            return Record("cancelled", (), Trouble.of("interrupted"))
        case {"status": "failed"}:
            error = answer.get("execution_error")
            trouble = read_node_error(error if isinstance(error, dict) else {})
            return Record("failed", _all_outputs(answer.get("outputs")), trouble)
    raise MessageError("`/api/jobs/…` has an unknown shape", text)


def is_no_job(status: int, text: str) -> bool:
    """Say whether the jobs API itself knows no such job: a proxy's 404 is another.

    Source: ComfyUI 0.28.1, measured; docs/protocol.md 1.7.
    """
    return status == 404 and read_json(text) == {"error": "Job not found"}


def is_cancel(status: int, text: str) -> bool:
    """Say whether the jobs API itself took a call to cancel, whatever came of it."""
    match read_json(text):
        case {"cancelled": bool()}:
            return status == 200
    return False


def read_history(text: str, prompt_id: PromptId) -> Record | None:
    """Read one task's history; None when the server knows no such task, or not yet.

    Only `{}` says so: an object that is about something else may be a proxy's.
    """
    answer = read_object(text)
    if answer == {}:
        return None
    record = read_entry(answer.get(prompt_id)) if isinstance(answer, dict) else None
    if record is None:
        raise MessageError("`/history/…` has an unknown shape", text)
    return record


def read_entry(entry: Any) -> Record | None:
    """Read one entry of a history; None for what is none."""
    match entry:
        case {"status": {"status_str": str(status), "messages": list(messages)}} as entry:
            outputs = _all_outputs(entry.get("outputs"))
            if status == "success":
                return Record("completed", outputs, ran=_run(messages))
            match messages[-1:]:
                case [["execution_interrupted", _]]:
                    return Record("cancelled", (), Trouble.of("interrupted"))
                case [["execution_error", dict(error)]]:
                    return Record("failed", outputs, read_node_error(error))
            return Record("failed", outputs, read_node_error({}))
        case {"prompt": list(), "outputs": dict(given)} if entry.get("status") is None:
            # Source: ComfyUI before 2024, execution.py, read: `outputs` of what was done, no more.
            outputs = _all_outputs(given)
            if outputs:
                return Record("completed", outputs)
            return Record("failed", (), read_node_error({}))
    return None


def read_jobs(text: str) -> dict[PromptId, Found]:
    """Read the list of open jobs."""
    match read_object(text):
        case {"jobs": list(jobs)}:
            entries: list[_Entry] = []
            for job in jobs:
                match job:
                    case {"id": str(prompt), "status": "pending"}:
                        entries.append((PromptId(prompt), False, job.get("priority")))
                    case {"id": str(prompt), "status": "in_progress"}:
                        entries.append((PromptId(prompt), True, None))
            return _found(entries)
    raise MessageError("`/api/jobs` has an unknown shape", text)


def read_queue(text: str) -> dict[PromptId, Found]:
    """Read `GET /queue`, the list of servers without the jobs API."""
    match read_object(text):
        case {"queue_running": list(running), "queue_pending": list(pending)}:
            return _found(
                [
                    *((PromptId(i[1]), False, i[0]) for i in pending if _is_queue_item(i)),
                    *((PromptId(i[1]), True, None) for i in running if _is_queue_item(i)),
                ]
            )
    raise MessageError("`/queue` has an unknown shape", text)


class Features(NamedTuple):
    """The longest body in bytes, None when unsaid; and whether it lists classes it replaces."""

    max_upload: int | None
    replaces_classes: bool


def read_features(text: str) -> Features:
    """Read `GET /features`."""
    match read_object(text):
        case dict() as answer:
            size = read_size(answer.get("max_upload_size"))
            return Features(size, answer.get("node_replacements") is True)
    raise MessageError("`/features` has an unknown shape", text)


def read_stats(text: str) -> ServerFacts:
    """Read `GET /system_stats`."""
    match read_object(text):
        case {"system": dict(system), "devices": list(devices)}:
            device = devices[0] if devices and isinstance(devices[0], dict) else {}
            free, total = device.get("vram_free"), device.get("vram_total")
            return ServerFacts(
                text_at(system, "comfyui_version")[:40],
                text_at(device, "name")[:120],
                max(0, free) if isinstance(free, int) else 0,
                max(0, total) if isinstance(total, int) else 0,
            )
    raise MessageError("`/system_stats` has an unknown shape", text)


def read_object(text: str) -> Any:
    """Read an answer as JSON."""
    try:
        return parse_json(text)
    except ValueError as error:
        raise MessageError("answer is no JSON", text) from error


def _run(messages: list[Any]) -> float:
    """Return the seconds between the stamps of a record's first and last message."""
    match messages:
        case [[_, {"timestamp": start}], *_, [_, {"timestamp": end}]]:
            return _between(start, end)
    return 0.0


def _between(start: Any, end: Any) -> float:
    began, ended = read_stamp(start), read_stamp(end)
    return max(0.0, ended - began) if began else 0.0


def _all_outputs(outputs: Any) -> tuple[Output, ...]:
    if not isinstance(outputs, dict):
        return ()
    every = (read_outputs(NodeId(node), given) for node, given in outputs.items())
    return tuple(islice(chain.from_iterable(every), MOST_OUTPUTS))


def _found(entries: list[_Entry]) -> dict[PromptId, Found]:
    """Gather a list by task; the smallest number runs next, whatever the order of the list.

    Source: ComfyUI 0.28.1, measured; docs/protocol.md 1.2 and 8.
    """
    found: dict[PromptId, Found] = {}
    running = [prompt_id for prompt_id, is_running, _ in entries if is_running]
    numbers = sorted(n for _, is_running, n in entries if not is_running and _is_number(n))
    places = {number: place for place, number in reversed(list(enumerate(numbers, len(running))))}
    for prompt_id, is_running, number in entries:
        entry = found.setdefault(prompt_id, Found())
        if is_running:
            entry.is_running = True
            continue
        entry.pending += 1
        if _is_number(number) and prompt_id not in running:
            place = places[number]
            entry.ahead = place if entry.ahead is None else min(entry.ahead, place)
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _is_queue_item(item: Any) -> bool:
    """An item of the queue is `[number, prompt id, workflow, …]`."""
    return isinstance(item, list) and len(item) > 1 and isinstance(item[1], str)
