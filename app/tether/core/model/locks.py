"""The window's locks: which server holds which task, kept over reloads."""

import json
from collections.abc import Collection
from typing import Any, Literal

from tether.core.ids import PromptId, ServerUrl
from tether.core.protocol.outputs import is_time, read_json

LOCK_RECORD = "lock"
"""The key of the locks among the window's records."""


class Locks:
    """A lock on a server exists exactly while a task bound to it is unfinished."""

    def __init__(self) -> None:
        self._held: dict[PromptId, tuple[ServerUrl, float]] = {}
        """Task -> its server, and since when, in seconds since the epoch."""

    def hold(self, prompt_id: PromptId, server: ServerUrl, since: float) -> None:
        """Lock a server for a task."""
        self._held[prompt_id] = server, since

    def release(self, prompt_id: PromptId) -> None:
        """Remove a task's lock, if it has one."""
        self._held.pop(prompt_id, None)

    def retain(self, prompt_ids: Collection[PromptId]) -> None:
        """Remove the locks of all other tasks."""
        for prompt_id in self._held.keys() - prompt_ids:
            del self._held[prompt_id]

    def server_of(self, prompt_id: PromptId) -> ServerUrl | None:
        """Return the server that a task has locked, if any."""
        held = self._held.get(prompt_id)
        return held[0] if held else None

    def report(self) -> dict[str, Any] | None:
        """Describe the locks as plain values, or None when there is none.

        `{server, promptId, since, locks: [{server, promptIds, since}]}`; the first three are
        those of the task that was bound last. Times are milliseconds since the epoch.
        """
        if not self._held:
            return None
        # Of tasks bound in one moment, `max` returns the first that it meets.
        latest = max(reversed(self._held), key=lambda prompt: self._held[prompt][1])
        by_server: dict[ServerUrl, dict[str, Any]] = {}
        for prompt_id, (server, since) in self._held.items():
            new = {"server": server, "promptIds": [], "since": _ms(since)}
            entry = by_server.setdefault(server, new)
            entry["promptIds"].append(prompt_id)
            entry["since"] = min(entry["since"], _ms(since))
        server, since = self._held[latest]
        return {
            "server": server,
            "promptId": latest,
            "since": _ms(since),
            "locks": list(by_server.values()),
        }

    def write(self) -> str | None:
        """Write the locks as a record; None when there is nothing to keep."""
        if not self._held:
            return None
        rows = [[prompt, *held] for prompt, held in self._held.items()]
        return json.dumps({"rows": rows, "report": self.report()})

    def read(self, text: str) -> None:
        """Take over what `write` wrote; other rows are skipped."""
        content = read_json(text)
        rows = content.get("rows") if isinstance(content, dict) else None
        for row in rows if isinstance(rows, list) else ():
            match row:
                case [str(prompt), str(server), since] if is_time(since):
                    self.hold(PromptId(prompt), ServerUrl(server), since)


def mismatches(
    task_server: ServerUrl, locked_server: ServerUrl | None, socket_server: ServerUrl | None
) -> tuple[Literal["lock", "socket"], ...]:
    """Return what of lock and socket disagrees with a task's server, and is to be mended."""
    found: list[Literal["lock", "socket"]] = []
    if locked_server != task_server:
        found.append("lock")
    if socket_server != task_server:
        found.append("socket")
    return tuple(found)


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
