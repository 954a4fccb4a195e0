"""The rows of a form: a field's label, its input element, and what is beside it."""

from collections.abc import Sequence
from typing import Any

import js

from page.composer.form_fields import Field, range_of
from page.composer.sweep import can_vary
from page.ui.dom import button, element, options
from page.ui.file_kinds import ACCEPTS
from page.ui.words import Words
from tether.browser.values import to_object
from tether.workflows.values import label_of

_DICE, _LINES = "⚄", "≡"
_VALUE = "value"
"""The input of nodes that are nothing but a value."""

VALUES_FILE = "values-file"
"""The name of the inputs that pick a file of values."""

_VALUES_FILES = ".txt,.csv,.tsv,text/*"


class FieldRows:
    """Makes elements for fields, and names them in the language of the page."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self.fields: Sequence[Field] = ()
        """All of the form: names tell them from each other."""

    def row(self, number: int, field: Field, shown: Any) -> Any:
        """Make the row of a field around its input element."""
        row = element("div", f"field {field.kind}")
        row.dataset.field = field.place
        label = element("label", "", self.label(field), for_=shown.id)
        label.title = f"{field.title} · {field.input}"
        row.append(label, shown)
        limits = range_of(field)
        if limits:
            label.append(element("span", "range", limits))
            shown.title = limits
        if field.kind == "seed":
            row.append(button("dice", str(number), _DICE, aria_label=self._words.say("form.dice")))
        if field.is_masked:
            row.append(button("mask", str(number), self._words.say("mask.open"), hidden=""))
        if can_vary(field):
            say = self._words.say("form.several", field=self.label(field))
            toggle = button(
                "several", str(number), _LINES, "quiet several", aria_label=say, title=say
            )
            toggle.setAttribute("aria-pressed", "false")
            label.after(toggle)
        return row

    def show_mask(self, row: Any, picked: str) -> None:
        """Offer to paint the mask of the picture that is picked in a row; of none for ""."""
        offered = row.querySelector("[data-action=mask]")
        offered.hidden = not picked
        label = self._words.say("mask.title", picture=picked)
        offered.setAttribute("aria-label", label)

    def show_several(self, row: Any, field: Field, is_several: bool) -> None:
        """Show in a row whether its field has several values; of texts they may be in a file."""
        toggle = row.querySelector("[data-action=several]")
        toggle.setAttribute("aria-pressed", str(is_several).lower())
        if not is_several and row.querySelector(".pick"):
            row.querySelector(".pick").remove()
        elif is_several and field.kind in ("text", "line"):
            file = element("input", "sr", type="file", name=VALUES_FILE, accept=_VALUES_FILES)
            said = element("span", "", self._words.say("form.values_file"))
            row.append(element("label", "pick", "", said, file))

    def label(self, field: Field) -> str:
        """Return a field's name; with its node, and that one's id, where others have it too.

        A node that is nothing but a value has its own name.
        """
        if field.label:
            return field.label
        alike = [each for each in self.fields if each.input == field.input]
        parts = [field.title if field.input == _VALUE else self._name(field)]
        if len(alike) > 1 and field.input != _VALUE:
            parts.append(field.title)
        if sum(each.title == field.title for each in alike) > 1:
            parts.append(field.node_id)
        return " · ".join(parts)

    def _name(self, field: Field) -> str:
        return self._words.find(f"input.{field.input}", label_of(field.input))

    def named(self, name: str, place: str) -> int | None:
        """Return the number of the field that people, the workflow or its place call so.

        Of several it is the one at `place`, if that is among them, else the first.
        """
        wanted = name.casefold()
        found = []
        for number, field in enumerate(self.fields):
            names = (field.place, field.input, self.label(field), self._name(field))
            if can_vary(field) and wanted in map(str.casefold, names):
                found.append(number)
        here = (number for number in found if self.fields[number].place == place)
        return next(here, found[0] if found else None)

    def lines(self, number: int, field: Field) -> Any:
        """Make the input element of a field with a value a line."""
        texts = {"text": "form.lines", "line": "form.lines", "choice": "form.lines"}
        key = "form.lines_seeds" if field.kind == "seed" else "form.lines_numbers"
        hint = self._words.say(texts.get(field.kind, key))
        name = f"field-{number}"
        return element("textarea", "", id=name, rows="4", placeholder=hint, title=hint)

    def input(self, number: int, field: Field, is_several: bool) -> Any:
        """Make the input element of a field, with the workflow's own value."""
        name = f"field-{number}"
        if is_several and field.kind != "choice":
            return self.lines(number, field)
        if field.upload is not None:
            return element("input", "", type="file", accept=ACCEPTS[field.upload], id=name)
        match field.kind:
            case "text":
                shown = element("textarea", "", id=name, rows="3")
            case "switch":
                shown = element("input", "", type="checkbox", id=name)
                shown.checked = bool(field.value)
                return shown
            case "choice":
                offered = options({str(choice): str(choice) for choice in field.choices})
                shown = element("select", "", "", *offered, id=name)
                if is_several:
                    shown.multiple, shown.size = True, min(6, len(field.choices))
                    shown.title = self._words.say("form.choices")
            case "whole" | "number" | "seed":
                shown = element("input", "", id=name, inputmode="decimal", autocomplete="off")
            case _:
                shown = element("input", "", id=name, autocomplete="off")
        shown.value = own_text(field)
        return shown


def typed_text(field: Field, shown: Any) -> str:
    """Return what an input element has, as text; of several choices each is a line."""
    if field.kind == "choice" and shown.tagName == "SELECT":
        return "\n".join(str(option.value) for option in shown.selectedOptions)
    return str(bool(shown.checked)).lower() if field.kind == "switch" else str(shown.value)


def own_text(field: Field) -> str:
    """Return the workflow's own value as such a text."""
    return str(field.value).lower() if field.kind == "switch" else str(field.value)


def put_text(field: Field, shown: Any, text: str) -> None:
    """Put such a text into an input element; a switch has none."""
    if field.kind == "choice" and shown.multiple:
        chosen = text.splitlines()
        for option in shown.options:
            option.selected = str(option.value) in chosen
    else:
        shown.value = text


def seem_typed(shown: Any) -> None:
    """Let all that listens know that the page has typed something."""
    shown.dispatchEvent(js.Event.new("input", to_object({"bubbles": True})))
