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
from tether.runtime.shared_entries import Content, SharedEntries

_OWN, _OTHER, _OPEN, _SAVE = "own", "other", "open", "save"
"""Choices beside the presets: the workflow's own values, what is typed, the file of all presets."""

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
        shared = context.world.shared
        self._entries = SharedEntries(shared, PRESETS_RECORD)
        say, form = context.words.say, by_id("form")
        self._choice = element("select", "", id="preset", autocomplete="off")
        label = element("label", "", "", element("span", "", say("preset")), self._choice)
        self._star = button("star", "", _NO_STAR, "quiet", aria_label=say("preset.star"))
        self._remove = button("remove", "", "×", "quiet", aria_label=say("preset.remove"))
        self._keep = button("keep", "", say("preset.keep"))
        self._picker = element("input", "", type="file", accept=".json,application/json")
        parts = label, self._star, self._remove, self._keep
        self._box = element("div", "", "", *parts, id="presets")
        form.before(self._box)
        listen(self._choice, "change", self._chosen)
        on_action(self._box, lambda action, _key: self._act(action))
        listen(self._picker, "change", lambda _event: context.soon(self._open()))
        for event in ("input", "change"):
            listen(form, event, lambda _event: self.look())
        shared.listen(lambda key, _text: self.look() if self._entries.holds(key) else None)

    def show(self, workflow: str) -> None:
        """Show the presets of a workflow, by its title."""
        self._workflow = workflow
        self.look()

    def look(self) -> None:
        """Find what is typed among the presets, and offer them all."""
        say, typed = self._context.words.say, self._typed()
        content = self._entries.read()
        presets = presets_of(content, self._workflow)
        now = next((each for each in presets if each.typed == typed), None)
        texts: dict[str, str] = {_OWN: say("preset.own")}
        if typed and now is None:
            texts[_OTHER] = say("preset.other")
        for each in presets:
            texts[_NAME + each.name] = f"{_STAR} {each.name}" if each.is_favourite else each.name
        texts[_OPEN] = say("preset.file")
        if any(content.values()):
            texts[_SAVE] = say("preset.export")
        self._choice.replaceChildren(*options(texts))
        is_typed = _OTHER if typed else _OWN
        self._choice.value = _NAME + now.name if now is not None else is_typed
        self._box.hidden = by_id("form").hidden
        self._star.hidden = self._remove.hidden = now is None
        self._keep.hidden = not typed or now is not None
        self._star.textContent = _STAR if now and now.is_favourite else _NO_STAR
        self._star.setAttribute("aria-pressed", str(bool(now and now.is_favourite)).lower())

    def _now(self) -> Preset | None:
        """Return the preset that the form shows."""
        presets = presets_of(self._entries.read(), self._workflow)
        return next((each for each in presets if _NAME + each.name == self._choice.value), None)

    def _chosen(self, event: Any) -> None:
        event.stopPropagation()  # the form looks at it when it is filled in
        chosen = str(self._choice.value)
        now = self._now()
        if chosen in (_OPEN, _SAVE):
            self.look()
            if chosen == _OPEN:
                self._picker.click()
            else:
                self._save()
        elif chosen == _OWN or now is not None:
            self._fill(now.typed if now is not None else {})
            self.look()

    def _act(self, action: str) -> None:
        now, content = self._now(), self._entries.read()
        if action == "keep":
            self._ask_name(content)
        elif now is not None and action == "star":
            starred = now._replace(is_favourite=not now.is_favourite)
            self._write(with_preset(content, self._workflow, starred))
        elif now is not None and js.confirm(self._context.words.say("preset.sure", name=now.name)):
            self._write(without(content, self._workflow, now.name))
            self._choice.focus()

    def _ask_name(self, content: Content) -> None:
        name = js.prompt(self._context.words.say("preset.name"), "")
        if not isinstance(name, str):  # JavaScript's null: the person thought better of it
            return
        try:
            preset = Preset(name, self._typed())
            self._write(with_preset(content, self._workflow, preset))
        except BadInput as error:
            self._context.notices.show(self._context.words.trouble(error.trouble))
        self._choice.focus()

    def _write(self, content: Content) -> None:
        self._entries.write(content)
        self.look()

    def _save(self) -> None:
        text = write_file(self._entries.read())
        save_as(js.Blob.new(to_js([text])), _FILE_NAME)

    async def _open(self) -> None:
        notices, words = self._context.notices, self._context.words
        for file in list(self._picker.files):
            text = str(await file.text())
            try:
                content, count = with_file(self._entries.read(), text)
            except BadInput as error:
                told = words.trouble(error.trouble)
                notices.show(words.say("compose.of_file", file=file.name, told=told))
            else:
                self._write(content)
                notices.show(words.say("preset.taken", count=count), tone="good")
        self._picker.value = ""
