"""The form of a workflow: its values as fields, and what its servers lack."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import js

from page.composer.form_fields import Field, range_of, read_answer
from page.ui.dom import button, by_id, check_box, element, listen, on_action, options
from page.ui.words import Words
from tether.browser.values import to_object
from tether.core.errors import BadInput
from tether.core.ids import NodeId
from tether.workflows.values import label_of

_DICE = "⚄"
_PICTURES = ("picture", "mask")
_VALUE = "value"
"""The input of nodes that are nothing but a value."""

_FRESH = "fresh"
"""Among what was typed: each task gets seeds of its own. No field is called so."""


class FormPanel:
    """Shows fields, and returns what was changed in them."""

    def __init__(
        self,
        words: Words,
        roll: Callable[[Field], int],
        substitute: Callable[[str, str, str], None],
        choose: Callable[[Field, str], None],
    ) -> None:
        self._words = words
        self._roll = roll
        self._box = by_id("form")
        self._lacks = by_id("form-lacks")
        self.fields: tuple[Field, ...] = ()
        self._inputs: list[Any] = []
        self._fresh: Any = None
        self.picture_input: tuple[NodeId, str] | None = None
        """What the page's list of pictures fills."""
        on_action(self._box, lambda _action, key: self._dice(int(key)))

        def changed(event: Any) -> None:
            for field, shown in self._shown():
                if field.is_dynamic and shown.id == event.target.id:
                    choose(field, str(shown.value))

        listen(self._box, "change", changed)

        def chosen(event: Any) -> None:
            target = event.target
            substitute(target.dataset.server, target.dataset.name, str(target.value))

        listen(self._lacks, "change", chosen)

    @property
    def is_fresh(self) -> bool:
        """Each task is to get seeds of its own."""
        return self._fresh is not None and bool(self._fresh.checked)

    @property
    def is_unfolded(self) -> bool:
        """The minor fields are in sight."""
        return bool(self._box.querySelector("details[open]"))

    def show(self, fields: tuple[Field, ...], is_unfolded: bool = False) -> None:
        """Show these fields; the first picture is the one that the page's list fills."""
        first = next((each for each in fields if each.kind in _PICTURES), None)
        self.picture_input = first and first.key
        self.fields = tuple(each for each in fields if each is not first)
        self._inputs = [self._input(number, each) for number, each in enumerate(self.fields)]
        rows = [(each, self._row(number, each)) for number, each in enumerate(self.fields)]
        rest = [row for each, row in rows if not each.is_main]
        self._box.replaceChildren(*(row for each, row in rows if each.is_main))
        self._fresh = None
        if any(each.kind == "seed" for each in self.fields):
            self._fresh, label = check_box(self._words.say("form.fresh"), id="form-fresh")
            self._box.append(label)
        if rest:
            summary = element("summary", "", self._words.say("form.rest", count=len(rest)))
            folded = element("details", "", "", summary, *rest)
            folded.open = is_unfolded
            self._box.append(folded)
        self._box.hidden = not rows

    def _shown(self) -> Iterable[tuple[Field, Any]]:
        return zip(self.fields, self._inputs, strict=True)

    def focus(self, field: Field) -> None:
        """Lead the keyboard to a field."""
        for each, shown in self._shown():
            if each.place == field.place:
                shown.focus()

    def problems(self) -> list[tuple[str, Any]]:
        """Return wrong values as (sentence, element)."""
        found: list[tuple[str, Any]] = []
        for field, shown in self._shown():
            try:
                self._answer(field, shown)
            except BadInput as error:
                facts = dict(error.trouble.facts) | {"field": self._label(field)}
                found.append((self._words.say(f"trouble.{error.trouble.code}", **facts), shown))
        return found

    def answers(self) -> dict[tuple[NodeId, str], Any]:
        """Return the values that differ from the workflow's.

        Raises:
            BadInput: One of them is wrong.
        """
        answers = ((field.key, self._answer(field, shown)) for field, shown in self._shown())
        return {key: answer for key, answer in answers if answer is not None}

    def _answer(self, field: Field, shown: Any) -> Any:
        """Return the value of a field; None for the workflow's own, and for pictures."""
        if field.kind in _PICTURES:
            return None
        typed = _typed_text(field, shown)
        return read_answer(field, typed) if typed != _own_text(field) else None

    def typed(self) -> dict[str, str]:
        """Return the texts that differ from the workflow's, by `node.input`."""
        found = {}
        for field, shown in self._shown():
            text = _typed_text(field, shown)
            if text != _own_text(field) and field.kind not in _PICTURES:
                found[field.place] = text
        return found | ({_FRESH: "true"} if self.is_fresh else {})

    def type_in(self, typed: Mapping[str, str], files: Mapping[str, Any]) -> None:
        """Restore texts, and JS Files of pictures, by `node.input`."""
        for field, shown in self._shown():
            place = field.place
            if field.kind in _PICTURES:
                if place in files:
                    transfer = js.DataTransfer.new()
                    transfer.items.add(files[place])
                    shown.files = transfer.files
            elif field.kind == "switch":
                shown.checked = typed.get(place, _own_text(field)) == "true"
            else:
                shown.value = typed.get(place, _own_text(field))
                if field.kind == "choice" and not shown.value:  # it is offered no more
                    shown.value = _own_text(field)
        if self._fresh is not None:
            self._fresh.checked = _FRESH in typed

    def seeds(self) -> list[Field]:
        """Return the fields of seeds."""
        return [each for each in self.fields if each.kind == "seed"]

    def files(self) -> dict[tuple[NodeId, str], tuple[str, Any]]:
        """Return the pictures that were picked for fields: (file name, JS File)."""
        return {
            field.key: (str(shown.files.item(0).name), shown.files.item(0))
            for field, shown in self._shown()
            if field.kind in _PICTURES and shown.files.length
        }

    def show_lacks(self, lacks: Mapping[tuple[str, str, str], tuple[str, ...]]) -> None:
        """Show what servers lack: (address, its name, what is missing) -> what could replace it.

        Nothing replaces a node class.
        """
        rows, say = [], self._words.say
        for (url, server, name), choices in lacks.items():
            label = element("label", "", say("form.lacks", server=server, name=name))
            if choices:
                chooser = element("select", "", "", *options({"": say("form.instead")}))
                chooser.append(*options({each: each for each in choices}))
                chooser.append(*options({name: say("form.insist")}))
                chooser.dataset.server, chooser.dataset.name = url, name
                label.append(chooser)
            rows.append(element("li", "", "", label))
        self._lacks.replaceChildren(*rows)
        self._lacks.hidden = not rows

    def _dice(self, number: int) -> None:
        shown = self._inputs[number]
        shown.value = str(self._roll(self.fields[number]))
        # As if it were typed.
        shown.dispatchEvent(js.Event.new("input", to_object({"bubbles": True})))

    def _row(self, number: int, field: Field) -> Any:
        row = element("div", f"field {field.kind}")
        row.dataset.field = field.place
        shown = self._inputs[number]
        label = element("label", "", self._label(field), for_=shown.id)
        label.title = f"{field.title} · {field.input}"
        row.append(label, shown)
        limits = range_of(field)
        if limits:
            label.append(element("span", "range", limits))
            shown.title = limits
        if field.kind == "seed":
            row.append(button("dice", str(number), _DICE, aria_label=self._words.say("form.dice")))
        return row

    def _name(self, field: Field) -> str:
        return self._words.find(f"input.{field.input}", label_of(field.input))

    def _label(self, field: Field) -> str:
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

    def _input(self, number: int, field: Field) -> Any:
        name = f"field-{number}"
        match field.kind:
            case "picture" | "mask":
                return element("input", "", type="file", accept="image/*", id=name)
            case "text":
                shown = element("textarea", "", id=name, rows="3")
            case "switch":
                shown = element("input", "", type="checkbox", id=name)
                shown.checked = bool(field.value)
                return shown
            case "choice":
                offered = options({str(choice): str(choice) for choice in field.choices})
                shown = element("select", "", "", *offered, id=name)
            case "whole" | "number" | "seed":
                shown = element("input", "", id=name, inputmode="decimal", autocomplete="off")
            case _:
                shown = element("input", "", id=name, autocomplete="off")
        shown.value = _own_text(field)
        return shown


def _typed_text(field: Field, shown: Any) -> str:
    return str(bool(shown.checked)).lower() if field.kind == "switch" else str(shown.value)


def _own_text(field: Field) -> str:
    return str(field.value).lower() if field.kind == "switch" else str(field.value)
