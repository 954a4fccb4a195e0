"""The choice of a server, and where the next task would go."""

from collections.abc import Callable

from page.servers.row import ServerRow
from page.ui.dom import by_id, element, listen, set_text
from page.ui.words import Words
from tether.core.ids import ServerUrl


class ServerChoice:
    """Offers the servers, without those that lack something for the workflow."""

    def __init__(self, words: Words, changed: Callable[[], None]) -> None:
        self._words = words
        self._changed = changed
        self.field = by_id("server-choice")
        self._forecast = by_id("server-forecast")
        self._sentence = ""
        self._offered: list[str] = []
        self._rows: tuple[ServerRow, ...] = ()
        self._marks: dict[str, str] = {}
        listen(self.field, "change", lambda _event: self._choose())

    @property
    def chosen(self) -> str:
        """The address of the chosen server, "" for automatic."""
        return str(self.field.value)

    def choose(self, url: str) -> None:
        """Choose a server, if it is offered."""
        if any(row.url == url for row in self._rows):
            self.field.value = url
            self._choose()

    def _choose(self) -> None:
        self._show_forecast()
        self._changed()

    def offer(self, rows: tuple[ServerRow, ...]) -> None:
        """Offer these servers; the choice stays if its server does."""
        self._rows = rows
        texts = {row.url: self._text(row) for row in rows}
        offered = [url + text for url, text in texts.items()]
        if offered == self._offered:
            return
        self._offered = offered
        chosen = self.field.value
        while self.field.options.length > 1:
            self.field.remove(1)
        for row in rows:
            option = element("option", "", texts[row.url], value=row.url)
            option.disabled = row.url in self._marks
            self.field.append(option)
        if any(row.url == chosen and row.url not in self._marks for row in rows):
            self.field.value = chosen
        self._show_forecast()

    def _text(self, row: ServerRow) -> str:
        mark = self._marks.get(row.url) or (f"– {row.state}" if _is_unable(row) else "")
        return f"{row.name} {mark}".strip()

    def mark(self, marks: dict[str, str]) -> None:
        """Mark servers that can't be chosen: address -> why."""
        self._marks = marks
        self.offer(self._rows)
        self._changed()

    @property
    def are_all_lacking(self) -> bool:
        """No server can be chosen, since each lacks something."""
        return bool(self._rows) and all(row.url in self._marks for row in self._rows)

    def lacking(self) -> list[ServerUrl]:
        """Return the servers that are not offered."""
        return [ServerUrl(url) for url in self._marks]

    def show_forecast(self, sentence: str) -> None:
        """Show where the next task would go, unless a server is chosen."""
        if sentence != self._sentence:
            self._sentence = sentence
            self._show_forecast()

    def _show_forecast(self) -> None:
        chosen, sentence = self.chosen, self._sentence
        if chosen:
            # What such a server is asked for waits.
            waits = (row for row in self._rows if row.url == chosen and _is_unable(row))
            sentence = next(
                (
                    self._words.say("compose.waits", server=row.name, state=row.state)
                    for row in waits
                ),
                "",
            )
        set_text(self._forecast, sentence)


def _is_unable(row: ServerRow) -> bool:
    return row.is_paused or row.tone == "bad"
