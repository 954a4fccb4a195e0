"""The workflows that can be chosen: shipped, used before, and the person's own."""

from page.composer.library_record import read_recent, with_recent
from page.composer.open_file import Opened
from page.composer.panel import OWN, RECENT, Composer
from tether.browser.site import fetch_text
from tether.core.errors import BadInput
from tether.core.model.title import keyed
from tether.runtime.ports import Records

RECORD = "recent"


class Shelf:
    """Finds a workflow by the name under which the composer offers it.

    Args:
        composer: Offers them.
        kept: What all windows of the browser share: the workflows that were used last.
    """

    def __init__(self, composer: Composer, kept: Records) -> None:
        self._composer = composer
        self._kept = kept
        self.own: Opened | None = None
        """The file that the person has opened."""
        self._shipped: dict[str, str] = {}
        """The page's own that were fetched: none changes while the page lives."""
        self._show_recent()

    async def find(self, name: str) -> tuple[str, str] | None:
        """Return title and text of a workflow; None for one that another window has pushed out.

        Raises:
            BadInput: No file is open yet, or the page's own one can't be fetched.
        """
        if name == OWN:
            if self.own is None:
                raise BadInput("workflow_needed")
            return self.own.title, self.own.text
        if name.startswith(RECENT):
            title = name.removeprefix(RECENT)
            recent = dict(read_recent(self._kept.read(RECORD) or ""))
            return (title, recent[title]) if title in recent else None
        if name not in self._shipped:
            text = await fetch_text(f"./static/workflows/{name}.json")
            if text is None:
                raise BadInput("workflow_missing", file=name)
            self._shipped[name] = text
        return keyed(name), self._shipped[name]

    def used(self, title: str, text: str) -> None:
        """Remember a workflow that was used."""
        self._kept.write(RECORD, with_recent(self._kept.read(RECORD) or "", title, text))
        self._show_recent()

    def _show_recent(self) -> None:
        recent = read_recent(self._kept.read(RECORD) or "")
        self._composer.show_recent([title for title, _ in recent])
