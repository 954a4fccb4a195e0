"""Finds two addresses of one server, whose queue would count twice."""

from collections.abc import Callable, Coroutine
from itertools import permutations
from operator import attrgetter
from typing import Any

from tether.core.errors import MessageError
from tether.core.ids import ServerUrl
from tether.core.model.server import Reach, Server
from tether.core.model.task import State, Task
from tether.core.model.window import Changes, Window
from tether.core.protocol.answers import read_history, read_job
from tether.core.protocol.requests import Ask, history_path, job_path
from tether.runtime.caller import Caller

CALL_TIMEOUT = 10.0
"""Seconds for one call."""


class Duplicates:
    """Asks the second of two servers that look alike for a task which the first has done.

    Nothing that a server says of itself is unique: machines of one kind say the same. But only
    the server that ran a task of this window knows its id. Each pair that looks alike is asked
    once.
    """

    def __init__(
        self, window: Window, caller: Caller, soon: Callable[[Coroutine[Any, Any, None]], object]
    ) -> None:
        self._window = window
        self._caller = caller
        self._asked: set[frozenset[ServerUrl]] = set()
        self._soon = soon
        self._found: dict[ServerUrl, ServerUrl] = {}
        """The second address -> the first."""

    def changed(self, changes: Changes) -> None:
        """Ask about the pairs that can be asked about now."""
        tasks = self._window.tasks
        if not (changes.servers or any(map(_is_done, map(tasks.get, changes.tasks)))):
            return
        servers = [each for each in self._window.servers.values() if _is_usable(each)]
        if len(self._asked) >= len(servers) * (len(servers) - 1) / 2:
            return
        for first, second in permutations(servers, 2):
            pair = frozenset((first.url, second.url))
            if pair in self._asked or not _look_alike(first, second):
                continue
            task = self._done_at(first)
            if task is not None:
                self._asked.add(pair)
                self._soon(self._ask(first, second, task))

    def original_of(self, url: ServerUrl) -> Server | None:
        """Return the server of which this is another address, while both are listed."""
        first = self._found.get(url)
        return self._window.servers.get(first) if first is not None else None

    async def _ask(self, first: Server, second: Server, task: Task) -> None:
        ask, path = (Ask.JOB, job_path) if second.has_jobs else (Ask.HISTORY, history_path)
        answer = await self._caller.call(second.url, ask, path(task.prompt_id), CALL_TIMEOUT)
        both = {first.url, second.url} <= self._window.servers.keys()
        if answer is None or answer.status != 200 or not both:
            return
        try:
            if ask is Ask.JOB:
                read_job(answer.text)
            elif read_history(answer.text, task.prompt_id) is None:
                return
        except MessageError:
            return
        earlier, later = [url for url in self._window.servers if url in (first.url, second.url)]
        self._found[later] = earlier

    def _done_at(self, server: Server) -> Task | None:
        done = filter(_is_done, self._window.ended())
        mine = (task for task in done if task.server == server.url and task.sends == 1)
        return next(mine, None)


def _is_done(task: Task | None) -> bool:
    return task is not None and task.state is State.COMPLETED


def _is_usable(server: Server) -> bool:
    return server.reach is Reach.UP and not server.is_leaving and server.facts is not None


def _look_alike(first: Server, second: Server) -> bool:
    look = attrgetter("facts.version", "facts.device", "facts.memory_total")
    return bool(look(first) == look(second))
