"""The panel of servers."""

from typing import Any

import js

from page.servers.row import ServerRow
from page.servers.servers import Servers
from page.servers.token_form import AccessFields, LazyFields
from page.ui.dom import (
    Rows,
    button,
    by_id,
    element,
    listen,
    on_action,
    set_text,
    set_texts,
)
from page.ui.words import Words

_MACHINE = ("socket", "facts", "figures", "access")
_LINES: tuple[tuple[str, ...], ...] = (("ours", "wait"), _MACHINE, ("url",))
"""The lines of an unfolded card, each with its texts side by side where there is room."""

_BUTTONS = ("connect", "ask", "pause", "resume", "token", "remove")

_BELOW = ("duplicate", "well", "trouble")
_TEXTS = ("name", "state", "queue", *sum(_LINES[:-1], ()), *_BELOW)


class ServersPanel:
    """A card a server, and a form to add one."""

    def __init__(self, words: Words, servers: Servers) -> None:
        self._words = words
        self._servers = servers
        self._access = LazyFields(by_id("server-access"), words)
        self._fields: dict[str, AccessFields] = {}
        self._address, self._name = by_id("server-address"), by_id("server-name")
        self._problem = by_id("server-problem")
        self._none = by_id("server-none")
        self._is_corrected = False
        """An address was corrected: its new card gets the focus."""
        self._rows = Rows(by_id("servers"), self._make, self._change, words)
        command = f"python main.py --enable-cors-header {js.location.origin}"
        by_id("server-command").textContent = command
        listen(by_id("server-copy"), "click", lambda _event: servers.copy(command))
        listen(by_id("server-form"), "submit", self._submitted)
        on_action(by_id("servers"), self._act)
        listen(by_id("servers"), "submit", self._changed)
        listen(by_id("servers"), "keydown", self._keyed)

    def show(self, rows: tuple[ServerRow, ...]) -> None:
        """Show these servers; a card whose address was corrected keeps the focus."""
        fresh = [row.url for row in rows if row.url not in self._rows.cards]
        for gone in self._rows.show({row.url: row for row in rows}):
            self._fields.pop(gone, None)
        if self._none.hidden != bool(rows):
            self._none.hidden = bool(rows)
            # Another tab's server may come while somebody types.
            by_id("server-new").open = not rows or bool(self._address.value)
        if self._is_corrected and fresh:
            self._go_to(fresh[-1])
        self._is_corrected = False

    def _submitted(self, event: Any) -> None:
        event.preventDefault()
        typed, name = str(self._address.value), str(self._name.value)
        problem = self._servers.add(typed, name, self._access.read())
        set_text(self._problem, problem)
        if not problem:
            self._address.value = self._name.value = ""
            self._access.clear()

    def _act(self, action: str, url: str) -> None:
        match action:
            case "token":
                self._show_fields(url)
            case "use":
                self._use_fields(url)
            case "rename":
                self._rows.cards[url]["naming"].toggle(self._rows.rows[url].name, url)
            case "copy":
                self._servers.copy(url)
            case _:
                self._servers.act(action, url)

    def _keyed(self, event: Any) -> None:
        naming = event.target.closest(".naming") if event.key == "Escape" else None
        if naming:
            naming.hidden = True
            self._go_to(str(naming.dataset.server))

    def _changed(self, event: Any) -> None:
        event.preventDefault()
        url = str(event.target.dataset.server)
        naming = self._rows.cards[url]["naming"]
        name, address = naming.typed()
        problem = self._servers.change(url, name, address)
        naming.refuse(problem)
        if not problem:
            event.target.hidden = True
            self._is_corrected = address != url
            self._go_to(url)

    def _go_to(self, url: str) -> None:
        parts = self._rows.cards.get(url)
        if parts is not None:
            parts["folded"].open = True
            parts["rename button"].focus()

    def _show_fields(self, url: str) -> None:
        box = self._rows.cards[url]["token"]
        if url not in self._fields:
            self._fields[url] = AccessFields(self._words, self._rows.rows[url].access_mode)
            use = button("use", url, self._words.say("access.use"))
            box.append(self._fields[url].root, use, element("p", "trouble"))
            box.hidden = True
        box.hidden = not box.hidden

    def _use_fields(self, url: str) -> None:
        box = self._rows.cards[url]["token"]
        problem = self._servers.use_token(url, self._fields[url].read())
        set_text(box.lastChild, problem)
        if not problem:
            box.replaceChildren()
            del self._fields[url]

    def _make(self, url: str) -> dict[str, Any]:
        words = self._words
        parts: dict[str, Any] = {"causes shown": None, "stands": None, "overall": None}
        parts |= {name: element("span", name) for name in ("name", "state", "queue")}
        parts |= {name: element("p", name) for name in (*sum(_LINES, ()), *_BELOW)}
        for name in ("figures", "socket"):
            parts[name] = element("p", name, title=words.say(f"server.{name}_about"))
        parts |= {"causes": element("ul", "causes"), "token": element("div", "token")}
        label = words.say("server.rename")
        rename = button("rename", url, "✎", title=label, aria_label=label)
        parts["rename button"] = rename
        parts["naming"] = naming = RenameForm(words, url)
        set_text(parts["url"], url)
        buttons = [button(each, url, words.say(f"server.{each}")) for each in _BUTTONS]
        parts |= {f"{each.dataset.action} button": each for each in buttons}
        parts["bar"] = element("progress", "", max="1", value="0", hidden="")
        head = element("summary", "head", "", *map(parts.get, ("name", "bar", "queue", "state")))
        lines = (element("div", "told", "", *map(parts.get, names)) for names in _LINES)
        more = *lines, element("div", "buttons", "", rename, *buttons), naming.root, parts["token"]
        parts["folded"] = element("details", "", "", head, *more)
        shown = parts["folded"], *map(parts.get, (*_BELOW, "causes"))
        parts["card"] = element("li", "server card", "", *shown, data_server=url)
        return parts

    def _change(self, parts: dict[str, Any], row: ServerRow) -> None:
        if "name" in set_texts(parts, {name: getattr(row, name) for name in _TEXTS}):
            parts["name"].title = row.name
            parts["url"].hidden = row.url.endswith(f"//{row.name}")
        about = self._words.say("server.facts_about", device=row.device) if row.device else ""
        if parts.get("about", "") != about:
            parts["about"] = parts["facts"].title = about
        if parts["causes shown"] != row.causes:
            parts["causes shown"] = row.causes
            self._show_causes(parts["causes"], row)
        if parts["overall"] != row.overall:
            parts["overall"] = row.overall
            parts["bar"].hidden = row.overall is None
            parts["bar"].value = row.overall or 0
        stands = (row.tone, row.is_held, row.is_paused)
        if parts["stands"] != stands:
            parts["stands"] = stands
            parts["card"].dataset.tone = row.tone
            # What needs the person shows what can be done.
            parts["folded"].open = parts["folded"].open or row.tone == "bad" or row.is_held
            parts["connect button"].hidden = not row.is_held
            parts["ask button"].hidden = row.is_held
            parts["pause button"].hidden = row.is_held or row.is_paused
            parts["resume button"].hidden = not row.is_paused

    def _show_causes(self, parent: Any, row: ServerRow) -> None:
        parent.replaceChildren()
        for sentence, cure in row.causes:
            item = element("li", "", sentence)
            if cure:
                copy = button("copy", cure, self._words.say("server.copy"))
                item.append(element("div", "cure", "", element("code", "", cure), copy))
            parent.append(item)
        parent.hidden = not parent.childElementCount


