"""The choice of a server for the next task, and the forecast for one without a choice."""

from collections.abc import Callable

from page.servers.row import ServerRow
from page.ui.dom import by_id, element, listen, set_text
from tether.core.ids import ServerUrl


class ServerChoice:
    """Offers the servers, without those that lack something for the workflow."""

    def __init__(self, repaint: Callable[[], None]) -> None:
        self._repaint = repaint
        self._server = by_id("server-choice")
        self._forecast = by_id("server-forecast")
        self._sentence = ""
        self._offered: list[str] = []
        self._rows: tuple[ServerRow, ...] = ()
        self._marks: dict[str, str] = {}
        listen(self._server, "change", lambda _event: self._show_forecast())

    @property
    def chosen(self) -> str:
        """The address of the chosen server, "" for automatic."""
        return str(self._server.value)

    def choose(self, url: str) -> None:
        """Choose a server, if it is offered."""
        if any(row.url == url for row in self._rows):
            self._server.value = url
            self._show_forecast()

    def offer(self, rows: tuple[ServerRow, ...]) -> None:
        """Offer these servers; the choice stays if its server does."""
        self._rows = rows
        offered = [row.url + row.name + self._marks.get(row.url, "") for row in rows]
        if offered == self._offered:
            return
        self._offered = offered
        chosen = self._server.value
        while self._server.options.length > 1:
            self._server.remove(1)
        for row in rows:
            mark = self._marks.get(row.url, "")
            option = element("option", "", f"{row.name} {mark}".strip(), value=row.url)
            option.disabled = bool(mark)
            self._server.append(option)
        if any(row.url == chosen and row.url not in self._marks for row in rows):
            self._server.value = chosen
        self._show_forecast()

    def mark(self, marks: dict[str, str]) -> None:
        """Mark servers that can't be chosen: address -> why."""
        self._marks = marks
        self.offer(self._rows)
        self._repaint()

    def lacking(self) -> list[ServerUrl]:
        """Return the servers that are not offered."""
        return [ServerUrl(url) for url in self._marks]

    def show_forecast(self, sentence: str) -> None:
        """Show where the next task would go, unless a server is chosen."""
        if sentence != self._sentence:
            self._sentence = sentence
            self._show_forecast()

    def _show_forecast(self) -> None:
        set_text(self._forecast, "" if self._server.value else self._sentence)
