"""The gallery as elements: groups of cards, a card for each entry."""

from collections.abc import Callable, Mapping
from typing import Any

import js

from page.gallery.entry import ANYTHING, GalleryEntry, Groups, Sought
from page.ui.clock import clock
from page.ui.context import PageContext
from page.ui.dom import (
    WORK,
    button,
    by_id,
    element,
    listen,
    on_action,
    options,
    set_text,
    show_star,
    star_button,
)
from tether.core.ids import PromptId
from tether.core.protocol.outputs import VIEWED, Output, saved_name
from tether.workflows.values import label_of

PAGE = 48
"""Cards of a group that are made at a time."""

SIGNS: Mapping[str, str] = {"image": "▣", "video": "▶", "audio": "♪", "model": "◈", "other": "⬚"}
"""Where there is no picture to show."""


class GalleryPanel:
    """Shows groups of entries; a folded group has no cards.

    `handle` gets a card's button (`again`, `remove`, `star`) with its prompt id, a result's
    (`zoom`, `use`, `fetch`) with `prompt/number`, `undo`, and `show` when other entries are to be
    shown.
    """

    def __init__(self, context: PageContext, handle: Callable[[str, str], None]) -> None:
        self._words = context.words
        self._stars = context.stars
        self._handle = handle
        self._dialog = by_id("gallery")
        self._by = by_id("gallery-by")
        self._search = by_id("gallery-search")
        self._starred = by_id("gallery-starred")
        self._workflow, self._server = by_id("gallery-workflow"), by_id("gallery-server")
        self._usage = by_id("gallery-usage")
        self._evicted = by_id("gallery-evicted")
        self._said = by_id("gallery-said")
        self._undo = by_id("gallery-undo")
        self._list = by_id("gallery-list")
        self._counts: dict[str, int] = {}
        """How many cards each group shows, by its heading; 0 for one that was folded."""
        self._urls: dict[str, str] = {}
        """The addresses of the contents on show, by name."""
        self._addresses: Mapping[str, str] = {}
        listen(self._by, "change", lambda _event: self._regroup())
        for field in (self._search, self._workflow, self._server):
            listen(field, "input", lambda _event: self._regroup())
        listen(self._starred, "click", lambda _event: self._choose_starred(not self._is_starred))
        listen(by_id("gallery-close"), "click", lambda _event: self.close())
        listen(self._undo, "click", lambda _event: handle("undo", ""))
        listen(self._dialog, "close", lambda _event: self._closed())
        listen(self._list, "click", self._clicked)
        on_action(self._list, handle, WORK)

    @property
    def is_open(self) -> bool:
        """Tell whether the dialog is open."""
        return bool(self._dialog.open)

    @property
    def is_by_workflow(self) -> bool:
        """Say whether entries are grouped by workflow instead of by day."""
        return str(self._by.value) == "workflow"

    @property
    def sought(self) -> Sought:
        """Return what is looked for."""
        workflow, server = str(self._workflow.value), str(self._server.value)
        return Sought(str(self._search.value).strip(), workflow, server, self._is_starred)

    @property
    def _is_starred(self) -> bool:
        return str(self._starred.getAttribute("aria-pressed")) == "true"

    def open(self) -> None:
        """Show the dialog, with nothing looked for."""
        for field in (self._search, self._workflow, self._server):
            field.value = ""
        self._starred.setAttribute("aria-pressed", "false")
        self.tell("")
        self.tell_evicted("")
        if not self.is_open:
            self._dialog.showModal()

    def close(self) -> None:
        """Close the dialog."""
        self._dialog.close()

    def offer(self, workflows: list[str], servers: list[str]) -> None:
        """Offer the workflows and the servers to choose from, where there are several."""
        by_id("gallery-filters").hidden = not workflows
        for field, names in ((self._workflow, workflows), (self._server, servers)):
            shown = [str(each.value) for each in field.options][1:]
            if shown != names:
                chosen = str(field.value)
                field.replaceChildren(field.options[0], *options({name: name for name in names}))
                field.value = chosen if chosen in names else ""
            field.parentElement.hidden = len(names) < 2

    def show_stars(self) -> None:
        """Show which of the cards are starred; none goes, or moves, for that."""
        for shown in self._list.querySelectorAll("[data-action=star]"):
            show_star(shown, PromptId(str(shown.getAttribute("data-key"))) in self._stars)

    def seen(self, groups: Groups) -> list[GalleryEntry]:
        """Return the entries whose cards are shown.

        At first those of the first group; where something is looked for the first page, of
        whatever groups.
        """
        if not self._counts:
            room = PAGE if self.sought != ANYTHING else 1
            for heading, entries in groups.items():
                if room > 0:
                    self._counts[heading] = PAGE
                    room -= len(entries)
        return [
            entry
            for heading, entries in groups.items()
            for entry in entries[: self._counts.get(heading, 0)]
        ]

    def show(
        self, groups: Groups, contents: Mapping[str, Any], addresses: Mapping[str, str], usage: str
    ) -> None:
        """Show groups, with the Blobs of the entries whose cards are shown, by name.

        `addresses` are those of results at their servers, where a link may lead there.
        """
        if not self.is_open:
            return  # closed while the contents were read
        top, focused = self._list.scrollTop, self._focused()
        self._free()
        self._urls = {n: str(js.URL.createObjectURL(blob)) for n, blob in contents.items()}
        self._addresses = addresses
        self._list.replaceChildren(*(self._group(*each) for each in groups.items()))
        self._list.scrollTop = top
        again = self._list.querySelector(focused) if focused else None
        if again:
            again.focus()
        found, sought = sum(map(len, groups.values())), self.sought
        text = usage or self._words.say("gallery.none")
        if sought != ANYTHING and (found or not sought.query):
            text = self._words.say("gallery.found", count=found)
        elif sought != ANYTHING:
            text = ""
            nothing = self._words.say("gallery.not_found", query=sought.query)
            self._list.append(element("p", "", nothing, role="status"))
        set_text(self._usage, text)

    def _focused(self) -> str:
        """Return what finds the button that has the focus, after its card was made anew; or ""."""
        focused = js.document.activeElement
        if not self._list.contains(focused) or not focused.hasAttribute("data-key"):
            return ""
        key = js.CSS.escape(focused.getAttribute("data-key"))
        return f'[data-action={focused.dataset.action}][data-key="{key}"]'

    def tell(self, sentence: str, is_undoable: bool = False) -> None:
        """Say what has happened; "" for nothing."""
        set_text(self._said, sentence)
        self._undo.hidden = not is_undoable
        if is_undoable:
            self._undo.focus()  # the button that was pressed is gone

    def tell_evicted(self, sentence: str) -> None:
        """Say how many entries were evicted."""
        set_text(self._evicted, sentence)

    def _group(self, heading: str, entries: list[GalleryEntry]) -> Any:
        words, wanted = self._words, self._counts.get(heading, 0)
        count = element("span", "count", words.say("gallery.count", count=len(entries)))
        title = element("summary", "", heading, count, data_group=heading)
        group = element("details", "", "", title)
        group.open = wanted > 0
        if wanted:
            group.append(element("ul", "cards", "", *map(self._card, entries[:wanted])))
        if 0 < wanted < len(entries):
            rest = words.say("gallery.more", count=len(entries) - wanted)
            group.append(element("button", "quiet", rest, type="button", data_more=heading))
        return group

    def _card(self, entry: GalleryEntry) -> Any:
        words = self._words
        classes = "card kept batch" if len(entry.outputs) > 1 else "card kept"
        results = (
            element("pre", "text", output.text)
            if output.kind == "text"
            else self._result(entry, number, output)
            for number, output in enumerate(entry.outputs)
        )
        title = element("span", "title", words.title(entry.title))
        facts = element("span", "facts", f"{entry.server_name} · {clock(entry.at)}")
        parts = element("div", "results", "", *results), title, facts
        card = element("li", classes, "", *parts, data_prompt=entry.prompt_id)
        if entry.values:
            values = " · ".join(
                f"{words.find(f'input.{name}', label_of(name))}: {text}"
                for name, text in entry.values
            )
            card.append(element("p", "values", values, title=values))
        buttons = element("div", "buttons")
        star = star_button(entry.prompt_id, words)
        show_star(star, entry.prompt_id in self._stars)
        buttons.append(star)
        lacks = entry.lacks()
        if lacks and entry.digest:
            why = words.say("gallery.not_again", file=words.title(lacks))
            card.append(element("p", "facts", why))
        elif not lacks:
            buttons.append(button("again", entry.prompt_id, words.say("task.again")))
        buttons.append(button("remove", entry.prompt_id, words.say("task.dismiss")))
        card.append(buttons)
        return card

    def _result(self, entry: GalleryEntry, number: int, output: Output) -> Any:
        say, name = self._words.say, entry.whole(number)
        whole = self._urls.get(name, "")
        address = whole or self._addresses.get(name, "")
        box, buttons = element("figure"), element("div", "buttons")
        small = self._urls.get(entry.small(number)) or whole
        shown = _thumbnail(self._words.title(entry.title), output, small)
        if output.kind in VIEWED:
            is_picture = output.kind == "image"
            label = say("task.zoom" if is_picture else "task.view", file=output.filename)
            large = button("zoom", name, "", "thumb", title=label)
            large.append(shown)
            box.append(large)
        elif address:
            tab = {"target": "_blank", "rel": "noopener noreferrer"}
            label = say("task.open", file=output.filename)
            link = element("a", "thumb", "", shown, href=address, title=label, **tab)
            if whole:
                link.setAttribute("download", output.filename)  # only pictures may be opened
            box.append(link)
        else:
            box.append(shown)
        if whole:
            picture = entry.pictures[0].filename if entry.pictures else ""
            file = saved_name(output.filename, picture)
            buttons.append(element("a", "save", say("gallery.save"), href=whole, download=file))
        elif address:
            box.append(element("span", "facts", say("gallery.there", server=entry.server_name)))
        else:
            label = say("gallery.fetch", server=entry.server_name)
            buttons.append(button("fetch", name, label))
        if output.kind == "image":
            buttons.append(button("use", name, say("task.use")))
        box.append(buttons)
        return box

    def _clicked(self, event: Any) -> None:
        title, more = event.target.closest("summary"), event.target.closest("[data-more]")
        if title and title.hasAttribute("data-group"):
            event.preventDefault()  # it opens once its cards are made
            key = str(title.getAttribute("data-group"))
            self._counts[key] = 0 if self._counts.get(key) else PAGE
            self._handle("show", "")
        elif more:
            self._counts[str(more.getAttribute("data-more"))] += PAGE
            self._handle("show", "")

    def _choose_starred(self, is_on: bool) -> None:
        self._starred.setAttribute("aria-pressed", "true" if is_on else "false")
        self._regroup()

    def _regroup(self) -> None:
        self._counts.clear()
        self._list.scrollTop = 0
        self._handle("show", "")

    def _closed(self) -> None:
        self._list.replaceChildren()
        self._counts.clear()
        self._free()

    def _free(self) -> None:
        for url in self._urls.values():
            js.URL.revokeObjectURL(url)
        self._urls = {}


def _thumbnail(title: str, output: Output, url: str) -> Any:
    if output.kind == "image" and url:
        text = f"{output.filename} – {title}"
        return element("img", "", src=url, alt=text, loading="lazy", decoding="async")
    sign = element("span", "sign", SIGNS[output.kind], aria_hidden="true")
    return element("span", "away", "", sign, element("span", "", output.filename))
