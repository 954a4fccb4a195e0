"""The records of a window and of its tasks, as texts."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tether.core.cells import cell_from_json, cell_to_json
from tether.core.errors import Trouble
from tether.core.events import Picture
from tether.core.ids import ClientId, Digest, NodeId, PromptId, ServerUrl, TaskId, WindowId
from tether.core.model.task import State, Task
from tether.core.protocol.handover import (
    places_from_json,
    places_to_json,
    source_from_json,
    source_to_json,
)
from tether.core.protocol.outputs import (
    is_time,
    outputs_from_json,
    outputs_to_json,
    read_json,
    texts,
)

VERSION = 1
WINDOW_RECORD = "window"
TASK_RECORD = "task:"
"""The start of every task's key; the task's id follows."""


def write_task(task: Task) -> str:
    """Write a task's record, without gauges and steps under way."""
    return json.dumps(
        {
            "v": VERSION,
            "id": task.task_id,
            "prompt": task.prompt_id,
            "title": task.title,
            "workflow": task.digest,
            "pictures": pictures_to_json(task.pictures),
            "pinned": task.pinned,
            "state": task.state.value,
            "server": task.server,
            "client": task.client_id,
            "times": [
                *(task.accepted_at, task.bound_at, task.posted_at),
                *(task.acknowledged_at, task.started_at, task.ended_at),
            ],
            "cancel": task.is_cancel_wanted,
            "trouble": [task.trouble.code, dict(task.trouble.facts)] if task.trouble else None,
            "outputs": outputs_to_json(task.outputs),
            "refused": sorted(task.refused_outputs),
            "names": [[node, name, given] for (node, name), given in task.names.items()],
            "by": task.ended_by,
            "epoch": task.epoch,
            "again_of": task.again_of,
            "run_again": task.is_run_again,
            "kept": task.is_kept,
            "files": task.has_files,
            "moving": task.is_moving,
            "moved": task.was_moved,
            "shape": task.workload,
            "asked": task.asked_at,
            "turn": task.turn,
            "server_name": task.server_name,
            "ran": task.ran,
            "halved": task.deduplicated_at,
            "sends": task.sends,
            "rev": task.revision,
            "sent_as": task.sent_as,
            "after": task.after,
            "takes": places_to_json(task.takes),
            "source": source_to_json(task.source),
            "cell": cell_to_json(task.cell),
        }
    )


def read_task(text: str) -> Task | None:
    """Read what `write_task` wrote; None for anything else."""
    match read_json(text):
        case {
            "v": 1,
            "id": str(task_id),
            "prompt": str(prompt),
            "title": str(title),
            "workflow": str(digest),
            "pictures": list(pictures),
            "pinned": None | str() as pinned,
            "state": str(state),
            "server": None | str() as server,
            "client": None | str() as client,
            "times": [_, _, _, _, _, _] as times,
            "by": str(by),
        } as record if _is_consistent(state, server, client, times):
            accepted, bound, posted, acknowledged, started, ended = times
            return Task(
                TaskId(task_id),
                PromptId(prompt),
                title,
                Digest(digest),
                pictures_from_json(pictures),
                ServerUrl(pinned) if pinned else None,
                accepted,
                State(state),
                ServerUrl(server) if server else None,
                ClientId(client) if client else None,
                bound,
                posted,
                acknowledged,
                started,
                ended,
                record.get("cancel") is True,
                _trouble(record.get("trouble")),
                outputs_from_json(record.get("outputs")),
                frozenset(NodeId(node) for node in texts(record.get("refused"))),
                names=_names(record.get("names")),
                ended_by=by,
                epoch=_count(record.get("epoch")),
                again_of=_task_id(record.get("again_of")),
                is_run_again=record.get("run_again") is True,
                is_kept=record.get("kept") is True,
                has_files=record.get("files") is not False,
                is_moving=record.get("moving") is True,
                was_moved=record.get("moved") is True,
                workload="".join(texts([record.get("shape")])),
                asked_at=_seconds(record.get("asked")),
                turn=_seconds(record.get("turn")),
                server_name="".join(texts([record.get("server_name")])),
                ran=_seconds(record.get("ran")),
                deduplicated_at=_seconds(record.get("halved")),
                sends=_count(record.get("sends")),
                revision=_count(record.get("rev")),
                sent_as=_prompt_id(record.get("sent_as")),
                after=_task_id(record.get("after")),
                takes=places_from_json(record.get("takes")),
                source=source_from_json(record.get("source")),
                cell=cell_from_json(record.get("cell")),
            )
    return None


def write_window(window_id: WindowId, client_ids: Mapping[ServerUrl, ClientId]) -> str:
    """Write the record of the window's identity."""
    return json.dumps({"v": VERSION, "id": window_id, "clients": dict(client_ids)})


def read_window(text: str) -> tuple[WindowId, dict[ServerUrl, ClientId]] | None:
    """Read what `write_window` wrote; None for anything else."""
    match read_json(text):
        case {"v": 1, "id": str(window_id), "clients": dict(clients)}:
            return WindowId(window_id), {
                ServerUrl(server): ClientId(client)
                for server, client in clients.items()
                if isinstance(client, str)
            }
    return None


def _is_consistent(state: str, server: str | None, client: str | None, times: list[Any]) -> bool:
    """Say whether a bound task has its server and client id, and a waiting one has none."""
    if state not in {known.value for known in State}:
        return False
    if not all(is_time(time) for time in times):
        return False
    if state == "waiting":
        return server is None
    return state in ("failed", "cancelled") or (server is not None and client is not None)


def pictures_to_json(pictures: Iterable[Picture]) -> list[list[str | int]]:
    """Return input pictures as rows."""
    return [[each.node_id, each.input, each.digest, each.filename, each.size] for each in pictures]


def pictures_from_json(rows: list[Any]) -> tuple[Picture, ...]:
    """Read what `pictures_to_json` returned; other rows are left out."""
    found = []
    for row in rows:
        match row:
            case [str(node), str(name), str(digest), str(filename), int(size)]:
                found.append(Picture(NodeId(node), name, Digest(digest), filename, size))
    return tuple(found)


def _names(rows: Any) -> dict[tuple[NodeId, str], str]:
    """Read the server's names of uploads: a POST that is sent again needs them."""
    found = {}
    for row in rows if isinstance(rows, list) else ():
        match row:
            case [str(node), str(name), str(given)]:
                found[(NodeId(node), name)] = given
    return found


def _task_id(text: Any) -> TaskId | None:
    return TaskId(text) if isinstance(text, str) else None


def _prompt_id(text: Any) -> PromptId | None:
    return PromptId(text) if isinstance(text, str) else None


def _trouble(row: Any) -> Trouble | None:
    match row:
        case [str(code), dict(facts)]:
            return Trouble(code, tuple(each for each in facts.items() if isinstance(each[1], str)))
    return None


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _seconds(value: Any) -> float:
    return value if is_time(value) else 0.0
