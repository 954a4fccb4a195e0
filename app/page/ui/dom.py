"""Elements: made, changed, listened to. Everything a server says goes in as text."""

from collections.abc import Callable, Container, Mapping
from typing import Any

import js
from pyodide.ffi import JsException, create_proxy

from page.ui.order import unmoved
from page.ui.words import Sentence, Words
from tether.browser.values import to_object
from tether.runtime.containment import report


def by_id(name: str) -> Any:
    """Return an element of the page's own HTML."""
    return js.document.getElementById(name)


def element(
    tag: str, class_name: str = "", text: str = "", *children: Any, **attributes: str
) -> Any:
    """Make an element; attributes are set as such, and never HTML."""
    return _filled(js.document.createElement(tag), class_name, text, children, attributes)


def check_box(text: str, **attributes: str) -> tuple[Any, Any]:
    """Make a check box, and the label that it stands in."""
    box = element("input", "", type="checkbox", **attributes)
    return box, element("label", "check", "", box, element("span", "", text))


def options(texts: Mapping[str, str]) -> list[Any]:
    """Make the options of a list of choices, by their values."""
    return [element("option", "", text, value=value) for value, text in texts.items()]


def save_as(blob: Any, name: str) -> None:
    """Let the browser save a Blob as a file of the person's."""
    address = js.URL.createObjectURL(blob)
    element("a", "", href=address, download=name).click()
    js.setTimeout(js.URL.revokeObjectURL.bind(js.URL, address), _SAVED_WITHIN)


def button(action: str, key: str, label: str, class_name: str = "quiet", **attributes: str) -> Any:
    """Make a button for `on_action`."""
    named = {"type": "button", "data_action": action, "data_key": key}
    return element("button", class_name, label, **named, **attributes)


def star_button(key: str, words: Words) -> Any:
    """Make a button that stars a result; `show_star` says whether it is."""
    label = words.say("task.star")
    return button("star", key, "☆", "quiet star", aria_pressed="false", aria_label=label)


def show_star(target: Any, is_on: bool) -> None:
    """Show on its button whether a result is starred."""
    target.textContent = "★" if is_on else "☆"
    target.setAttribute("aria-pressed", "true" if is_on else "false")


def drawn(tag: str, class_name: str = "", text: str = "", *children: Any, **attributes: str) -> Any:
    """Make an element of a drawing (SVG)."""
    made = js.document.createElementNS("http://www.w3.org/2000/svg", tag)
    return _filled(made, class_name, text, children, attributes)


def _filled(
    made: Any, class_name: str, text: str, children: tuple[Any, ...], attributes: Mapping[str, str]
) -> Any:
    if class_name:
        made.setAttribute("class", class_name)
    if text:
        made.textContent = text
        if isinstance(text, Sentence):
            made.setAttribute("data-say", text.note())
    for name, value in attributes.items():
        written = name.rstrip("_").replace("_", "-")
        made.setAttribute(written, value)
        if isinstance(value, Sentence) and written in SAID:
            made.setAttribute(f"data-say-{written}", value.note())
    if children:
        made.append(*children)
    return made


def listen(
    target: Any, name: str, handler: Callable[[Any], None], *, is_first: bool = False
) -> None:
    """Listen for as long as the page lives: the panels' few listeners are never removed.

    Lists have one listener for all their rows (see `on_action`), so none is made per row. With
    `is_first` the handler is called before those of what `target` contains.
    """
    target.addEventListener(name, create_proxy(handler), is_first)


_SAVED_WITHIN = 60_000
"""Milliseconds for which a file stays there for the browser to save."""

ONE_PRESS = 1.0
"""Seconds within which the same button pressed again is the same wish, as in a double click."""

WORK = frozenset(
    {
        *("again", "again-lost", "elsewhere", "send", "use", "cancel-all", "save-all"),
        *("picked-again", "picked-cancel", "picked-save", "picked-compare"),
    }
)
"""Actions that cause work, and do it once for one wish."""


def on_action(
    target: Any, handler: Callable[[str, str], None], once: Container[str] = frozenset()
) -> None:
    """Call `handler(action, key)` for clicks on what has `data-action` and `data-key`.

    A link with an action does it on a plain click, and is a link for those who want a new tab. The
    second half of a double click is none for what came under the pointer meanwhile.
    """
    latest = "", "", 0.0

    def clicked(event: Any) -> None:
        nonlocal latest
        found = event.target.closest("[data-action]")
        if not found:
            return
        if found.tagName == "A":
            if event.ctrlKey or event.metaKey or event.shiftKey:
                return
            event.preventDefault()
        action, key = str(found.dataset.action), str(found.getAttribute("data-key") or "")
        before, now = latest, event.timeStamp / 1000
        if (event.detail > 1 and action != before[0]) or (event.detail == 2 and key != before[1]):
            return
        latest = action, key, now
        if action not in once or before[:2] != (action, key) or now - before[2] > ONE_PRESS:
            handler(action, key)

    listen(target, "click", clicked)


