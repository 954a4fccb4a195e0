"""The dialog that shows results large, one after the other, beside what they were made from."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

import js
from pyodide.ffi import JsException

from page.ui.context import PageContext
from page.ui.dom import (
    WORK,
    button,
    by_id,
    element,
    listen,
    on_action,
    set_text,
    show_star,
    star_button,
)
from page.ui.words import show_errors
from page.viewer.export import copy_picture, open_tab
from page.viewer.model import show_model
from tether.core.errors import TetherError
from tether.core.ids import PromptId
from tether.core.protocol.outputs import Kind

ACTIONS = ("previous", "next", "size", "copy", "use", "open")

STEPS = {"previous": -1, "next": 1}

IN_STEP = 0.05
"""Seconds by which two films may be apart."""

_OWN_KEYS = ("canvas", "video", "audio")


class ViewedResult(NamedTuple):
    """A result: its Blob or its address, and the Blob of the picture it was made from, if any.

    Of two that are compared the left one is `before`, which may be an address, too; `sides` are
    their titles, `differences` the values in which they differ, as (label, left, right), None where
    that is unknown.
    `prompt_id` is by what it is starred; None where it can't be.
    """

    title: str
    name: str
    kind: Kind
    content: Any
    before: Any
    sides: tuple[str, str] | None = None
    differences: tuple[tuple[str, str, str], ...] | None = None
    prompt_id: PromptId | None = None


class ResultList(Protocol):
    """Results in an order, each with a key."""

    def keys(self) -> list[str]:
        """Return the keys of all."""

    async def get(self, key: str) -> ViewedResult | None:
        """Return one; None when it can't be had and the page says so already."""

    async def use(self, key: str) -> None:
        """Add one to the next inputs."""


