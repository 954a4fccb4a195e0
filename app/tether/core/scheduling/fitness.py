"""Whether a task may go to a server at all, now or later."""

from collections.abc import Iterable

from tether.core.commands import Commands
from tether.core.errors import Trouble
from tether.core.model.inventory import Lack
from tether.core.model.server import Server
from tether.core.model.task import Task
from tether.core.model.window import Window
from tether.core.protocol.requests import Ask, Owner, Request

DESCRIBED_WITHIN = 5.0
"""Timeout of a query for a node class, in seconds."""


def suits(window: Window, server: Server, task: Task, now: float) -> bool:
    """Say whether a server may have a task: by its pictures, and by what it lacks."""
    return (
        task.pinned in (None, server.url)
        and server.url != window.abandoned_at(task)
        and accepts(server, task)
        and not _lacks(window, server, task, now)
    )


def suits_now(window: Window, server: Server, task: Task, now: float) -> bool:
    """Say the same where nothing may be left open: all is known, and the server is no outlier."""
    return (
        suits(window, server, task, now)
        and server.inventory.knows(window.workflows[task.digest])
        and not window.statistics.outliers.shut_until(task.digest, server.url)
    )


def fits_elsewhere(window: Window, task: Task) -> bool:
    """Say whether the task isn't pinned, and some server may take all that it sends."""
    return task.pinned is None and any(
        not server.is_leaving and accepts(server, task) for server in window.servers.values()
    )


def accepts(server: Server, task: Task) -> bool:
    """Say whether nothing that is sent for a task is too large for a server, as far as is known."""
    is_refused = server.refused_body is not None and task.body_size >= server.refused_body
    return not is_refused and all(server.accepts(picture.size) for picture in task.pictures)


def why_nowhere(
    window: Window, servers: Iterable[Server], task: Task, now: float
) -> Trouble | None:
    """Return what keeps a task from all servers that it may have; None while that can change."""
    allowed = [server for server in servers if task.pinned in (None, server.url)]
    trouble = too_large(allowed, [(each.filename, each.size) for each in task.pictures])
    if allowed and not trouble and not any(accepts(server, task) for server in allowed):
        trouble = too_large_there(allowed[0], task.title, task.body_size)
    return trouble or lacking([(each.name, _lacks(window, each, task, now)) for each in allowed])


def lacking(lacks: Iterable[tuple[str, tuple[Lack, ...]]]) -> Trouble | None:
    """Return what each of these servers lacks, by name; None if nothing."""
    parts = [
        f"{name}: {', '.join(dict.fromkeys(each.name for each in lack))}"
        for name, lack in lacks
        if lack
    ]
    return Trouble.of("nobody_can", missing="; ".join(parts)) if parts else None


def query_nodes(window: Window, server: Server, tasks: Iterable[Task], now: float) -> Commands:
    """Query a server for the node classes by which these tasks are judged."""
    workflows = {
        task.digest: window.workflows[task.digest]
        for task in tasks
        if task.pinned in (None, server.url)
    }
    return tuple(
        _query(window, server, name)
        for digest, workflow in workflows.items()
        for name in server.inventory.classes_to_query(digest, workflow, now)
    )


def _query(window: Window, server: Server, class_type: str) -> Request:
    """Query one class: the list of all is 1.4 MB and blocks the server.

    Source: ComfyUI 0.28.1, `/object_info`, measured.
    """
    request_id = window.next_request()
    path = server.inventory.query(request_id, class_type)
    return Request(
        request_id, server.url, Ask.NODE, path, timeout=DESCRIBED_WITHIN, owner=Owner.INVENTORY
    )


def _lacks(window: Window, server: Server, task: Task, now: float) -> tuple[Lack, ...]:
    return server.inventory.lacks(task.digest, window.workflows[task.digest], now)


def too_large(servers: list[Server], pictures: list[tuple[str, int]]) -> Trouble | None:
    """Return which picture is too large for all of these servers; sizes in bytes."""
    for filename, size in pictures:
        if servers and not any(server.accepts(size) for server in servers):
            roomiest = max(servers, key=lambda server: server.max_upload or 0)
            if roomiest.refused_size is not None:
                return too_large_there(roomiest, filename, size)
            return Trouble.of(
                "picture_too_large",
                picture=filename,
                size=f"{size / 2**20:.0f}",
                server=roomiest.name,
                limit=f"{(roomiest.max_upload or 0) / 2**20:.0f}",
            )
    return None


def too_large_there(server: Server, filename: str, size: int) -> Trouble:
    """Return that a server, or a proxy before it, took no body of that many bytes."""
    code = "upload_broken_off" if server.is_refusal_silent else "picture_too_large_there"
    limit = max(100, 2 * round(size / 2**20))
    facts = {"picture": filename, "size": f"{size / 2**20:.1f}", "limit": limit}
    return Trouble.of(code, server=server.name, **facts)
