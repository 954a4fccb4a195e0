"""The dialog with the finished results of this browser."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import js

from page.gallery.card import make_card
from page.gallery.entry import Entry
from page.ui.dom import by_id, element, listen, on_action, set_text
from page.ui.words import Words

PAGE = 48
"""Cards of a group that are made at a time."""


class GroupRow(NamedTuple):
    """Entries that stand together, and what that is called."""

    key: str
    label: str
    entries: tuple[Entry, ...]


class GalleryPanel:
    """Shows groups of entries; of those that are folded nothing is made.

    Args:
        words: The page's language.
        handle: Called with a card's button (`again`, `remove`) and its prompt id, with that of a
            result (`use`, `fetch`) and `prompt/number`, with `undo`, and with `look` when other
            entries are to be seen.
    """

    def __init__(self, words: Words, handle: Callable[[str, str], None]) -> None:
        self._words = words
        self._handle = handle
        self._dialog = by_id("gallery")
        self._by = by_id("gallery-by")
        self._search = by_id("gallery-search")
        self._usage = by_id("gallery-usage")
        self._evicted = by_id("gallery-evicted")
        self._said = by_id("gallery-said")
        self._undo = by_id("gallery-undo")
        self._list = by_id("gallery-list")
        self._counts: dict[str, int] = {}
        """How many cards of each group are wanted; 0 for one that was folded."""
        self._urls: list[str] = []
        listen(self._by, "change", lambda _event: self._other_groups())
        listen(self._search, "input", lambda _event: self._other_groups())
        listen(by_id("gallery-close"), "click", lambda _event: self.close())
        listen(self._undo, "click", lambda _event: handle("undo", ""))
        listen(self._dialog, "close", lambda _event: self._closed())
        listen(self._list, "click", self._clicked)
        on_action(self._list, handle)

    @property
    def is_open(self) -> bool:
        """Somebody is looking."""
        return bool(self._dialog.open)

    @property
    def is_by_workflow(self) -> bool:
        """Entries of one workflow are to stand together, instead of those of a day."""
        return str(self._by.value) == "workflow"

    @property
    def query(self) -> str:
        """What is sought; "" for everything."""
        return str(self._search.value).strip()

    def open(self) -> None:
        """Show the dialog, and all entries in it."""
        self._search.value = ""
        self.tell("")
        self.tell_evicted("")
        if not self.is_open:
            self._dialog.showModal()

    def close(self) -> None:
        """Leave."""
        self._dialog.close()

    def seen(self, rows: Iterable[GroupRow]) -> list[Entry]:
        """Return the entries of which cards are wanted.

        At first those of the first group; of what is sought a page full, in whatever group.
        """
        rows, room = list(rows), PAGE
        if not self._counts:
            for row in rows if self.query else rows[:1]:
                if room > 0:
                    self._counts[row.key] = PAGE
                    room -= len(row.entries)
        return [entry for row in rows for entry in row.entries[: self._counts.get(row.key, 0)]]

    def show(
        self,
        rows: list[GroupRow],
        contents: Mapping[str, Any],
        addresses: Mapping[str, str],
        usage: str,
    ) -> None:
        """Show these groups.

        Args:
            rows: All of them.
            contents: The Blobs of the entries that are seen, by name.
            addresses: Where a result is at its server, if a link may lead there.
            usage: How much room all of it takes.
        """
        if not self.is_open:
            return  # closed while the contents were read
        top = self._list.scrollTop
        self._free()
        urls = {name: self._url(blob) for name, blob in contents.items()}
        self._list.replaceChildren(*(self._group(row, urls, addresses) for row in rows))
        self._list.scrollTop = top
        found = sum(len(row.entries) for row in rows)
        told = usage or self._words.say("gallery.none")
        if self.query and found:
            told = self._words.say("gallery.found", count=found)
        elif self.query:
            told = ""
            nothing = self._words.say("gallery.not_found", query=self.query)
            self._list.append(element("p", "", nothing, role="status"))
        set_text(self._usage, told)

    def tell(self, sentence: str, is_undoable: bool = False) -> None:
        """Say what has happened; "" for nothing."""
        set_text(self._said, sentence)
        self._undo.hidden = not is_undoable
        if is_undoable:
            self._undo.focus()  # the button that was pressed is gone

    def tell_evicted(self, sentence: str) -> None:
        """Say what had to go."""
        set_text(self._evicted, sentence)

    def _group(self, row: GroupRow, urls: Mapping[str, str], addresses: Mapping[str, str]) -> Any:
        words, wanted = self._words, self._counts.get(row.key, 0)
        group = element("details")
        group.open = wanted > 0
        title = element("summary", "", row.label, data_group=row.key)
        title.append(element("span", "count", words.say("gallery.count", count=len(row.entries))))
        group.append(title)
        if wanted:
            cards = element("ul", "cards")
            cards.append(
                *(make_card(words, each, urls, addresses) for each in row.entries[:wanted])
            )
            group.append(cards)
        if 0 < wanted < len(row.entries):
            rest = words.say("gallery.more", count=len(row.entries) - wanted)
            group.append(element("button", "quiet", rest, type="button", data_more=row.key))
        return group

    def _clicked(self, event: Any) -> None:
        """Unfold a group, fold it, or make more of its cards."""
        title, more = event.target.closest("summary"), event.target.closest("[data-more]")
        if title and title.hasAttribute("data-group"):
            event.preventDefault()  # it opens when its cards are there
            key = str(title.getAttribute("data-group"))
            self._counts[key] = 0 if self._counts.get(key) else PAGE
            self._handle("look", "")
        elif more:
            self._counts[str(more.getAttribute("data-more"))] += PAGE
            self._handle("look", "")

    def _other_groups(self) -> None:
        self._counts.clear()
        self._list.scrollTop = 0
        self._handle("look", "")

    def _closed(self) -> None:
        self._list.replaceChildren()
        self._counts.clear()
        self._free()

    def _url(self, blob: Any) -> str:
        url = str(js.URL.createObjectURL(blob))
        self._urls.append(url)
        return url

    def _free(self) -> None:
        urls, self._urls = self._urls, []
        for url in urls:
            js.URL.revokeObjectURL(url)
