"""A server's own recent runs, one click from being run again here."""

from collections.abc import Awaitable, Callable

import js

from page.composer.open_file import Opened
from page.composer.run_history import (
    HISTORY_PATH,
    JOBS_PATH,
    Run,
    read_history,
    read_jobs,
    read_workflow,
    run_path,
)
from page.ui.context import PageContext
from page.ui.dom import button, by_id, element, listen, on_action, set_text
from page.ui.words import Words
from tether.core.errors import TetherError
from tether.core.ids import ServerUrl
from tether.core.model.server import Reach
from tether.core.protocol.requests import Ask
from tether.core.protocol.workflow import parse_workflow
from tether.runtime.caller import Caller

CALL_TIMEOUT = 10.0
"""Seconds for one call."""


class RecentRuns:
    """Reads the runs of a server that is chosen, and hands over the workflow of a chosen run."""

    def __init__(
        self, context: PageContext, caller: Caller, use: Callable[[Opened], Awaitable[None]]
    ) -> None:
        self._window = context.window
        self._words = context.words
        self._caller = caller
        self._use = use
        self._panel = RunsPanel(
            context.words,
            lambda url: context.soon(self._show(ServerUrl(url))),
            lambda number: context.soon(self._choose(number)),
        )
        self._runs: list[Run] = []
        self._url = ServerUrl("")
        self._has_jobs = True

    async def open(self) -> None:
        """Show the dialog, with the runs of the first server that is up."""
        servers = {
            url: server.name
            for url, server in self._window.servers.items()
            if server.reach is Reach.UP
        }
        first = self._panel.open(servers)
        if first:
            await self._show(ServerUrl(first))

    async def _show(self, url: ServerUrl) -> None:
        self._url = url
        self._runs = []
        answer = await self._caller.call(url, Ask.JOBS, JOBS_PATH, CALL_TIMEOUT)
        self._has_jobs = answer is None or answer.status != 404
        if not self._has_jobs:
            answer = await self._caller.call(url, Ask.HISTORY, HISTORY_PATH, CALL_TIMEOUT)
        if url != self._url:
            return  # another was chosen meanwhile
        try:
            if answer is None or answer.status != 200:
                raise TetherError("server_silent", server=self._window.servers[url].name)
            read = read_jobs if self._has_jobs else read_history
            self._runs = read(answer.text)
        except TetherError as error:
            self._panel.show_problem(self._words.trouble(error.trouble))
        else:
            self._panel.show(self._runs)

    async def _choose(self, number: int) -> None:
        run = self._runs[number]
        path = run_path(run, self._has_jobs)
        answer = await self._caller.call(self._url, Ask.HISTORY, path, CALL_TIMEOUT)
        name = self._window.servers[self._url].name
        try:
            if answer is None or answer.status != 200:
                raise TetherError("run_gone", server=name)
            workflow = parse_workflow(read_workflow(run, answer.text))
        except TetherError as error:
            self._panel.show_problem(self._words.trouble(error.trouble))
            return
        self._panel.close()
        await self._use(Opened(run.filename or run.prompt_id, workflow))


class RunsPanel:
    """The dialog: a server by its address, and its runs by their numbers, to choose from."""

    def __init__(
        self, words: Words, on_server: Callable[[str], None], on_run: Callable[[int], None]
    ) -> None:
        self._words = words
        self._dialog = by_id("runs")
        self._server = by_id("runs-server")
        self._problem = by_id("runs-problem")
        self._list = by_id("runs-list")
        listen(self._server, "change", lambda _event: on_server(str(self._server.value)))
        listen(by_id("runs-close"), "click", lambda _event: self.close())
        on_action(self._list, lambda _action, key: on_run(int(key)))

    def open(self, servers: dict[ServerUrl, str]) -> str:
        """Show the dialog for these servers (address -> name); returns the one to begin with."""
        chosen = str(self._server.value)
        options = [element("option", "", name, value=url) for url, name in servers.items()]
        self._server.replaceChildren(*options)
        if chosen in servers:
            self._server.value = chosen
        self.show_problem("" if servers else self._words.say("runs.no_server"))
        if not self._dialog.open:
            self._dialog.showModal()
        return str(self._server.value or "")

    def show(self, runs: list[Run]) -> None:
        """Show runs, or that there are none."""
        rows = []
        for number, run in enumerate(runs):
            at = str(js.Date.new(run.at * 1000).toLocaleString()) if run.at else ""
            name = " · ".join(filter(None, (run.filename, at))) or run.prompt_id
            row = element("li")
            row.append(button("choose", str(number), name))
            rows.append(row)
        self._list.replaceChildren(*rows)
        self.show_problem("" if rows else self._words.say("runs.none"))

    def show_problem(self, sentence: str) -> None:
        """Show what is wrong; "" for nothing."""
        if sentence:
            self._list.replaceChildren()
        set_text(self._problem, sentence)

    def close(self) -> None:
        """Close the dialog."""
        self._dialog.close()
