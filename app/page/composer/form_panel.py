"""The form of a workflow: its values as fields, and what its servers lack."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import js

from page.composer.field_rows import (
    VALUES_FILE,
    FieldRows,
    own_text,
    put_text,
    seem_typed,
    typed_text,
)
from page.composer.form_fields import Field, read_answer
from page.composer.prompt_file import Columns
from page.composer.records import place_key
from page.composer.sweep import can_vary, read_values, with_rolled
from page.ui.dom import by_id, check_box, element, listen, on_action, options
from page.ui.file_kinds import kind_of
from page.ui.words import Words
from tether.core.errors import BadInput
from tether.core.ids import NodeId
from tether.core.protocol.node_info import FileKind, takes
from tether.workflows.variants import Variant, axes, combined, count_of, titles

_FRESH, _SIDE_BY_SIDE = "fresh", "side by side"
"""Among what was typed: each task gets seeds of its own; how several values are combined. No field
is called so."""

_SEVERAL = "*"
"""Behind the place of a field that has several values."""


class FormPanel:
    """Shows fields, and returns what was changed in them."""

    def __init__(
        self,
        words: Words,
        roll: Callable[[Field], int],
        substitute: Callable[[str, str, str], None],
        choose: Callable[[Field, str], None],
        open_values: Callable[[str, Any], None],
        paint: Callable[[str], None],
    ) -> None:
        self._words = words
        self._roll = roll
        self._paint = paint
        self._box = by_id("form")
        self._lacks = by_id("form-lacks")
        self._rows = FieldRows(words)
        self.fields: tuple[Field, ...] = ()
        self._inputs: list[Any] = []
        self._fresh: Any = None
        self._several: dict[str, str] = {}
        """The places of fields that have several values, each with the one value before."""
        self._combine = by_id("form-combine")
        self.main: Field | None = None
        """What the page's list of files fills, one task for each."""
        on_action(self._box, self._act, {"several"})

        def changed(event: Any) -> None:
            if event.target.name == VALUES_FILE:
                for file in list(event.target.files):
                    open_values(str(event.target.closest(".field").dataset.field), file)
                event.target.value = ""
            for field, shown in self._shown():
                if shown.id != event.target.id:
                    continue
                if field.is_dynamic:
                    choose(field, str(shown.value))
                elif field.kind == "seed" and field.place in self._several:
                    typed = str(shown.value)
                    rolled = with_rolled(typed, partial(roll, field))
                    if rolled != typed:
                        shown.value = rolled
                        seem_typed(shown)

        listen(self._box, "change", changed)
        listen(self._box, "input", lambda _event: self._typed())

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
        """Show these fields but the first that takes a file: the page's list fills that."""
        first = self.main = next((each for each in fields if each.upload), None)
        self._rows.fields = self.fields = tuple(each for each in fields if each is not first)
        self._several.clear()
        self._combine.parentElement.hidden = True
        self._inputs = [
            self._rows.input(number, each, is_several=False)
            for number, each in enumerate(self.fields)
        ]
        rows = [
            (each, self._rows.row(number, each, self._inputs[number]))
            for number, each in enumerate(self.fields)
        ]
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
                self._values(field, shown)
            except BadInput as error:
                facts = dict(error.trouble.facts) | {"field": self._rows.label(field)}
                found.append((self._words.say(f"trouble.{error.trouble.code}", **facts), shown))
        if not found:
            try:
                self.count()
            except BadInput as error:
                found.append((self._words.trouble(error.trouble), self._combine))
        return found

    def count(self) -> int:
        """Return how many tasks the values of the form make of one picture.

        Raises:
            BadInput: A value is wrong, or they can't be combined so.
        """
        return count_of(self._all_values(), self._is_side_by_side)

    def variants(self) -> list[Variant]:
        """Return the values of each of these tasks, what its title says of them, and its axes.

        Raises:
            BadInput: As `count`.
        """
        named = [each for each in self.fields if each.kind not in ("text", "line")]
        labels = {field.key: self._rows.label(field) for field in named}
        values, is_side_by_side = self._all_values(), self._is_side_by_side
        made, every = (
            combined(values, is_side_by_side),
            {e.key: self._rows.label(e) for e in self.fields},
        )
        places = axes(values, is_side_by_side, every)
        return list(zip(made, titles(made, labels), places, strict=True))

    @property
    def _is_side_by_side(self) -> bool:
        return len(self._several) > 1 and bool(self._combine.value)

    def _all_values(self) -> dict[tuple[NodeId, str], tuple[Any, ...]]:
        values = ((field.key, self._values(field, shown)) for field, shown in self._shown())
        return {key: found for key, found in values if found}

    def _values(self, field: Field, shown: Any) -> tuple[Any, ...]:
        """Return the several values of a field, () for one that has one."""
        if field.place not in self._several:
            return ()
        return read_values(field, typed_text(field, shown))

    def answers(self) -> dict[tuple[NodeId, str], Any]:
        """Return the values that differ from the workflow's.

        Raises:
            BadInput: One of them is wrong.
        """
        answers = ((field.key, self._answer(field, shown)) for field, shown in self._shown())
        return {key: answer for key, answer in answers if answer is not None}

    def _answer(self, field: Field, shown: Any) -> Any:
        """Return the value of a field; None for the workflow's own, and for files."""
        if field.upload or field.place in self._several:
            return None
        typed = typed_text(field, shown)
        return read_answer(field, typed) if typed != own_text(field) else None

    def typed(self) -> dict[str, str]:
        """Return the texts that differ from the workflow's, by `node.input`."""
        found = {}
        for field, shown in self._shown():
            text = typed_text(field, shown)
            if field.place in self._several:
                found[field.place + _SEVERAL] = text
            elif text != own_text(field) and not field.upload:
                found[field.place] = text
        chosen = {_FRESH: self.is_fresh, _SIDE_BY_SIDE: self._is_side_by_side}
        return found | {name: "true" for name, is_chosen in chosen.items() if is_chosen}

    def type_in(self, typed: Mapping[str, str], files: Mapping[str, Any]) -> None:
        """Restore texts, and JS Files, by `node.input`."""
        for number, field in enumerate(self.fields):
            place, several = field.place, typed.get(field.place + _SEVERAL)
            if (several is not None) is not (place in self._several) and can_vary(field):
                self._vary(number)
            shown = self._inputs[number]
            if place in self._several:
                self._put_several(number, several or "")
            elif field.upload:
                if place in files:
                    _pick(shown, files[place])
            elif field.kind == "switch":
                shown.checked = typed.get(place, own_text(field)) == "true"
            else:
                shown.value = typed.get(place, own_text(field))
                if field.kind == "choice" and not shown.value:  # it is offered no more
                    shown.value = own_text(field)
        if self._fresh is not None:
            self._fresh.checked = _FRESH in typed
        self._combine.value = "side" if _SIDE_BY_SIDE in typed else ""
        self._offer_masks()

    def seeds(self) -> list[Field]:
        """Return the fields of seeds."""
        return [each for each in self.fields if each.kind == "seed"]

    def files(self) -> dict[tuple[NodeId, str], tuple[str, Any]]:
        """Return the files that were picked for fields: (file name, JS File)."""
        return {
            field.key: (str(shown.files.item(0).name), shown.files.item(0))
            for field, shown in self._shown()
            if field.upload and shown.files.length
        }

    def file(self, key: str) -> Any | None:
        """Return the JS File that is picked in a field, by its `place_key`; None if it is gone."""
        return next((shown.files.item(0) for _, shown in self._picked(key)), None)

    def replace(self, key: str, file: Any) -> str:
        """Put a JS File in the place of a picked one; returns its key."""
        field, shown = next(self._picked(key))
        _pick(shown, file)
        seem_typed(shown)
        shown.parentElement.querySelector("[data-action=mask]").focus()
        return place_key(field.place, shown.files.item(0))

    def _picked(self, key: str) -> Iterator[tuple[Field, Any]]:
        for field, shown in self._shown():
            is_picked = field.upload and shown.files.length
            if is_picked and place_key(field.place, shown.files.item(0)) == key:
                yield field, shown

    def _offer_masks(self) -> None:
        """Offer to paint masks on the pictures that are picked."""
        for field, shown in self._shown():
            if field.is_masked:
                names = (str(each.name) for each in shown.files if _is_picture(each))
                self._rows.show_mask(shown.parentElement, next(names, ""))

    def pick(self, kind: FileKind, file: Any) -> bool:
        """Put a JS File into a field that takes its kind, best an empty one; tells if one does."""
        found = [each for each in self._shown() if each[0].upload and takes(each[0].upload, kind)]
        if not found:
            return False
        _, shown = min(found, key=lambda each: (each[0].upload != kind, bool(each[1].files.length)))
        _pick(shown, file)
        seem_typed(shown)
        return True

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

    def _act(self, action: str, key: str) -> None:
        number = int(key)
        if action == "dice":
            shown = self._inputs[number]
            rolled = str(self._roll(self.fields[number]))
            is_one = self.fields[number].place not in self._several
            shown.value = rolled if is_one else f"{shown.value}\n{rolled}".strip()
        elif action == "mask":
            file = self._inputs[number].files.item(0)
            self._paint(place_key(self.fields[number].place, file))
            return
        else:
            seem_typed(self._inputs[number])
            self._vary(number)
            shown = self._inputs[number]
            shown.focus()
        seem_typed(shown)

    def _typed(self) -> None:
        """What was wrong with the combination may be mended in any field."""
        self._offer_masks()
        if self._combine.getAttribute("aria-invalid"):
            seem_typed(self._combine)

    def fill_columns(self, place: str, columns: Columns) -> list[str]:
        """Put columns of values into the fields that they name, "" into the field at this place.

        Returns the names of no field.
        """
        unknown, filled = [], set()
        for name, values in columns.items():
            number = self._rows.named(name or place, place)
            if number is None or number in filled:
                unknown.append(name)
                continue
            filled.add(number)
            if self.fields[number].place not in self._several:
                self._vary(number)
            self._put_several(number, "\n".join(values))
            seem_typed(self._inputs[number])
        if len(columns) - len(unknown) > 1:
            self._combine.value = "side"
            seem_typed(self._combine)
        return unknown

    def _put_several(self, number: int, text: str) -> None:
        """Put values into a field, a line each; those that a list can't show become lines."""
        field, shown = self.fields[number], self._inputs[number]
        put_text(field, shown, text)
        if typed_text(field, shown) != text and field.kind == "choice":
            lines = self._inputs[number] = self._rows.lines(number, field)
            shown.replaceWith(lines)
            lines.value = text

    def _vary(self, number: int) -> None:
        """Let a field have several values, or one again; what is typed there begins them."""
        field, before = self.fields[number], self._inputs[number]
        text, single = typed_text(field, before), self._several.pop(field.place, None)
        is_several = single is None
        if single is None:
            self._several[field.place] = text
            text = text if field.kind == "choice" else " ".join(text.split("\n"))
        elif text == " ".join(single.split("\n")):
            text = single
        elif field.kind != "text":
            text = text.partition("\n")[0] or own_text(field)
        shown = self._inputs[number] = self._rows.input(number, field, field.place in self._several)
        before.replaceWith(shown)
        put_text(field, shown, text)
        self._rows.show_several(shown.parentElement, field, is_several)
        self._combine.parentElement.hidden = len(self._several) < 2


def _is_picture(file: Any) -> bool:
    return kind_of(str(file.type), str(file.name)) == "picture"


def _pick(shown: Any, file: Any) -> None:
    """Let a file be picked in the input element of a field."""
    transfer = js.DataTransfer.new()
    transfer.items.add(file)
    shown.files = transfer.files
