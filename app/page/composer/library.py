"""The workflows that can be chosen: shipped, used before, and the person's own."""

from functools import lru_cache

from page.composer.open_file import Opened
from page.composer.panel import OWN, RECENT, ComposerPanel
from page.composer.records import LONGEST_RECENT, MAX_RECENT, read_recent, with_recent
from tether.browser.site import fetch_text
from tether.core.errors import BadInput
from tether.core.model.title import keyed
from tether.core.protocol.workflow import Workflow, parse_workflow
from tether.runtime.ports import Records
from tether.runtime.shared_entries import SharedEntries

RECENT_RECORD = "recent"

_parsed = lru_cache(MAX_RECENT)(parse_workflow)


class Library:
    """Finds a workflow by the name under which the composer offers it."""

    def __init__(self, panel: ComposerPanel, shared: Records) -> None:
        self._panel = panel
        self._used = SharedEntries(shared, RECENT_RECORD)
        self.own: Opened | None = None
        """The file that the person has opened."""
        self._shipped: dict[str, Opened] = {}
        """The page's own that were fetched: none changes while the page lives."""
        self._show_recent()
        shared.listen(self._follow)

    async def find(self, name: str) -> Opened | None:
        """Return a workflow; None for one that another window has pushed out of the list.

        Raises:
            BadInput: No file is open yet, or the page's own one can't be fetched.
        """
        if name == OWN:
            if self.own is None:
                raise BadInput("workflow_needed")
            return self.own
        if name.startswith(RECENT):
            title = name.removeprefix(RECENT)
            text = dict(self._recent()).get(title)
            return Opened(title, _parsed(text)) if text is not None else None
        if name not in self._shipped:
            text = await fetch_text(f"./static/workflows/{name}.json")
            if text is None:
                raise BadInput("workflow_missing", file=name)
            self._shipped[name] = Opened(keyed(name), parse_workflow(text))
        return self._shipped[name]

    def used(self, opened: Opened) -> None:
        """Remember a workflow that was used."""
        text = opened.workflow.text()
        if len(text) > LONGEST_RECENT // 4:  # others are to fit as well
            text = Workflow(opened.workflow.nodes).text()
        self._used.write(with_recent(self._used.read(), opened.title, text))
        self._show_recent()

    def kept(self, name: str) -> tuple[str, str] | None:
        """Return a workflow as presets keep it: its title and text, which a shipped one lacks."""
        if name.startswith(RECENT):
            title = name.removeprefix(RECENT)
            text = dict(self._recent()).get(title)
            return None if text is None else (title, text)
        return (keyed(name), "") if name else None

    def name_of(self, title: str, text: str) -> str:
        """Return the name of a workflow that a preset has kept, and offer it as used before.

        Raises:
            BadInput: It is none.
        """
        if not text:
            return title.strip("{}")
        if dict(self._recent()).get(title) != text:
            self.used(Opened(title, parse_workflow(text)))
        return f"{RECENT}{title}"

    def _follow(self, key: str, _text: str | None) -> None:
        """Offer what another window has used."""
        if self._used.holds(key):
            self._show_recent()

    def _recent(self) -> list[tuple[str, str]]:
        return read_recent(self._used.read())

    def _show_recent(self) -> None:
        self._panel.show_recent([title for title, _ in self._recent()])
