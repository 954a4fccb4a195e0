"""The dialog that shows a result large, beside what it was made from."""

from collections.abc import Callable
from typing import Any, NamedTuple

from page.ui.context import PageContext
from page.ui.dom import by_id, element, listen, on_action, set_text

ACTIONS = ("previous", "next", "size", "copy", "use", "open")

STEPS = ("previous", "next")

ENDS = ("left", "right")
"""Where the slider shows the picture before, and the result."""

WHOLE = "0"
"""Where the slider shows nothing but the result."""


class Shown(NamedTuple):
    """A result: its address and that of the picture before, its place among others, its file name.

    `place` and `before` are "" where there is none; `steps` has those of `STEPS` that lead to
    another result.
    """

    place: str
    title: str
    name: str
    address: str
    before: str
    steps: tuple[str, ...]
    can_copy: bool


class ViewerPanel:
    """Shows one result at a time.

    Args:
        context: The page's.
        handle: Called with `previous`, `next`, `copy`, `use` or `open`.
        on_close: Called when the person has closed the dialog.
    """

    def __init__(
        self, context: PageContext, handle: Callable[[str], None], on_close: Callable[[], None]
    ) -> None:
        self._words = context.words
        self._handle = handle
        self._dialog = by_id("zoom")
        self._steps: tuple[str, ...] = ()
        self._make()
        on_action(self._dialog, lambda action, _key: self._act(action))
        listen(self._dialog, "close", lambda _event: on_close())
        listen(self._dialog, "keydown", self._key)
        listen(self._slider, "input", lambda _event: self._divide())
        listen(self._after, "load", lambda _event: self._measure())

    def show(self, shown: Shown) -> None:
        """Show a result."""
        words = self._words
        set_text(self._title, shown.title)
        self._after.src, self._after.alt = shown.address, shown.name
        set_text(self._place, shown.place)
        self._fit(True)
        for part in (self._before, self._compare):
            part.hidden = not shown.before
        if shown.before:
            self._before.src, self._before.alt = shown.before, words.say("zoom.before")
        self._steps = shown.steps
        for step in STEPS:
            # Not `disabled`: a button pressed at the end must keep the focus, and with it the keys.
            self._buttons[step].setAttribute("aria-disabled", str(step not in shown.steps).lower())
            self._buttons[step].hidden = not shown.place
        self._save.href = shown.address
        self._save.setAttribute("download", shown.name)
        self._buttons["copy"].hidden = not shown.can_copy
        set_text(self._said, "")
        if not self._dialog.open:
            self._dialog.showModal()

    def say(self, sentence: str) -> None:
        """Say what a button has done."""
        set_text(self._said, sentence)

    def _make(self) -> None:
        words = self._words
        self._title = element("h2")
        self._title.id = "zoom-title"
        self._after = element("img", "after")
        self._before = element("img", "before")
        self._stage = element("div", "stage")
        self._stage.append(self._before, self._after)
        self._slider = element("input", "", type="range", min="0", max="100")
        self._slider.setAttribute("aria-label", words.say("zoom.compare"))
        self._compare = element("div", "compare")
        before, after = (element("span", "", words.say(f"zoom.{side}")) for side in ENDS)
        self._compare.append(self._slider, before, after)
        self._said = element("p", "", role="status")
        self._buttons: dict[str, Any] = {}
        for action in (*ACTIONS, "close"):
            button = element("button", "quiet", words.say(f"zoom.{action}"), type="button")
            button.dataset.action = action
            self._buttons[action] = button
        self._save = element("a", "", words.say("zoom.save"))
        head = element("div", "head")
        head.append(self._title, self._buttons["close"])
        row = element("div", "buttons")
        previous, *others = (self._buttons[action] for action in ACTIONS)
        self._place = element("span", "place")
        row.append(previous, self._place, *others, self._save)
        self._dialog.append(head, self._stage, self._compare, self._said, row)

    def _act(self, action: str) -> None:
        match action:
            case "close":
                self._dialog.close()
            case "size":
                self._fit(bool(self._stage.classList.contains("whole")))
            case "previous" | "next" if action not in self._steps:
                pass
            case _:
                self._handle(action)

    def _key(self, event: Any) -> None:
        if event.target is self._slider or str(event.target.type) == "range":
            return  # there the arrows move the slider
        if event.key in ("ArrowLeft", "ArrowRight"):
            self._act("previous" if event.key == "ArrowLeft" else "next")

    def _fit(self, is_fit: bool) -> None:
        """Show the result without the picture before, fitted to the dialog or in full size."""
        self._stage.classList.toggle("whole", not is_fit)
        set_text(self._buttons["size"], self._words.say("zoom.size" if is_fit else "zoom.fit"))
        self._slider.value = WHOLE
        self._divide()

    def _measure(self) -> None:
        """Make the slider as wide as the fitted picture."""
        width, height = self._after.naturalWidth, self._after.naturalHeight
        if width and height:
            self._dialog.style.setProperty("--ratio", str(width / height))

    def _divide(self) -> None:
        """Show the picture before left of the slider's knob, and the result right of it."""
        share = f"inset(0 0 0 {self._slider.value}%)"
        self._after.style.setProperty("clip-path", share)
