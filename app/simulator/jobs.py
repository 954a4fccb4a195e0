"""`/api/jobs`: waiting, running and finished tasks in one list.

Source: ComfyUI 0.28.1 wire, measured; comfy_execution/jobs.py.
"""

from dataclasses import dataclass

from simulator.history import Entry, History
from simulator.http import Request, Response, json_response
from simulator.queue import Task, TaskQueue

_STATUSES = ("pending", "in_progress", "completed", "failed", "cancelled")
_ENDINGS = {
    "execution_success": "completed",
    "execution_error": "failed",
    "execution_interrupted": "cancelled",
}


class BadFilter(Exception):
    """A query parameter of `/api/jobs` is refused; the text goes to the client."""


@dataclass(frozen=True, slots=True)
class Jobs:
    """Answers from the queue and the history."""

    queue: TaskQueue
    history: History

    def answer_one(self, prompt_id: str) -> Response:
        """`GET /api/jobs/{id}`: everything about one task."""
        running = self.queue.running
        if running is not None and running.prompt_id == prompt_id:
            return json_response(_unfinished(running, "in_progress"))
        for task in self.queue.heap:
            if task.prompt_id == prompt_id:
                return json_response(_unfinished(task, "pending"))
        entry = self.history.entries.get(prompt_id)
        if entry is None:
            return json_response({"error": "Job not found"}, 404)
        task = entry.task
        details = {
            "outputs": entry.outputs,
            "execution_status": entry.status,
            "workflow": {"prompt": task.workflow, "extra_data": task.extra_data},
        }
        return json_response({**_finished(entry), **details})

    def answer_all(self, request: Request) -> Response:
        """`GET /api/jobs`: a filtered page of tasks, newest first."""
        query = request.query
        try:
            statuses = _statuses(query.get("status"))
            limit = _number("limit", query.get("limit"))
            offset = _number("offset", query.get("offset")) or 0
            if limit is not None and limit <= 0:
                raise BadFilter("limit must be a positive integer")
        except BadFilter as bad:
            return json_response({"error": str(bad)}, 400)
        offset = max(0, offset)
        workflow_id = query.get("workflow_id")
        jobs = [
            job
            for job in self._list(statuses)
            if workflow_id is None or job.get("workflow_id") == workflow_id
        ]
        jobs.sort(key=_created, reverse=True)
        page = jobs[offset : None if limit is None else offset + limit]
        pagination = {
            "offset": offset,
            "limit": limit,
            "total": len(jobs),
            "has_more": offset + len(page) < len(jobs),
        }
        return json_response({"jobs": page, "pagination": pagination})

    def _list(self, statuses: tuple[str, ...]) -> list[dict[str, object]]:
        jobs = []
        if "in_progress" in statuses and self.queue.running is not None:
            jobs.append(_unfinished(self.queue.running, "in_progress"))
        if "pending" in statuses:
            jobs.extend(_unfinished(task, "pending") for task in self.queue.heap)
        finished = map(_finished, self.history.entries.values())
        return jobs + [job for job in finished if job["status"] in statuses]


def _statuses(text: str | None) -> tuple[str, ...]:
    wanted = tuple(word for part in (text or "").split(",") if (word := part.strip().lower()))
    unknown = [word for word in wanted if word not in _STATUSES]
    if unknown:
        valid = ", ".join(_STATUSES)
        raise BadFilter(f"Invalid status value(s): {', '.join(unknown)}. Valid values: {valid}")
    return wanted or _STATUSES


def _number(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise BadFilter(f"{name} must be an integer") from error


def _created(job: dict[str, object]) -> int:
    created = job["create_time"]
    assert isinstance(created, int), "`POST /prompt` sets it"
    return created


def _unfinished(task: Task, status: str) -> dict[str, object]:
    return _job(task, status, outputs_count=0)


def _finished(entry: Entry) -> dict[str, object]:
    kind, last = entry.messages[-1]
    count, preview = _summary(entry.outputs)
    return _job(
        entry.task,
        _ENDINGS[kind],
        execution_start_time=entry.messages[0][1]["timestamp"],
        execution_end_time=last["timestamp"],
        execution_error=last if kind == "execution_error" else None,
        outputs_count=count,
        preview_output=preview,
    )


def _job(task: Task, status: str, **more: object) -> dict[str, object]:
    pnginfo = task.extra_data.get("extra_pnginfo")
    workflow = pnginfo.get("workflow") if isinstance(pnginfo, dict) else None
    job: dict[str, object] = {
        "id": task.prompt_id,
        "status": status,
        "priority": task.number,
        "create_time": task.extra_data.get("create_time"),
        **more,
        "workflow_id": workflow.get("id") if isinstance(workflow, dict) else None,
    }
    return {name: value for name, value in job.items() if value is not None}


def _summary(outputs: dict[str, object]) -> tuple[int, dict[str, object] | None]:
    """Count the files, and choose the one to show: a saved one before a temporary one."""
    count, saved, other = 0, None, None
    for node_id, output in outputs.items():
        for media_type, items in output.items() if isinstance(output, dict) else ():
            for item in items if isinstance(items, list) else ():
                if not isinstance(item, dict):
                    continue
                count += 1
                shown = {**item, "nodeId": node_id, "mediaType": media_type}
                if item.get("type") == "output":
                    saved = saved or shown
                other = other or shown
    return count, saved or other