class Viewer:
    """Shows one result at a time."""

    def __init__(self, context: PageContext) -> None:
        self._context = context
        self._words = context.words
        self._dialog = by_id("zoom")
        self._results: ResultList
        self._key = self._address = self._name = ""
        self._urls: list[str] = []
        self._free_model: Callable[[], None] | None = None
        self._is_pair = False
        self._prompt_id: PromptId | None = None
        self._turn = 0
        """Counts what was wanted: a result that comes after the next wish is dropped."""
        self._make()
        on_action(self._dialog, lambda action, _key: self._pressed(action), WORK)
        listen(self._dialog, "close", lambda _event: self._closed())
        listen(self._dialog, "keydown", self._key_pressed)
        listen(self._slider, "input", lambda _event: self._divide())
        listen(self._after, "load", lambda _event: self._measure())
        context.stars.follow(self._show_star)

    async def open(self, key: str, results: ResultList) -> None:
        """Show a result."""
        self._turn += 1
        turn = self._turn
        result = await results.get(key)
        if turn != self._turn:
            return
        if result is None:
            self._say(self._words.say("zoom.gone"))
            return
        self._free()
        self._key, self._results, self._name = key, results, result.name
        self._buttons["use"].dataset.key = key
        self._prompt_id = result.prompt_id
        self._show_star()
        is_address = isinstance(result.content, str)
        self._address = self._url(result.content)
        set_text(self._title, self._words.title(result.title))
        self._show_place()
        self._save.href = self._address
        self._save.setAttribute("download", result.name)
        # A browser doesn't save what is on another origin: there it opens beside this page.
        is_there = is_address and not self._address.startswith("blob:")
        self._save.target = "_blank" if is_there else ""
        self._save.rel = "noopener noreferrer" if is_there else ""
        is_picture = result.kind == "image"
        self._buttons["size"].hidden = not is_picture
        self._is_pair = result.sides is not None
        self._dialog.classList.toggle("pair", self._is_pair)
        for action in ("copy", "use", "open"):
            self._buttons[action].hidden = not is_picture or self._is_pair
        self._save.hidden = self._is_pair  # which of the two?
        self._show_differences(result)
        # The clipboard takes pictures on secure pages alone.
        if not (js.isSecureContext and hasattr(js, "ClipboardItem")):
            self._buttons["copy"].hidden = True
        set_text(self._said, "")
        self._stage.hidden = False
        self._compare.hidden = not is_picture or result.before is None
        if not self._dialog.open:
            self._dialog.showModal()
        self._stage.classList.toggle("films", self._is_pair and not is_picture)
        if is_picture:
            self._show_picture(result)
        elif self._is_pair:
            self._show_films(result)
        elif result.kind == "model":
            await self._show_model(result.name)
        else:
            player = element(result.kind, "", src=self._address, controls="")
            self._stage.replaceChildren(player)

    def _show_picture(self, picture: ViewedResult) -> None:
        self._stage.replaceChildren(self._before, self._after, self._sides)
        self._after.src, self._after.alt = self._address, picture.name
        self._fit(True)
        self._before.hidden = self._sides.hidden = picture.before is None
        say, title = self._words.say, self._words.title
        left, right = map(title, picture.sides or (say("zoom.left"), say("zoom.right")))
        for shown, side in zip(self._sides.children, (left, right), strict=True):
            shown.textContent = side
        if picture.sides is not None:
            self._after.alt = right
        divided = f"{left} / {right}" if picture.sides else say("zoom.compare")
        self._slider.setAttribute("aria-label", divided)
        if picture.before is not None:
            self._before.src = self._url(picture.before)
            self._before.alt = left if picture.sides else say("zoom.before")

    def _show_films(self, pair: ViewedResult) -> None:
        """Show two films that are compared; one of them is heard."""
        shown = zip((self._url(pair.before), self._address), pair.sides or (), strict=True)
        films = [
            element(
                "figure",
                "",
                "",
                element("video", "", src=address, controls=""),
                element("figcaption", "", self._words.title(title)),
            )
            for address, title in shown
        ]
        self._stage.replaceChildren(*films)
        self._stage.querySelector("video").muted = True

    def _keep_in_step(self, event: Any) -> None:
        """Let the other one of two films do what a person does to one."""
        films = list(self._stage.querySelectorAll("video"))
        if len(films) < 2:
            return
        film, other = films if films[0].isSameNode(event.target) else reversed(films)
        match event.type:
            case "play":
                self._context.soon(_play(other))
            case "pause" if not film.ended:
                other.pause()
            case "seeking" if abs(other.currentTime - film.currentTime) > IN_STEP:
                other.currentTime = film.currentTime

    def _show_star(self) -> None:
        self._star.hidden = self._prompt_id is None
        show_star(self._star, self._prompt_id in self._context.stars)

    def _show_differences(self, result: ViewedResult) -> None:
        """List the values in which two results that are compared differ."""
        words, box = self._words, self._differences
        box.hidden = result.sides is None
        if result.sides is None:
            return
        if not result.differences:
            key = "zoom.otherwise" if result.differences is None else "zoom.alike"
            box.replaceChildren(element("p", "", words.say(key)))
            return
        heads = (element("th", "", words.title(each), scope="col") for each in result.sides)
        rows = [element("tr", "", "", element("td"), *heads)]
        for label, *values in result.differences:
            cells = (element("td", "", each) for each in values)
            rows.append(element("tr", "", "", element("th", "", label, scope="row"), *cells))
        caption = element("caption", "", words.say("zoom.differ"))
        box.replaceChildren(element("table", "", "", caption, *rows))

    async def _show_model(self, name: str) -> None:
        label = self._words.say("zoom.model", file=name)
        canvas = element("canvas", "", tabindex="0", role="img", aria_label=label)
        self._stage.replaceChildren(canvas)
        try:
            free = await show_model(canvas, self._address, name)
        except TetherError as error:
            if canvas.isConnected:
                self._stage.hidden = True
                self._say(self._words.trouble(error.trouble))
            return
        if canvas.isConnected and self._dialog.open:
            self._free_model = free
            self._say(self._words.say("zoom.turn"))
        else:
            free()  # another result is shown meanwhile

    def _show_place(self) -> None:
        keys = self._results.keys()
        is_one_of_several = self._key in keys and len(keys) > 1
        number = keys.index(self._key) + 1 if is_one_of_several else 0
        place = self._words.say("zoom.place", number=number, count=len(keys)) if number else ""
        set_text(self._place, place)
        for step in STEPS:
            shown = self._buttons[step]
            shown.hidden = not number
            # Not `disabled`: a button pressed at the end must keep the focus, and with it the keys.
            shown.setAttribute("aria-disabled", "false" if self._next(step) else "true")

    def _next(self, step: str) -> str:
        """Return the key of the result that a step leads to; "" at both ends."""
        keys = self._results.keys()
        at = keys.index(self._key) + STEPS[step] if self._key in keys else -1
        return keys[at] if 0 <= at < len(keys) else ""

    def _make(self) -> None:
        words = self._words
        self._title = element("h2", id="zoom-title")
        self._before, self._after = element("img", "before"), element("img", "after")
        self._stage = element("div", "stage", "", self._before, self._after)
        for name in ("play", "pause", "seeking"):
            # These don't bubble: the stage hears them first.
            listen(self._stage, name, self._keep_in_step, is_first=True)
        label = words.say("zoom.compare")
        self._slider = element("input", "", type="range", min="0", max="100", aria_label=label)
        self._sides = element("div", "sides", "", element("span"), element("span"))
        self._compare = element("div", "compare", "", self._slider)
        self._differences = element("div", "differences", hidden="", tabindex="0")
        self._said = element("p", "", role="status")
        self._buttons = {
            action: button(action, "", words.say(f"zoom.{action}"))
            for action in (*ACTIONS, "close")
        }
        self._star = star_button("", words)
        self._save = element("a", "", words.say("zoom.save"))
        listen(self._save, "click", lambda _event: self._saved())
        head = element("div", "head", "", self._title, self._buttons["close"])
        previous, *others = (self._buttons[action] for action in ACTIONS)
        self._place = element("span", "place")
        shown = previous, self._place, others[0], self._star, *others[1:], self._save
        row = element("div", "buttons", "", *shown)
        self._dialog.append(head, self._stage, self._compare, self._differences, self._said, row)

    def _pressed(self, action: str) -> None:
        match action:
            case "close":
                self._dialog.close()
            case "star" if self._prompt_id is not None:
                self._context.stars.toggle(self._prompt_id)
            case "size":
                self._fit(bool(self._stage.classList.contains("whole")))
            case _:
                self._context.soon(show_errors(self._act(action), self._words, self._say))

    def _key_pressed(self, event: Any) -> None:
        if getattr(event.target, "type", "") == "range" or event.target.localName in _OWN_KEYS:
            return  # there the arrows move the slider, turn the model, wind the film
        if event.key in ("ArrowLeft", "ArrowRight"):
            self._pressed("previous" if event.key == "ArrowLeft" else "next")

    def _fit(self, is_fit: bool) -> None:
        """Show the result without the picture before, fitted to the dialog or in full size.

        Of two that are compared both are shown.
        """
        self._stage.classList.toggle("whole", not is_fit)
        set_text(self._buttons["size"], self._words.say("zoom.size" if is_fit else "zoom.fit"))
        stage = self._stage
        stage.scrollLeft = (stage.scrollWidth - stage.clientWidth) / 2
        stage.scrollTop = (stage.scrollHeight - stage.clientHeight) / 2
        self._slider.value = "50" if self._is_pair else "0"
        self._divide()

    def _measure(self) -> None:
        width, height = self._after.naturalWidth, self._after.naturalHeight
        if width and height:
            self._dialog.style.setProperty("--ratio", str(width / height))
            self._dialog.style.setProperty("--pixels", f"{width}px")

    def _divide(self) -> None:
        """Show the picture before left of the slider's knob, and the result right of it."""
        place = f"{self._slider.value}%"
        # Each is cut off where the other one begins: they may be transparent.
        self._after.style.setProperty("clip-path", f"inset(0 0 0 {place})")
        self._before.style.setProperty("clip-path", f"inset(0 calc(100% - {place}) 0 0)")
        self._sides.style.setProperty("--place", place)

    def _say(self, sentence: str) -> None:
        set_text(self._said, sentence)

    async def _act(self, action: str) -> None:
        say = self._words.say
        match action:
            case "use":
                await self._results.use(self._key)
                self._say(say("zoom.used"))
            case "copy":
                is_copied = await copy_picture(self._address)
                self._say(say("zoom.copied" if is_copied else "zoom.not_copied"))
            case "open":
                if not await open_tab(self._address, self._name):
                    self._say(say("zoom.not_opened"))
            case _:
                key = self._next(action)
                if key:
                    await self.open(key, self._results)

    def _saved(self) -> None:
        if not self._save.target:  # else it opens beside this page
            self._say(self._words.say("zoom.saved", file=self._name))

    def _url(self, content: Any) -> str:
        """Return an address for a Blob, until another result is shown; an address stays."""
        if isinstance(content, str):
            return content
        self._urls.append(str(js.URL.createObjectURL(content)))
        return self._urls[-1]

    def _closed(self) -> None:
        self._turn += 1
        self._free()

    def _free(self) -> None:
        if self._free_model is not None:
            self._free_model()
            self._free_model = None
        self._stage.replaceChildren()  # what plays ends with it
        for url in self._urls:
            js.URL.revokeObjectURL(url)
        self._urls = []


async def _play(film: Any) -> None:
    with suppress(JsException):  # it is paused again before it has begun
        await film.play()