class RenameForm:
    """The fields for a server's name and address on its card, closed at first."""

    def __init__(self, words: Words, url: str) -> None:
        self.root = element("form", "naming", data_server=url)
        as_typed = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}
        self._name = element("input", "name-field", autocomplete="off")
        self._address = element("input", "address-field", **as_typed)
        self._wrong = element("p", "trouble", role="alert")
        for key, field in (("server.name", self._name), ("server.its_address", self._address)):
            self.root.append(element("label", "", "", element("span", "", words.say(key)), field))
        self.root.append(self._wrong, element("button", "quiet", words.say("server.rename_use")))
        self.root.hidden = self._wrong.hidden = True

    def toggle(self, name: str, address: str) -> None:
        """Open the fields with these values, or close them."""
        self.root.hidden = not self.root.hidden
        self._name.value, self._address.value = name, address
        self.refuse("")
        if not self.root.hidden:
            self._name.select()

    def typed(self) -> tuple[str, str]:
        """Return name and address."""
        return str(self._name.value), str(self._address.value)

    def refuse(self, problem: str) -> None:
        """Say what is wrong with the address, "" for nothing."""
        set_text(self._wrong, problem)
        if problem:
            self._address.setAttribute("aria-invalid", "true")
            self._address.focus()
        else:
            self._address.removeAttribute("aria-invalid")
