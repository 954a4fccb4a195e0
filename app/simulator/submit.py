"""`POST /prompt`: from a body to a queued task."""

import re
from dataclasses import dataclass

from simulator.http import Response, ServerTrouble, body_json, json_response
from simulator.process import Process
from simulator.queue import EqualEntries, Task, TaskQueue
from simulator.replacements import replaced
from simulator.settings import Api
from simulator.validation import Validator
from simulator.values import make_error

_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SECRETS = ("auth_token_comfy_org", "api_key_comfy_org")
_BAD_ID = make_error(
    "invalid_prompt_id",
    "prompt_id must be a valid UUID",
    "prompt_id must be a UUID string in canonical lowercase hyphenated form; "
    "omit it to let the server generate one",
)


@dataclass(frozen=True, slots=True)
class Submission:
    """The outcome of a body; `is_queued` holds even if the server failed on two equal entries."""

    response: Response | None
    is_queued: bool = False


def is_canonical_uuid(value: object) -> bool:
    """Tell whether 0.28.1 accepts a value as a prompt id."""
    return isinstance(value, str) and _CANONICAL.fullmatch(value) is not None


def submit(body: bytes, process: Process) -> Submission:
    """Validate a body and queue its task; without a response the server has failed.

    Source: ComfyUI 0.28.1 and 0.3.64 wire, measured; server.py, `post_prompt`.

    Raises:
        ServerTrouble: The body is nothing the server copes with; nothing is queued.
    """
    sent = body_json(body)
    if not isinstance(sent, dict | list):
        raise ServerTrouble(f"a prompt body is {type(sent).__name__}, not an object")
    fields = sent if isinstance(sent, dict) else {}
    number = _number(fields, process.queue)
    api = process.settings.api
    if "prompt" not in fields:
        return _refused(make_error("no_prompt", "No prompt provided", "No prompt provided"))
    prompt_id = fields.get("prompt_id")
    if process.settings.ignores_ids:
        prompt_id = process.stage.make_uuid()
    elif api is Api.V0_3_64:
        prompt_id = str(prompt_id) if "prompt_id" in fields else process.stage.make_uuid()
    elif prompt_id is None:
        prompt_id = process.stage.make_uuid()
    elif not is_canonical_uuid(prompt_id):
        return _refused(_BAD_ID)
    workflow = fields["prompt"]
    if api is not Api.V0_3_64:
        workflow = replaced(workflow, process.classes)
    verdict = Validator(process).judge(workflow, fields.get("partial_execution_targets"))
    extra = fields.get("extra_data", {})
    if not isinstance(extra, dict):
        raise ServerTrouble(f"`extra_data` is {type(extra).__name__}, not an object")
    if "client_id" in fields:
        extra["client_id"] = fields["client_id"]
    if verdict.error is not None:
        return _refused(verdict.error, verdict.node_errors)
    for secret in _SECRETS:
        extra.pop(secret, None)
    if api is not Api.V0_3_64:
        extra["create_time"] = process.stage.now_ms
    pnginfo = extra.get("extra_pnginfo")
    hidden = {"prompt": workflow, **(pnginfo if isinstance(pnginfo, dict) else {})}
    task = Task(number, str(prompt_id), workflow, extra, verdict.outputs, hidden)
    try:
        process.queue.put(task)
    except EqualEntries:
        return Submission(None, is_queued=True)
    accepted = {"prompt_id": prompt_id, "number": number, "node_errors": verdict.node_errors}
    return Submission(json_response(accepted), is_queued=True)


def _number(fields: dict[str, object], queue: TaskQueue) -> float:
    if "number" in fields:
        given = fields["number"]
        if not isinstance(given, int | float | str):
            raise ServerTrouble(f"`number` is {type(given).__name__}, no number")
        try:
            return float(given)
        except (ValueError, OverflowError) as error:
            raise ServerTrouble(f"`number` is {given!r}, no number") from error
    number = queue.next_number()
    return -number if fields.get("front") else number


def _refused(error: dict[str, object], node_errors: dict[str, object] | None = None) -> Submission:
    return Submission(json_response({"error": error, "node_errors": node_errors or {}}, 400))
