"""The calls we make to servers, as values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import quote

from tether.core.ids import ClientId, Digest, OwnerTag, PromptId, ServerUrl, TaskId

LONGEST_ANSWER = 16 * 2**20
"""Bytes of an answer that is read: a queue of a hundred large workflows has fewer."""

PROBE_WITHIN = 5.0
"""Seconds after which a probe counts as not answered."""


class Ask(Enum):
    """What a request wants; the answer is read by it."""

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
    CANCEL = "cancel"
    DELETE = "delete"
    INTERRUPT = "interrupt"
    NODE = "node"
    OWN_QUEUE = "own_queue"
    OWN_HISTORY = "own_history"


@dataclass(frozen=True, slots=True)
class Upload:
    """A stored picture to be sent as the `image` field of a form."""

    digest: Digest
    filename: str


@dataclass(frozen=True, slots=True)
class Request:
    """One call to one server; `id` is never used twice in a window.

    `timeout` is in seconds. `is_opaque` asks for a call whose answer nobody can read, but
    which tells an address where something answers from one where nothing does. `is_bare` keeps
    the server's token out of a call; an opaque one never has it.
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

    @property
    def method(self) -> str:
        """GET, or POST where something is sent."""
        return "GET" if self.body is None and self.upload is None else "POST"

    @property
    def url(self) -> str:
        """The whole address."""
        return f"{self.server}{self.path}"


def probe(request_id: int, server: ServerUrl) -> Request:
    """Ask a server for the length of its queue."""
    return Request(request_id, server, Ask.PROBE, "/prompt", timeout=PROBE_WITHIN)


def prompt_body(
    nodes: Mapping[Any, Any],
    client_id: ClientId,
    prompt_id: PromptId,
    owner: OwnerTag | None,
    title: str,
) -> str:
    """Write the body of `POST /prompt`.

    The server keeps `extra_data` and gives it back: by its tag the owner finds the task from
    anywhere.
    """
    return json.dumps(
        {
            "prompt": nodes,
            "client_id": client_id,
            "prompt_id": prompt_id,
            "extra_data": {"tether": {"owner": owner, "title": title}},
        }
    )


def job_path(prompt_id: PromptId, verb: str = "") -> str:
    """Return the path of one job of the jobs API."""
    return f"/api/jobs/{quote(prompt_id, safe='')}{verb}"


def history_path(prompt_id: PromptId) -> str:
    """Return the path of one task's history, for servers without the jobs API."""
    return f"/history/{quote(prompt_id, safe='')}"


OPEN_JOBS_PATH = "/api/jobs?status=pending,in_progress"
"""All that waits or runs on a server, about 155 bytes a task."""
