"""Replays the file of a flight recorder in the simulator, and shows both side by side.

`python -m tools.dev.replay tether-flight.json`: every recorded request and socket goes to a
simulated server at its recorded time. On the left is what the real server sent, on the right
what the simulator sends, and at the end how each task ended in both. Pictures aren't recorded,
so the simulator takes any upload for one.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from demo.agenda import PlayedAgenda
from demo.quick_work import CLASSES, QuickWork
from demo.server import InPageServer
from simulator.http import Response
from simulator.settings import Settings
from tether.core.ids import ServerUrl

AFTERWARDS = 600.0
"""Virtual seconds for what still runs after the last entry."""

_ENDS = {
    "execution_success": "completed",
    "execution_error": "failed",
    "execution_interrupted": "cancelled",
}


class BadRecord(Exception):
    """A file was not saved by the flight recorder."""


class _Line(NamedTuple):
    """A recorded socket, opened at a simulated server."""

    show: Callable[[str], None]

    def opened(self) -> None:
        self.show("(accepted)")

    def received(self, frame: str | bytes) -> None:
        self.show(frame if isinstance(frame, str) else f"(binary, {len(frame)} bytes)")

    def cut(self) -> None:
        self.show("(cut)")


class Replay:
    """A replayed record; `lines` is the timeline, `ends` prompt -> (recorded, simulated)."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.lines: list[str] = []
        self.ends: dict[str, tuple[str, str]] = {}
        entries = record["entries"]
        self._began = entries[0]["at"] if entries else 0.0
        self._agenda = PlayedAgenda(self._began)
        self._names = {each["url"]: each["name"] for each in record["servers"]}
        self._prompts = {each["taskId"]: each["promptId"] for each in record["tasks"]}
        self._servers: dict[str, InPageServer] = {}
        self._sockets: dict[tuple[str, int], int] = {}
        self._recorded: dict[str, str] = {}
        self._simulated: dict[str, str] = {}
        for entry in entries:
            self._agenda.run(max(entry["at"] - self._agenda.now(), 0.0))
            self._play(entry)
        self._agenda.run(AFTERWARDS)
        for task in record["tasks"]:
            prompt = task["promptId"]
            recorded = self._recorded.get(prompt, task["state"])
            self.ends[prompt] = (recorded, self._simulated.get(prompt, "unknown"))

    def _play(self, entry: dict[str, Any]) -> None:
        server, name = self._server(entry["server"]), entry["server"]
        match entry["kind"]:
            case "frame":
                self._say(name, entry["text"], "")
                _note_end(self._recorded, entry["text"])
            case "answer":
                self._say(name, f"{entry['status']} {entry['text']}", "")
            case "dial":
                line = _Line(lambda frame: self._simulator_says(name, frame))
                self._sockets[name, entry["attempt"]] = server.open(entry["path"], line)
            case "close" | "closed":
                number = self._sockets.pop((name, entry["attempt"]), None)
                if number is not None:
                    server.close(number)
            case "request":
                self._ask(server, name, entry)
            case kind:
                self._say(name, f"({kind})", "")

    def _ask(self, server: InPageServer, name: str, entry: dict[str, Any]) -> None:
        body, path = entry.get("body", ""), entry["path"]
        self._say(name, f"→ {entry['method']} {path}", f"→ {entry['method']} {path}")

        def answer(response: Response) -> None:
            text = response.body.decode() if isinstance(response.body, bytes) else "(file)"
            self._say(name, "", f"{response.status} {text}")
            if path == "/prompt" and entry["method"] == "POST" and response.status != 200:
                self._simulated.setdefault(self._prompts.get(entry["taskId"], ""), "refused")

        upload = None
        if "upload" in entry:
            upload = (entry["upload"], f"upload {entry['id']}", 1000, b"")
        server.ask(entry["method"], path, answer, body.encode(), upload)

    def _simulator_says(self, name: str, frame: str) -> None:
        self._say(name, "", frame)
        _note_end(self._simulated, frame)

    def _server(self, url: str) -> InPageServer:
        if url not in self._servers:
            settings = Settings(name=self._names.get(url, url), cors="*")
            work = QuickWork(self._agenda)
            self._servers[url] = InPageServer(
                ServerUrl(url), settings, Random(1), self._agenda, work, CLASSES
            )
        return self._servers[url]

    def _say(self, server: str, recorded: str, simulated: str) -> None:
        at = self._agenda.now() - self._began
        name = self._names.get(server, server)
        self.lines.append(f"{at:9.3f}  {name:<14.14}  {recorded:<70.70}  {simulated:.70}".rstrip())


def read_record(text: str) -> dict[str, Any]:
    """Read a record.

    Raises:
        BadRecord: The file is something else.
    """
    try:
        record: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise BadRecord(f"it is not JSON ({error})") from error
    match record:
        case {"tether": 1, "servers": list(), "tasks": list(), "entries": list()}:
            return record
    raise BadRecord("it was not saved by tether.flightRecorder.download()")


def _note_end(ends: dict[str, str], frame: str) -> None:
    if not frame.startswith('{"type": "execution_'):
        return
    message = json.loads(frame)
    if message["type"] in _ENDS:
        ends[message["data"]["prompt_id"]] = _ENDS[message["type"]]


def main(arguments: list[str]) -> int:
    """Replay a file; return the exit status: 1 for a bad file, 2 where a task ends otherwise."""
    path = arguments[0] if arguments else ""
    if not path:
        print("Say which file: make replay FILE=tether-flight.json")
        return 1
    try:
        replay = Replay(read_record(Path(path).read_text()))
    except (OSError, BadRecord) as error:
        print(f"{path} can't be played: {error}. Save one with tether.flightRecorder.download().")
        return 1
    print(f"{'seconds':>9}  {'server':<14}  {'recorded':<70}  simulated")
    print("\n".join(replay.lines))
    print("\ntask                                   recorded     simulated")
    for prompt, (recorded, simulated) in replay.ends.items():
        print(f"{prompt:<38} {recorded:<12} {simulated}")
    return 2 if any(recorded != simulated for recorded, simulated in replay.ends.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