class Sight:
    """Calls `handle(element, is_near)` when an element comes near what is in view, or leaves it.

    `margin` is how near, in CSS pixels.
    """

    def __init__(self, handle: Callable[[Any, bool], None], margin: int) -> None:
        self._handle = handle
        options = to_object({"rootMargin": f"{margin}px 0px"})
        # One for each panel, never removed: it lives as long as the page.
        self._observer = js.IntersectionObserver.new(create_proxy(self._changed), options)

    def watch(self, target: Any) -> None:
        """Watch this element, too, for as long as it is on the page."""
        self._observer.observe(target)

    def unwatch(self, target: Any) -> None:
        """Watch this element no longer."""
        self._observer.unobserve(target)

    def _changed(self, entries: Any, _observer: Any) -> None:
        for entry in entries:
            self._handle(entry.target, entry.isIntersecting)


class ViewWatcher:
    """Calls a function with each watched element once it is almost in view."""

    def __init__(self, handle: Callable[[Any], None]) -> None:
        self._handle = handle
        self._sight = Sight(self._changed, 400)
        self.watch = self._sight.watch

    def _changed(self, target: Any, is_near: bool) -> None:
        if is_near:
            self._sight.unwatch(target)
            self._handle(target)


def close_from_outside(event: Any) -> None:
    """Close a dialog when somebody clicks beside it.

    Source: such a click comes from the dialog itself, and not from anything in it.
    """
    dialog = event.target
    if dialog.tagName == "DIALOG":
        box = dialog.getBoundingClientRect()
        is_beside = not box.left <= event.clientX <= box.right
        if is_beside or not box.top <= event.clientY <= box.bottom:
            dialog.close()


SAID = ("aria-label", "label", "placeholder", "title")
"""Attributes that are sentences."""


def translate(words: Words) -> None:
    """Put all that stands on the page into a language; the HTML is in English from the start."""
    js.document.documentElement.lang = words.language
    for target in js.document.querySelectorAll('[data-say]:not([data-say=""])'):
        said = words.again(str(target.getAttribute("data-say")))
        if said is not None:
            target.firstChild.textContent = said  # a field may follow
    for name in SAID:
        for target in js.document.querySelectorAll(f"[data-say-{name}]"):
            said = words.again(str(target.getAttribute(f"data-say-{name}")))
            if said is not None:
                target.setAttribute(name, said)


def set_text(target: Any, text: str) -> None:
    """Set an element's text, and hide it when there is none."""
    target.textContent = text
    target.hidden = not text
    target.setAttribute("data-say", text.note() if isinstance(text, Sentence) else "")


def set_texts(parts: dict[str, Any], texts: dict[str, str]) -> set[str]:
    """Set the texts of a card; returns the names of those that are new.

    What it shows already isn't set again, since each is a call into JavaScript. Other rows come
    in another language.
    """
    shown, parts["texts"] = parts.get("texts", {}), texts
    new = {name for name, text in texts.items() if shown.get(name) != text}
    for name in new:
        parts[name].textContent = texts[name]
        parts[name].hidden = not texts[name]
    return new


async def copy_text(text: str) -> bool:
    """Put a text on the clipboard, if the browser lets it; pages on plain http have the old way."""
    if js.isSecureContext:
        try:
            await js.navigator.clipboard.writeText(text)
        except JsException:
            return False
        return True
    area = element("textarea", "sr")
    area.value = text
    js.document.body.append(area)
    area.select()
    is_copied = bool(js.document.execCommand("copy"))
    area.remove()
    return is_copied


class Rows:
    """A list of cards that follows a list of rows: cards are kept by key and only changed.

    One that can't be shown says so, given `words`.
    """

    def __init__(
        self,
        parent: Any,
        make: Callable[[str], dict[str, Any]],
        change: Callable[[dict[str, Any], Any], None],
        words: Words | None = None,
    ) -> None:
        self._parent = parent
        self._words = words
        self._make = make
        self._change = change
        self.cards: dict[str, dict[str, Any]] = {}
        """The elements of each card."""
        self.rows: dict[str, Any] = {}
        """The row that each card shows."""
        self._order: list[str] = []

    def show(self, rows: dict[str, Any]) -> list[str]:
        """Show these rows in this order; returns the keys of cards that went."""
        gone = [key for key in self.cards if key not in rows]
        for key in gone:
            self.cards.pop(key)["card"].remove()
            del self.rows[key]
        for key, row in rows.items():
            known = self.rows.get(key, self)
            if known is not row and known != row:
                self.rows[key] = row
                try:
                    if key not in self.cards:
                        self.cards[key] = self._make(key)
                    self._change(self.cards[key], row)
                except Exception as error:
                    report(f"painting of {key}", error)
                    self._break(key)
        order = list(rows)
        if order != self._order:
            self._arrange(order)
            self._order = order
        return gone

    def _break(self, key: str) -> None:
        """Say on a card that it can't be shown; the others are."""
        card = self.cards.setdefault(key, {"card": element("li", "card")})["card"]
        if card.querySelector(".broken") is None:
            why = self._words.say("card.broken") if self._words else ""
            card.append(element("p", "trouble broken", why))

    def _arrange(self, order: list[str]) -> None:
        """Put cards in their places; no more of them move than must."""
        stays = unmoved(self._order, order)
        following = None
        for key in reversed(order):
            card = self.cards[key]["card"]
            if key not in stays:
                if following is None:
                    self._parent.append(card)
                else:
                    self._parent.insertBefore(card, following)
            following = card
