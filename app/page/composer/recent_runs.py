"""A server's own recent runs: looked up when asked for, one click from being run again here."""

from collections.abc import Callable
from typing import Any

import js
from pyscript import config

from page.composer.open_file import Opened
from page.ui.dom import by_id, listen
from page.ui.words import Words
from tether.core.errors import TetherError
from tether.core.ids import ServerUrl
from tether.core.model.server import Reach
from tether.core.model.window import Window
from tether.core.protocol.requests import Ask
from tether.runtime.caller import Caller

WITHIN = 10.0
"""Seconds for one call."""


class Runs:
    """Reads runs when its button is pressed, and hands over the workflow of the chosen one.

    Args:
        window: Knows the servers.
        caller: Calls them.
        words: The page's language.
        use: Takes a workflow.
        soon: Runs work that nobody waits for.
    """

    def __init__(
        self,
        window: Window,
        caller: Caller,
        words: Words,
        use: Callable[[Opened], Any],
        soon: Callable[[Any], None],
    ) -> None:
        self._window = window
        self._caller = caller
        self._words = words
        self._use = use
        self._soon = soon
        self._panel: Any = None
        self._runs: list[Any] = []
        self._url = ServerUrl("")
        self._has_jobs = True
        listen(by_id("runs-open"), "click", lambda _event: soon(self.open()))

    async def open(self) -> None:
        """Show the dialog, with the runs of the first server that is up."""
        await js.tetherLoadPython(*config["lazy"]["runs"])
        from page.composer.recent_runs_panel import RunsPanel

        if self._panel is None:
            self._panel = RunsPanel(
                self._words,
                lambda url: self._soon(self._look(ServerUrl(url))),
                lambda number: self._soon(self._choose(number)),
            )
        servers = {
            url: server.name
            for url, server in self._window.servers.items()
            if server.reach is Reach.UP
        }
        first = self._panel.open(servers)
        if first:
            await self._look(ServerUrl(first))

    async def _look(self, url: ServerUrl) -> None:
        from page.composer.run_history import HISTORY_PATH, JOBS_PATH, read_history, read_jobs

        self._url = url
        self._runs = []
        answer = await self._caller.call(url, Ask.JOBS, JOBS_PATH, WITHIN)
        self._has_jobs = answer is None or answer.status != 404
        if not self._has_jobs:
            answer = await self._caller.call(url, Ask.HISTORY, HISTORY_PATH, WITHIN)
        if url != self._url:
            return  # another was chosen meanwhile
        try:
            if answer is None or answer.status != 200:
                raise TetherError("server_silent", server=self._window.servers[url].name)
            read = read_jobs if self._has_jobs else read_history
            self._runs = read(answer.text)
        except TetherError as error:
            self._panel.tell(self._words.trouble(error.trouble))
        else:
            self._panel.show(self._runs)

    async def _choose(self, number: int) -> None:
        from page.composer.run_history import read_workflow, run_path

        run = self._runs[number]
        path = run_path(run, self._has_jobs)
        answer = await self._caller.call(self._url, Ask.HISTORY, path, WITHIN)
        name = self._window.servers[self._url].name
        try:
            if answer is None or answer.status != 200:
                raise TetherError("run_gone", server=name)
            text = read_workflow(run, answer.text)
        except TetherError as error:
            self._panel.tell(self._words.trouble(error.trouble))
            return
        self._panel.close()
        await self._use(Opened(run.filename or run.prompt_id, text))
