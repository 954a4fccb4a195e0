"""The presets of the workflow that is chosen, above its form; and the file that has them all."""

from collections.abc import Callable, Mapping
from typing import Any

import js
from pyodide.ffi import to_js

from page.composer.presets import (
    PRESETS_RECORD,
    Preset,
    presets_of,
    with_file,
    with_preset,
    without,
    write_file,
)
from page.ui.context import PageContext
from page.ui.dom import button, by_id, element, listen, on_action, options, save_as
from tether.core.errors import BadInput
from tether.runtime.shared_entries import SharedEntries

_OWN, _TYPED = "own", "typed"
"""Choices beside the presets: the workflow's own values, and what was typed."""

_NAME = "="
"""Before the names of presets."""

_STAR, _NO_STAR = "★", "☆"
_FILE_NAME = "tether-presets.json"


class PresetsPanel:
    """Keeps, offers and fills in presets.

    Args:
        context: The page.
        typed: Returns what differs from the workflow in the form.
        fill: Puts such values into the form, the workflow's own into all other fields.
    """

    def __init__(
        self,
        context: PageContext,
        typed: Callable[[], dict[str, str]],
        fill: Callable[[Mapping[str, str]], None],
    ) -> None:
        self._context = context
        self._typed = typed
        self._fill = fill
        self._workflow = ""
        self._filled = ""
        """The preset that was filled in, until something else is typed."""
        self._before: dict[str, str] = {}
        """What was typed, and is no preset, before one was filled in."""
        self._is_filling = False
        shared = context.world.shared
        self._entries = SharedEntries(shared, PRESETS_RECORD)
        say, form = context.words.say, by_id("form")
        self._choice = element("select", "", id="preset", autocomplete="off")
        label = element("label", "", "", element("span", "", say("preset")), self._choice)
        self._star = button("star", "", _NO_STAR, "quiet", aria_label=say("preset.star"))
        self._remove = button("remove", "", "×", "quiet", aria_label=say("preset.remove"))
        self._keep = button("keep", "", say("preset.keep"))
        self._save = button("save", "", say("preset.export"))
        picked = element("span", "", say("preset.file"))
        picker = element("input", "sr", type="file", accept=".json,application/json")
        pick = element("label", "pick", "", picked, picker)
        summary = element("summary", "", say("preset.files"))
        files = element("details", "", "", summary, pick, self._save)
        parts = label, self._star, self._remove, self._keep, files
        self._box = element("div", "", "", *parts, id="presets")
        form.before(self._box)
        listen(self._choice, "change", self._chosen)
        on_action(self._box, lambda action, _key: self._act(action))
        listen(picker, "change", lambda _event: context.soon(self._open(picker)))
        for event in ("input", "change"):
            listen(form, event, lambda _event: self._edited())
        for event in ("change", "click"):
            listen(by_id("then"), event, lambda _event: self._edited())
        shared.listen(lambda key, _text: self.look() if self._entries.holds(key) else None)

    def show(self, workflow: str) -> None:
        """Show the presets of a workflow, by its title."""
        if workflow != self._workflow:
            self._workflow, self._filled, self._before = workflow, "", {}
        self.look()

    def look(self) -> None:
        """Offer all presets, and find what is typed among them."""
        say, typed, content = self._context.words.say, self._typed(), self._entries.read()
        presets = presets_of(content, self._workflow)
        now = self._now()
        texts: dict[str, str] = {_OWN: say("preset.own")}
        if (typed and now is None) or self._before:
            texts[_TYPED] = say("preset.other")
        for each in presets:
            texts[_NAME + each.name] = f"{_STAR} {each.name}" if each.is_favourite else each.name
        self._choice.replaceChildren(*options(texts))
        is_typed = _TYPED if typed else _OWN
        self._choice.value = _NAME + now.name if now is not None else is_typed
        self._box.hidden = by_id("form").hidden
        self._star.hidden = self._remove.hidden = now is None
        self._keep.hidden = not typed or now is not None
        self._save.hidden = not any(content.values())
        self._star.textContent = _STAR if now and now.is_favourite else _NO_STAR
        self._star.setAttribute("aria-pressed", str(bool(now and now.is_favourite)).lower())

    def _now(self) -> Preset | None:
        """Return the preset that was filled in, or whose values are typed."""
        presets, typed = presets_of(self._entries.read(), self._workflow), self._typed()
        filled = next((each for each in presets if each.name == self._filled), None)
        return filled or next((each for each in presets if each.typed == typed), None)

    def _edited(self) -> None:
        """A person typed something; a field that is replaced may tell of its last change, too."""
        if self._is_filling:
            return
        self._filled, self._before = "", {}
        self.look()

    def _chosen(self, event: Any) -> None:
        event.stopPropagation()  # the form looks at it when it is filled in
        chosen, typed = str(self._choice.value), self._typed()
        if typed and self._now() is None:
            self._before = typed
        presets = presets_of(self._entries.read(), self._workflow)
        preset = next((each for each in presets if _NAME + each.name == chosen), None)
        self._filled = preset.name if preset is not None else ""
        wanted = preset.typed if preset is not None else self._before if chosen == _TYPED else {}
        self._is_filling = True
        try:
            self._fill(wanted)
        finally:
            self._is_filling = False
        missing = ", ".join(sorted(wanted.keys() - self._typed().keys()))
        if missing:
            told = self._context.words.say("preset.unfit", places=missing)
            self._context.notices.show(told, tone="plain")
        self.look()

    def _act(self, action: str) -> None:
        now = self._now()
        match action:
            case "save":
                text = write_file(self._entries.read())
                save_as(js.Blob.new(to_js([text])), _FILE_NAME)
            case "keep":
                self._ask_name()
            case "star" if now is not None:
                self._put(now._replace(is_favourite=not now.is_favourite))
            case "remove" if now is not None:
                sentence = self._context.words.say("preset.sure", name=now.name)
                if js.confirm(sentence):
                    # Another window may have changed them while it asked.
                    self._entries.write(without(self._entries.read(), self._workflow, now.name))
                    self._filled = ""
                    self.look()
                    self._choice.focus()

    def _ask_name(self) -> None:
        name = js.prompt(self._context.words.say("preset.name"), "")
        if not isinstance(name, str):  # JavaScript's null: the person thought better of it
            return
        try:
            self._put(Preset(name, self._typed()))
        except BadInput as error:
            self._context.notices.show(self._context.words.trouble(error.trouble))
        self._choice.focus()

    def _put(self, preset: Preset) -> None:
        self._entries.write(with_preset(self._entries.read(), self._workflow, preset))
        self.look()

    async def _open(self, picker: Any) -> None:
        notices, words = self._context.notices, self._context.words
        for file in list(picker.files):
            text = str(await file.text())
            try:
                content, count = with_file(self._entries.read(), text)
            except BadInput as error:
                told = words.trouble(error.trouble)
                notices.show(words.say("compose.of_file", file=file.name, told=told))
            else:
                self._entries.write(content)
                self.look()
                notices.show(words.say("preset.taken", count=count), tone="good")
        picker.value = ""
