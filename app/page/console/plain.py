"""Servers, tasks and counts as plain values for scripts."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from tether.core.model.connection import Phase
from tether.core.model.health import Health
from tether.core.model.server import Reach, Server
from tether.core.model.task import Task
from tether.core.model.window import Window
from tether.core.protocol.outputs import Output
from tether.core.submission.dialing import status


def server_row(window: Window, server: Server) -> dict[str, Any]:
    """Describe a server; `tasks` counts this window's unfinished ones there."""
    return {
        "url": server.url,
        "name": server.name,
        "state": server.reach.value,
        "queueRemaining": server.queue_remaining,
        "socket": server.connection.phase.value,
        "tasks": len(window.bound_to(server.url)),
        "isLeaving": server.is_leaving,
        "trouble": server.trouble.code if server.trouble else None,
    }


def task_row(task: Task, title_of: Callable[[str], str]) -> dict[str, Any]:
    """Describe a task; `progress` is 0 to 1, and `value` of `max` are its node's steps.

    `title_of` returns a title as the page shows it.
    """
    value, most = task.progress.step
    return {
        "taskId": task.task_id,
        "promptId": task.prompt_id,
        "title": title_of(task.title),
        "state": task.state.value,
        "server": task.server,
        "progress": task.progress.overall,
        "nodeId": task.progress.current,
        "value": value,
        "max": most,
        "endedBy": task.ended_by or None,
    }


def result_row(
    task: Task, error: str | None, address_of: Callable[[Task, Output], str]
) -> dict[str, Any]:
    """Describe how a task ended: `{taskId, state, server, promptId, outputs, error}`."""
    return {
        "taskId": task.task_id,
        "state": task.state.value,
        "server": task.server,
        "promptId": task.prompt_id,
        "outputs": [
            {
                "nodeId": output.node_id,
                "kind": output.kind,
                "filename": output.filename,
                "subfolder": output.subfolder,
                "type": output.folder,
                "text": output.text,
                "url": address_of(task, output) if task.server else None,
            }
            for output in task.outputs
        ],
        "error": error,
    }


def stats(window: Window, figures: Health) -> dict[str, Any]:
    """Count tasks, servers and connections; `requests` and `dials` since the page was opened."""
    connections = [server.connection for server in window.servers.values()]
    return {
        "tasks": dict(Counter(task.state.value for task in window.tasks.values())),
        "servers": len(window.servers),
        "serversUp": sum(each.reach is Reach.UP for each in window.servers.values()),
        "socketsOpen": sum(each.phase is Phase.OPEN for each in connections),
        "dials": sum(each.attempt for each in connections),
        "requests": window.requests_made,
        "currentServer": status(window)["currentServer"],
        "completionRate": figures.completed / figures.ended if figures.ended else None,
        "stuck": figures.stuck,
        "lost": figures.lost,
        "reconnects": figures.reconnects,
        "mismatchesMended": figures.mended,
        "secondsToPicture": figures.picture_delay,
    }
