"""The dialog with a server's own recent runs."""

from collections.abc import Callable

import js

from page.composer.run_history import Run
from page.ui.dom import by_id, element, listen, on_action, set_text
from page.ui.words import Words


class RunsPanel:
    """Shows runs to choose from.

    Args:
        words: The page's language.
        on_server: Is called with the address of the server whose runs are wanted.
        on_run: Is called with the number of the run that was chosen.
    """

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

    def open(self, servers: dict[str, str]) -> str:
        """Show the dialog for these servers (address -> name); returns the one to begin with."""
        chosen = str(self._server.value)
        options = [element("option", "", name, value=url) for url, name in servers.items()]
        self._server.replaceChildren(*options)
        if chosen in servers:
            self._server.value = chosen
        self.tell("" if servers else self._words.say("runs.no_server"))
        if not self._dialog.open:
            self._dialog.showModal()
        return str(self._server.value or "")

    def show(self, runs: list[Run]) -> None:
        """Show runs, or that there are none."""
        rows = []
        for number, run in enumerate(runs):
            at = str(js.Date.new(run.at * 1000).toLocaleString()) if run.at else ""
            name = " · ".join(filter(None, (run.filename, at))) or run.prompt_id
            button = element("button", "quiet", name, type="button")
            button.dataset.action, button.dataset.key = "choose", str(number)
            row = element("li")
            row.append(button)
            rows.append(row)
        self._list.replaceChildren(*rows)
        self.tell("" if rows else self._words.say("runs.none"))

    def tell(self, sentence: str) -> None:
        """Say what is wrong; "" for nothing."""
        if sentence:
            self._list.replaceChildren()
        set_text(self._problem, sentence)

    def close(self) -> None:
        """Leave."""
        self._dialog.close()
