"""The gallery as elements: groups of cards, a card for each entry."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import js

from page.gallery.entry import Entry
from page.ui.clock import clock
from page.ui.context import PageContext
from page.ui.dom import by_id, element, listen, on_action, set_text
from page.ui.words import Words
from tether.core.protocol.outputs import Output, saved_name
from tether.workflows.values import label_of

PAGE = 48
"""Cards of a group that are made at a time."""

SIGNS: Mapping[str, str] = {"image": "▣", "video": "▶", "audio": "♪", "other": "⬚"}
"""Where there is no picture to show."""


class GroupRow(NamedTuple):
    """A group of entries, and its heading."""

    key: str
    label: str
    entries: tuple[Entry, ...]


class GalleryPanel:
    """Shows groups of entries; a folded group has no cards.

    Args:
        context: The page's.
        handle: Called with a card's button (`again`, `remove`) and its prompt id, with a result's
            button (`zoom`, `use`, `fetch`) and `prompt/number`, with `undo`, and with `look` when
            the entries on show change.
    """

    def __init__(self, context: PageContext, handle: Callable[[str, str], None]) -> None:
        self._words = context.words
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
        """How many cards each group shows; 0 for one that was folded."""
        self._urls: list[str] = []
        listen(self._by, "change", lambda _event: self._regroup())
        listen(self._search, "input", lambda _event: self._regroup())
        listen(by_id("gallery-close"), "click", lambda _event: self.close())
        listen(self._undo, "click", lambda _event: handle("undo", ""))
        listen(self._dialog, "close", lambda _event: self._closed())
        listen(self._list, "click", self._clicked)
        on_action(self._list, handle)

    @property
    def is_open(self) -> bool:
        """Say whether somebody looks."""
        return bool(self._dialog.open)

    @property
    def is_by_workflow(self) -> bool:
        """Say whether entries are grouped by workflow instead of by day."""
        return str(self._by.value) == "workflow"

    @property
    def query(self) -> str:
        """Return what is searched for; "" for everything."""
        return str(self._search.value).strip()

    def open(self) -> None:
        """Show the dialog, without a query."""
        self._search.value = ""
        self.tell("")
        self.tell_evicted("")
        if not self.is_open:
            self._dialog.showModal()

    def close(self) -> None:
        """Close the dialog."""
        self._dialog.close()

    def seen(self, rows: Iterable[GroupRow]) -> list[Entry]:
        """Return the entries whose cards are shown.

        At first those of the first group; with a query the first page, of whatever groups.
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
        """Show groups.

        Args:
            rows: All of them.
            contents: The Blobs of the entries whose cards are shown, by name.
            addresses: Where a result is at its server, if a link may lead there.
            usage: How much room the gallery takes.
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
        """Say how many entries were evicted."""
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
            cards.append(*(_card(words, each, urls, addresses) for each in row.entries[:wanted]))
            group.append(cards)
        if 0 < wanted < len(row.entries):
            rest = words.say("gallery.more", count=len(row.entries) - wanted)
            group.append(element("button", "quiet", rest, type="button", data_more=row.key))
        return group

    def _clicked(self, event: Any) -> None:
        """Unfold a group, fold it, or show more of its cards."""
        title, more = event.target.closest("summary"), event.target.closest("[data-more]")
        if title and title.hasAttribute("data-group"):
            event.preventDefault()  # it opens once its cards are made
            key = str(title.getAttribute("data-group"))
            self._counts[key] = 0 if self._counts.get(key) else PAGE
            self._handle("look", "")
        elif more:
            self._counts[str(more.getAttribute("data-more"))] += PAGE
            self._handle("look", "")

    def _regroup(self) -> None:
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


def _card(words: Words, entry: Entry, urls: Mapping[str, str], addresses: Mapping[str, str]) -> Any:
    """Make the card of an entry; `urls` has the contents that are here, by name."""
    looks = "card kept batch" if len(entry.outputs) > 1 else "card kept"
    card = element("li", looks, data_prompt=entry.prompt_id)
    results = element("div", "results")
    for number, output in enumerate(entry.outputs):
        if output.kind == "text":
            results.append(element("pre", "text", output.text))
        else:
            results.append(_result(words, entry, number, output, urls, addresses))
    moment = clock(entry.at)
    card.append(
        results,
        element("span", "title", words.title(entry.title)),
        element("span", "facts", f"{entry.server_name} · {moment}"),
    )
    if entry.values:
        values = " · ".join(
            f"{words.find(f'input.{name}', label_of(name))}: {text}" for name, text in entry.values
        )
        card.append(element("p", "values", values, title=values))
    buttons = element("div", "buttons")
    lacks = entry.lacks()
    if lacks:
        card.append(element("p", "facts", words.say("gallery.not_again", file=words.title(lacks))))
    else:
        buttons.append(_button(words.say("task.again"), "again", entry.prompt_id))
    buttons.append(_button(words.say("task.dismiss"), "remove", entry.prompt_id))
    card.append(buttons)
    return card


def _result(
    words: Words,
    entry: Entry,
    number: int,
    output: Output,
    urls: Mapping[str, str],
    addresses: Mapping[str, str],
) -> Any:
    name, key = entry.whole(number), f"{entry.prompt_id}/{number}"
    whole = urls.get(name, "")
    address = whole or addresses.get(name, "")
    box = element("figure")
    shown = _thumbnail(words.title(entry.title), output, urls.get(entry.small(number)) or whole)
    if output.kind == "image":
        # A server's result is fetched for it; the same dialog as a task's.
        label = words.say("task.zoom", file=output.filename)
        large = element("button", "thumb", "", type="button", title=label)
        large.dataset.action, large.dataset.key = "zoom", key
        large.append(shown)
        box.append(large)
    elif address:
        link = element("a", "thumb", href=address, target="_blank", rel="noopener noreferrer")
        link.title = words.say("task.open", file=output.filename)
        if whole:
            link.setAttribute("download", output.filename)  # only pictures may be opened
        link.append(shown)
        box.append(link)
    else:
        box.append(shown)
    buttons = element("div", "buttons")
    if whole:
        picture = entry.pictures[0].filename if entry.pictures else ""
        file = saved_name(output.filename, picture)
        buttons.append(element("a", "save", words.say("gallery.save"), href=whole, download=file))
    elif address:
        box.append(element("span", "facts", words.say("gallery.there", server=entry.server_name)))
    else:
        told = words.say("gallery.fetch", server=entry.server_name)
        buttons.append(_button(told, "fetch", key))
    if output.kind == "image":
        buttons.append(_button(words.say("task.use"), "use", key))
    box.append(buttons)
    return box


def _thumbnail(title: str, output: Output, url: str) -> Any:
    if output.kind == "image" and url:
        told = f"{output.filename} – {title}"
        return element("img", "", src=url, alt=told, loading="lazy", decoding="async")
    away = element("span", "away")
    sign = element("span", "sign", SIGNS[output.kind], aria_hidden="true")
    away.append(sign, element("span", "", output.filename))
    return away


def _button(text: str, action: str, key: str) -> Any:
    button = element("button", "quiet", text, type="button")
    button.dataset.action, button.dataset.key = action, key
    return button
