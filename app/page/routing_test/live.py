"""Tests the person's own servers with a tiny task each, beside whatever runs there."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from demo.memory import MemoryRecords
from page.routing_test.report import Say
from page.routing_test.window import PlayedFiles
from tether.core.errors import Trouble
from tether.core.events import CancelRequested, Emit, ServerAdded, TaskAccepted
from tether.core.ids import Chance, Digest, ServerUrl
from tether.core.model.identity import DEFAULT_BASE, make_prompt_id, make_task_id
from tether.core.model.server import Reach, Server
from tether.core.model.task import State, Task
from tether.core.model.window import Settings
from tether.core.protocol.outputs import view_url
from tether.core.protocol.requests import Ask, history_path
from tether.core.protocol.workflow import parse_workflow
from tether.core.session.session import Session
from tether.runtime.caller import Caller
from tether.runtime.ports import Clock, Http, OnAnswer, Ports, Sockets
from tether.runtime.runner import Runner

TASK_TIMEOUT = 15.0
"""Seconds for a task to be sent, to run and to be reported by its socket."""

REMOVAL_TIMEOUT = 10.0
"""Seconds for the removal of a task that took too long."""

_CALL_TIMEOUT = 10.0
_TRIES, _PAUSE = 3, 0.1
"""How often a task's record is queried, and the seconds in between."""

Made = tuple[Clock, Sockets, Http]


class Live:
    """A separate window on real servers: the page's tasks, locks and records stay untouched.

    `chance` makes ids, and tasks that no server has cached; `within` are the seconds for each.
    """

    def __init__(
        self,
        servers: Mapping[ServerUrl, str],
        make: Callable[[Emit, OnAnswer], Made],
        chance: Chance,
        say: Say,
        explain: Callable[[Trouble], str],
        within: float = TASK_TIMEOUT,
    ) -> None:
        self._servers = servers
        self._chance = chance
        self._say = say
        self._explain = explain
        self._within = within
        self._runner = Runner()
        self._caller = Caller(self._runner.emit)
        clock, self._sockets, http = make(self._runner.emit, self._caller.answered)
        self._caller.use(http)
        self._clock = clock
        session, records = Session({}, Settings(DEFAULT_BASE), chance, clock.now()), MemoryRecords()
        self._window = session.window
        ports = Ports(clock, self._sockets, http, records, records, PlayedFiles())
        self._runner.start(session, ports)

    async def run(self) -> list[dict[str, Any]]:
        """Test all servers at the same time.

        Returns:
            `{server, name, passed, verdict, detail, diagnosis, ms}` for each; a busy server passes
            when its socket works and the task was removed again.
        """
        tasks = {url: self._send(url, name) for url, name in self._servers.items()}
        reports = await asyncio.gather(*(self._follow(url, task) for url, task in tasks.items()))
        self._runner.pause()
        for url, server in self._window.servers.items():
            self._sockets.close(url, server.connection.attempt)
        return list(reports)

    def _send(self, url: ServerUrl, name: str) -> Task:
        color = int(self._chance.uniform() * 0xFFFFFF)
        size = {"width": 16, "height": 16, "batch_size": 1, "color": color}
        # `PreviewImage` saves a temporary file: nothing is left among the person's pictures.
        text = json.dumps(
            {
                "1": {"class_type": "EmptyImage", "inputs": size},
                "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
                "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}},
            }
        )
        task_id, prompt_id = make_task_id(self._chance), make_prompt_id(self._chance)
        self._runner.emit(ServerAdded(url, name))
        title, workflow, digest = self._say("title"), parse_workflow(text), Digest(task_id)
        self._runner.emit(TaskAccepted(task_id, prompt_id, title, workflow, digest, (), url))
        return self._window.tasks[task_id]

    async def _follow(self, url: ServerUrl, task: Task) -> dict[str, Any]:
        began = self._clock.now()
        server = self._window.servers[url]
        await self._runner.until(lambda: task.is_ended or _is_known_bad(server), self._within)
        verdict, facts = await self._judge(server, task)
        if task.is_ended and server.reach is Reach.UP:
            await self._forget(server, task)
        return {
            "server": url,
            "name": server.name,
            "passed": verdict in ("ok", "queued", "slow"),
            "verdict": verdict,
            "detail": self._say(f"live.{verdict}", **facts),
            "diagnosis": {
                "state": server.reach.value,
                "version": server.facts.version if server.facts else None,
                "queueRemaining": server.queue_remaining,
                "trouble": server.trouble.code if server.trouble else None,
            },
            "ms": round((self._clock.now() - began) * 1000),
        }

    async def _judge(self, server: Server, task: Task) -> tuple[str, dict[str, object]]:
        """Judge a server by its task; a task that has not ended is removed."""
        match task.state:
            case State.COMPLETED:
                return await self._completed(server, task)
            case State.FAILED | State.CANCELLED | State.LOST:
                reason = self._explain(task.trouble) if task.trouble else task.state.value
                return "failed", {"reason": reason}
        last_state, is_receiving = task.state, server.connection.is_receiving
        ahead = max((server.queue_remaining or 1) - 1, 0)
        self._runner.emit(CancelRequested(task.task_id))
        if not await self._runner.until(lambda: task.is_ended, REMOVAL_TIMEOUT):
            return "left", {}
        reason = self._explain(server.trouble) if server.trouble else ""
        if server.reach is not Reach.UP:
            return "unreachable", {"reason": reason}
        seconds = f"{self._within:g}"
        if last_state is State.WAITING:
            return "unsent", {"seconds": seconds, "reason": reason}
        if not is_receiving:
            return "unsocketed", {}
        if last_state is State.RUNNING:
            return "slow", {"seconds": seconds}
        return "queued", {"count": ahead}

    async def _completed(self, server: Server, task: Task) -> tuple[str, dict[str, object]]:
        if not server.connection.is_receiving:
            return "unsocketed", {}
        if task.ended_by != "socket":
            return "deaf", {}
        status = await self._read(server, task)
        return ("ok", {}) if status == 200 else ("unread", {"status": status})

    async def _forget(self, server: Server, task: Task) -> None:
        """Delete the task from the server's history: nobody shall find it among their runs.

        The server may add it a moment after the frame of its end.
        Source: ComfyUI 0.28.1, `POST /history`; 8 of 200 came after `execution_success`.
        """
        path = history_path(task.prompt_id)
        for _ in range(_TRIES):
            found = await self._caller.call(server.url, Ask.HISTORY, path, _CALL_TIMEOUT)
            if found is None or task.prompt_id in found.text:
                break
            await asyncio.sleep(_PAUSE)
        body = json.dumps({"delete": [task.prompt_id]})
        await self._caller.call(server.url, Ask.DELETE, "/history", _CALL_TIMEOUT, body=body)

    async def _read(self, server: Server, task: Task) -> int:
        """Fetch the result as the page would; return the status, 0 without an answer."""
        output = task.outputs[0]
        path = view_url(server.url, output, task.prompt_id).removeprefix(server.url)
        answer = await self._caller.call(server.url, Ask.REACH, path, _CALL_TIMEOUT)
        return answer.status if answer else 0


def _is_known_bad(server: Server) -> bool:
    is_down = server.trouble is not None and server.trouble.code == "server_down"
    return is_down or server.reach in (Reach.REFUSED, Reach.ODD)
