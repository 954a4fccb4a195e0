"""What a server has run lately, whoever sent it."""

import json
from typing import Any, NamedTuple

from tether.core.errors import MessageError
from tether.core.ids import PromptId
from tether.core.protocol.outputs import name_of, read_json
from tether.core.protocol.requests import history_path, job_path

LIMIT = 20
JOBS_PATH = f"/api/jobs?status=completed&limit={LIMIT}"
"""The latest first, without their workflows. Source: ComfyUI 0.28.1, measured."""

HISTORY_PATH = f"/history?max_items={LIMIT}"
"""For servers without the jobs API: with their workflows. Source: ComfyUI 0.3.64, measured."""


class Run(NamedTuple):
    """One run: when it was asked for (seconds since the epoch, 0 if unknown), and a file of it."""

    prompt_id: PromptId
    at: float
    filename: str

    @property
    def name(self) -> str:
        """What its workflow is called."""
        return self.filename or self.prompt_id


def read_jobs(text: str) -> list[Run]:
    """Read the answer to `JOBS_PATH`.

    Raises:
        MessageError: It isn't what ComfyUI answers.
    """
    match read_json(text):
        case {"jobs": list(jobs)}:
            return [run for job in jobs if (run := _job(job)) is not None][:LIMIT]
    raise MessageError("jobs", text)


def read_history(text: str) -> list[Run]:
    """Read the answer to `HISTORY_PATH`: the oldest come first there.

    Raises:
        MessageError: It isn't what ComfyUI answers.
    """
    content = read_json(text)
    if not isinstance(content, dict):
        raise MessageError("history", text)
    found = [
        Run(PromptId(prompt_id), 0.0, _first_file(entry.get("outputs")))
        for prompt_id, entry in content.items()
        if isinstance(entry, dict)
    ]
    return list(reversed(found))[:LIMIT]


def run_paths(run: Run) -> tuple[str, str]:
    """Return where a run's workflow is read: at the jobs API, or in the older way."""
    return job_path(run.prompt_id), history_path(run.prompt_id)


def read_workflow(run: Run, text: str) -> str:
    """Return what ran, as JSON, with the editor's graph if it was sent along.

    Raises:
        MessageError: The server says nothing of it any more.
    """
    match read_json(text):
        case {"workflow": {"prompt": dict()} as workflow}:
            return json.dumps(workflow, ensure_ascii=False)
        case dict(entries):
            match entries.get(run.prompt_id):
                case {"prompt": [_, _, dict(nodes), *more]}:
                    content = {"prompt": nodes, "extra_data": more[0] if more else {}}
                    return json.dumps(content, ensure_ascii=False)
    raise MessageError("workflow", text)


def _job(job: Any) -> Run | None:
    match job:
        case {"id": str(prompt_id)}:
            shown, at = job.get("preview_output"), job.get("create_time")
            filename = shown.get("filename") if isinstance(shown, dict) else None
            return Run(
                PromptId(prompt_id),
                at / 1000 if isinstance(at, int | float) else 0.0,
                name_of(filename),
            )
    return None


def _first_file(outputs: Any) -> str:
    for output in outputs.values() if isinstance(outputs, dict) else ():
        for values in output.values() if isinstance(output, dict) else ():
            for value in values if isinstance(values, list) else ():
                match value:
                    case {"filename": name} if filename := name_of(name):
                        return filename
    return ""
