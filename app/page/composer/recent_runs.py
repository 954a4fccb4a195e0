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
from page.ui.dom import button, by_id, element, listen, on_action, options, set_text
from tether.core.errors import TetherError
from tether.core.ids import ServerUrl
from tether.core.model.server import Reach
from tether.core.protocol.requests import Ask
from tether.core.protocol.workflow import parse_workflow
from tether.runtime.caller import Caller

CALL_TIMEOUT = 10.0
"""Seconds for one call."""


class RecentRuns:
    """The dialog that shows the runs of a server, and hands over the workflow of a chosen one."""

    def __init__(
        self, context: PageContext, caller: Caller, use: Callable[[Opened], Awaitable[None]]
    ) -> None:
        self._window = context.window
        self._words = context.words
        self._caller = caller
        self._use = use
        self._dialog = by_id("runs")
        self._server = by_id("runs-server")
        self._problem = by_id("runs-problem")
        self._list = by_id("runs-list")
        self._runs: list[Run] = []
        self._has_jobs = True
        listen(self._server, "change", lambda _event: context.soon(self._read()))
        listen(by_id("runs-close"), "click", lambda _event: self._dialog.close())
        on_action(self._list, lambda _action, key: context.soon(self._choose(int(key))))

    async def open(self) -> None:
        """Show the dialog, with the runs of the server chosen last, or of the first that is up."""
        known = self._window.servers.values()
        servers = {str(each.url): each.name for each in known if each.reach is Reach.UP}
        chosen = str(self._server.value)
        self._server.replaceChildren(*options(servers))
        if chosen in servers:
            self._server.value = chosen
        self._show_problem("" if servers else self._words.say("runs.no_server"))
        if not self._dialog.open:
            self._dialog.showModal()
        if servers:
            await self._read()

    @property
    def _url(self) -> ServerUrl:
        return ServerUrl(str(self._server.value))

    async def _read(self) -> None:
        url, self._runs = self._url, []
        answer = await self._caller.call(url, Ask.JOBS, JOBS_PATH, CALL_TIMEOUT)
        self._has_jobs = answer is None or answer.status != 404
        if not self._has_jobs:
            answer = await self._caller.call(url, Ask.HISTORY, HISTORY_PATH, CALL_TIMEOUT)
        if url != self._url:
            return  # another was chosen meanwhile
        try:
            if answer is None or answer.status != 200:
                raise TetherError("server_silent", server=self._window.servers[url].name)
            self._runs = (read_jobs if self._has_jobs else read_history)(answer.text)
        except TetherError as error:
            self._show_problem(self._words.trouble(error.trouble))
        else:
            self._show()

    def _show(self) -> None:
        rows = []
        for number, run in enumerate(self._runs):
            at = str(js.Date.new(run.at * 1000).toLocaleString()) if run.at else ""
            name = " · ".join(filter(None, (run.filename, at))) or run.prompt_id
            rows.append(element("li", "", "", button("choose", str(number), name)))
        self._list.replaceChildren(*rows)
        self._show_problem("" if rows else self._words.say("runs.none"))

    async def _choose(self, number: int) -> None:
        run, url = self._runs[number], self._url
        path = run_path(run, self._has_jobs)
        answer = await self._caller.call(url, Ask.HISTORY, path, CALL_TIMEOUT)
        try:
            if answer is None or answer.status != 200:
                raise TetherError("run_gone", server=self._window.servers[url].name)
            workflow = parse_workflow(read_workflow(run, answer.text))
        except TetherError as error:
            self._show_problem(self._words.trouble(error.trouble))
            return
        self._dialog.close()
        await self._use(Opened(run.filename or run.prompt_id, workflow))

    def _show_problem(self, sentence: str) -> None:
        if sentence:
            self._list.replaceChildren()
        set_text(self._problem, sentence)
