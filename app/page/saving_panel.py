"""The dialog that asks how results are saved: where, and under which names."""

from typing import Any

from page.tasks.file_names import PLACES, USUAL, file_name, kept_pattern, read_pattern
from page.tasks.save_all import INTO_RECORD, NAMES_RECORD, can_use_folders
from page.ui.clock import day
from page.ui.dom import button, by_id, listen, on_action, set_text
from page.ui.words import Words
from tether.core.errors import BadInput
from tether.runtime.ports import Records

EXAMPLE = "cat-upscaled_00001_.png"


class SavingPanel:
    """Shows the settings, and keeps them for all windows of the browser."""

    def __init__(self, words: Words, shared: Records) -> None:
        self._words = words
        self._shared = shared
        self._dialog = by_id("saving-choice")
        self._into, self._names = by_id("saving-into"), by_id("saving-names")
        self._problem, self._example = by_id("saving-problem"), by_id("saving-example")
        by_id("saving-into-label").hidden = not can_use_folders()
        places = by_id("saving-places")
        on_action(places, lambda _action, place: self._put(place))
        for place in PLACES:
            places.append(button("put", place, words.say(f"saving.place.{place}")))
        listen(self._names, "input", self._typed)
        listen(by_id("saving-form"), "submit", self._submitted)
        listen(by_id("saving-close"), "click", lambda _event: self._dialog.close())

    def open(self) -> None:
        """Show what is set."""
        self._into.value = self._shared.read(INTO_RECORD) or ""
        self._names.value = kept_pattern(self._shared.read(NAMES_RECORD))
        self._show()
        self._dialog.showModal()

    def _put(self, place: str) -> None:
        """Put a place into the pattern, where the cursor is."""
        self._names.setRangeText(
            f"{{{place}}}", self._names.selectionStart, self._names.selectionEnd, "end"
        )
        self._names.focus()
        self._show()

    def _typed(self, _event: Any) -> None:
        self._show()

    def _show(self) -> str | None:
        """Show what a file would be called, or what is wrong; returns the pattern."""
        say = self._words.say
        try:
            pattern = read_pattern(str(self._names.value))
        except BadInput as error:
            self._names.setAttribute("aria-invalid", "true")
            set_text(self._problem, self._words.trouble(error.trouble))
            set_text(self._example, "")
            return None
        self._names.removeAttribute("aria-invalid")
        set_text(self._problem, "")
        facts = {
            "title": "cat.jpg · Upscale 2×",
            "seed": "123456789",
            "server": "gpu-1",
            "date": day(),
            "number": "001",
            "values": "Scale by 2",
        }
        set_text(self._example, say("saving.example", file=file_name(pattern, facts, EXAMPLE)))
        return pattern

    def _submitted(self, event: Any) -> None:
        event.preventDefault()
        pattern = self._show()
        if pattern is None:
            self._names.focus()
            return
        self._shared.write(NAMES_RECORD, None if pattern == USUAL else pattern)
        self._shared.write(INTO_RECORD, str(self._into.value) or None)
        self._dialog.close()
