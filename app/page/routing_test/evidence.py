"""What windows sent and received in a scene, as lines of evidence."""

import json
from typing import Any

from demo.agenda import Agenda
from tether.core.ids import ServerUrl
from tether.core.protocol.requests import Ask, Request

MOST_LINES = 60
"""Lines for one run of a scene; of a longer run the middle is left out."""

_QUIET = (Ask.PROBE, Ask.STATS, Ask.FEATURES)
_PROGRESS = "← progress"
_TOLD = ("execution_start", "execution_success", "execution_error", "execution_interrupted")


class Evidence:
    """Collects lines of `{at, window, server, what}`; `at` in played seconds.

    Of successive progress frames only the latest stays.
    """

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda
        self._began = agenda.now()
        self._lines: list[dict[str, Any]] = []
        self._posted: dict[str, list[str]] = {}
        self.names: dict[ServerUrl, str] = {}
        self.titles: dict[str, str] = {}
        """Prompt id -> the task's title."""

    def name(self, server: ServerUrl | None = None) -> str:
        """Return a server's name, "-" for none."""
        return self.names.get(server, "-") if server else "-"

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines."""
        half = MOST_LINES // 2
        if len(self._lines) <= MOST_LINES:
            return list(self._lines)
        return [*self._lines[:half], *self._lines[-half:]]

    def asked(self, path: str) -> str:
        """Return the servers that got a POST to a path, "-" for none."""
        return ", ".join(self._posted.get(path, ())) or "-"

    def posts(self) -> tuple[str, ...]:
        """Return the servers of all tasks posted, one for each POST."""
        return tuple(self._posted.get("/prompt", ()))

    def note(self, window: str, server: ServerUrl, what: str) -> None:
        """Add a line."""
        self._lines.append(
            {
                "at": round(self._agenda.now() - self._began, 3),
                "window": window,
                "server": self.names.get(server, server),
                "what": what,
            }
        )

    def sent(self, window: str, request: Request, title: str) -> None:
        """Note a request; probes of the servers are left out."""
        if request.method == "POST":
            name = self.names.get(request.server, request.server)
            self._posted.setdefault(request.path, []).append(name)
        if request.ask not in _QUIET:
            self.note(window, request.server, f"→ {request.method} {request.path} {title}".rstrip())

    def received(self, window: str, server: ServerUrl, text: str) -> None:
        """Note a frame."""
        what = self._describe(json.loads(text))
        if what is None:
            return
        for at in range(len(self._lines) - 1, -1, -1):
            line = self._lines[at]
            if not line["what"].startswith(_PROGRESS):
                break
            same = (line["window"], line["server"], _stem(line["what"]))
            if same == (window, self.names.get(server), _stem(what)):
                del self._lines[at]
                break
        self.note(window, server, what)

    def _describe(self, frame: Any) -> str | None:
        kind, data = frame.get("type"), frame.get("data") or {}
        title = self.titles.get(data.get("prompt_id") or "", "")
        match kind:
            case "progress_state":
                running = [n for n in data["nodes"].values() if n["state"] == "running"]
                parts = [
                    f"{node['node_id']}: {node['value']:g}/{node['max']:g}" for node in running
                ]
                return f"{_PROGRESS} {title} {', '.join(parts)}" if parts else None
            case "executing" if data.get("node") is None:
                return f"← executing null {title}"
            case "executed":
                return f"← executed {title} {data.get('node')}"
            case _ if kind in _TOLD:
                return f"← {kind} {title}"
        return None


def _stem(what: str) -> str:
    """Return what lines about the progress of one task have in common."""
    return " ".join(what.split(" ")[:3]) if what.startswith(_PROGRESS) else what
