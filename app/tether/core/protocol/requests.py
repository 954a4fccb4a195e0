"""The calls of this window to servers, as values."""

import json
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import quote

from tether.core.ids import ClientId, Digest, OwnerTag, PromptId, ServerUrl, TaskId
from tether.core.protocol.workflow import Workflow

LONGEST_ANSWER = 16 * 2**20
"""Bytes of the longest answer that is read: a queue of a hundred large workflows has fewer."""

PROBE_WITHIN = 5.0
"""Timeout of a probe, in seconds."""


class Ask(Enum):
    """What a request asks for, by which its answer is read."""

    PROBE = "probe"
    FEATURES = "features"
    STATS = "stats"
    REACH = "reach"
    UPLOAD = "upload"
    POST = "post"
    JOBS = "jobs"
    JOB = "job"
    QUEUE = "queue"
    HISTORY = "history"
    RECENT = "recent"
    FILE = "file"
    CANCEL = "cancel"
    DELETE = "delete"
    INTERRUPT = "interrupt"
    NODE = "node"
    OWN_QUEUE = "own_queue"
    OWN_HISTORY = "own_history"


class Owner(Enum):
    """The machine that made a request, and that its answer is given to."""

    CALLER = "caller"  # outside the session, waits for the answer itself
    REACHABILITY = "reachability"
    INVENTORY = "inventory"
    DISPATCHER = "dispatcher"
    RECHECK = "recheck"
    REBALANCING = "rebalancing"
    SUBMISSION = "submission"
    CANCELLATION = "cancellation"
    RECONCILER = "reconciler"
    COLLECTION = "collection"


@dataclass(frozen=True, slots=True)
class Upload:
    """A stored picture to be sent as the `image` field of a form."""

    digest: Digest
    filename: str


@dataclass(frozen=True, slots=True)
class Request:
    """One call to one server; `id` is never used twice in a window.

    `timeout` is in seconds. The answer to an `is_opaque` call can't be read, but it shows that
    something answers at the address. `is_bare` keeps the server's token out of a call; an opaque
    one never has it.
    """

    id: int
    server: ServerUrl
    ask: Ask
    path: str
    task_id: TaskId | None = None
    body: str | None = None
    upload: Upload | None = None
    timeout: float = 10.0
    is_opaque: bool = False
    is_bare: bool = False
    owner: Owner = Owner.CALLER

    @property
    def is_final(self) -> bool:
        """Whether it changes what becomes of a task: the disk must say so before it is sent."""
        return self.ask in (Ask.POST, Ask.CANCEL, Ask.DELETE, Ask.INTERRUPT)

    @property
    def method(self) -> str:
        """The HTTP method: POST where something is sent, else GET."""
        return "GET" if self.body is None and self.upload is None else "POST"

    @property
    def url(self) -> str:
        """The whole address."""
        return f"{self.server}{self.path}"


def probe(
    request_id: int, server: ServerUrl, owner: Owner, task_id: TaskId | None = None
) -> Request:
    """Ask a server for the length of its queue."""
    return Request(
        request_id, server, Ask.PROBE, "/prompt", task_id, timeout=PROBE_WITHIN, owner=owner
    )


def deletion(request_id: int, server: ServerUrl, task_id: TaskId, ids: list[PromptId]) -> Request:
    """Delete entries of a server's queue, each id once for every time that it is named.

    One that runs is never touched, and the answer tells nothing.
    Source: ComfyUI 0.28.1, `POST /queue`, measured; docs/protocol.md 7.4.
    """
    body = json.dumps({"delete": ids})
    return Request(
        request_id, server, Ask.DELETE, "/queue", task_id, body, owner=Owner.CANCELLATION
    )


def prompt_body(
    workflow: Workflow,
    client_id: ClientId,
    prompt_id: PromptId,
    owner: OwnerTag | None,
    title: str,
    has_previews: bool = True,
) -> str:
    """Write the body of `POST /prompt`.

    The server keeps `extra_data` and returns it: by its tag the owner finds the task from anywhere,
    and this window finds it where the server makes an id of its own. Without `preview_method` a
    server sends no previews unless it was started with them.
    Source: ComfyUI, latent_preview.py `set_preview_method`, read; frontend 1.58, its bodies seen.
    """
    extra: dict[str, Any] = {
        "tether": {"owner": owner, "title": title, "prompt": prompt_id},
        "preview_method": "auto" if has_previews else "none",
        "comfy_usage_source": "tether",
    }
    if workflow.graph is not None:
        extra["extra_pnginfo"] = {"workflow": workflow.graph}
    return json.dumps(
        {
            "prompt": workflow.nodes,
            "client_id": client_id,
            "prompt_id": prompt_id,
            "extra_data": extra,
        }
    )


def job_path(prompt_id: PromptId, verb: str = "") -> str:
    """Return the path of one job of the jobs API."""
    return f"/api/jobs/{quote(prompt_id, safe='')}{verb}"


def history_path(prompt_id: PromptId) -> str:
    """Return the path of one task's history, for servers without the jobs API."""
    return f"/history/{quote(prompt_id, safe='')}"


def recent_path(entries: int) -> str:
    """Return the path of the newest entries of the history, each with its whole workflow."""
    return f"/history?max_items={entries}"


OPEN_JOBS_PATH = "/api/jobs?status=pending,in_progress"
"""All that waits or runs on a server, about 155 bytes a task."""
