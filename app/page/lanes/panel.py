"""The panel of lanes: the drawing, and a line that describes what is pointed at."""

from collections.abc import Callable
from typing import Any, NamedTuple

import js

from page.lanes.drawing import LaneDrawing, legend, patterns, say_detail
from page.lanes.picture import Bar, Lane, LanesPicture, Stroke
from page.ui.clock import clock, moment
from page.ui.context import PageContext
from page.ui.dom import drawn, element, listen, options, set_text

CHOICES = ("0", "60", "300", "1800")
"""Seconds that can be shown; 0 for as many as the current tasks take."""


class _Item(NamedTuple):
    lane: Lane
    shown: Bar | Stroke

    @property
    def middle(self) -> float:
        return (self.shown.start + self.shown.end) / 2


class LanesPanel:
    """Draws pictures into `details`, and describes what is pointed at or has the focus.

    `draw` is called when the person chooses another stretch of time.
    """

    def __init__(self, context: PageContext, details: Any, draw: Callable[[], None]) -> None:
        self._words = words = context.words
        self._details = details
        self._language = words.language
        self._items: dict[str, _Item] = {}
        self._described = self._stop = ""
        """The item that is described, and the one that the Tab key reaches."""
        details.append(*self._make())
        self._drawing = LaneDrawing(words, self._box)
        listen(self._stretch, "change", lambda _event: draw())
        listen(self._box, "pointerover", self._pointed)
        listen(self._box, "pointerleave", lambda _event: self._describe(self._focused()))
        listen(self._box, "focusin", self._entered)
        listen(self._box, "focusout", lambda _event: self._describe(""))
        listen(details, "keydown", self._pressed)
        self._describe("")

    @property
    def seconds(self) -> float:
        """Return how many seconds are to be shown; 0 for those of the current tasks."""
        return float(self._stretch.value)

    def show(self, picture: LanesPicture) -> None:
        """Show a picture; the item that has the focus keeps it."""
        if self._language != self._words.language:
            self._language = self._words.language
            self.clear()  # what is drawn says what it is
        focused, described = self._focused(), self._described
        self._drawing.show(picture.lanes, picture.ticks)
        self._items = {}
        for lane in picture.lanes:
            for stroke in lane.line:
                self._items[stroke.key] = _Item(lane, stroke)
            for bar in lane.bars:
                self._items[bar.key] = _Item(lane, bar)
        self._draw_scale(picture)
        at = moment(picture.until)
        set_text(self._past, self._words.say("lanes.past", at=at) if picture.is_past else "")
        self._stop_at(self._stop if self._stop in self._items else next(reversed(self._items), ""))
        if focused and focused != self._focused():
            self._focus(focused if focused in self._items else self._stop)
        self._describe(described if described in self._items else "")

    def clear(self) -> None:
        """Draw nothing."""
        self._items = {}
        self._drawing.show((), ())
        self._scale.replaceChildren()
        self._describe("")

    def _make(self) -> tuple[Any, ...]:
        words = self._words
        choices = options({each: words.say(f"lanes.stretch.{each}") for each in CHOICES})
        self._stretch = element("select", "", "", *choices, id="lanes-stretch")
        label = element("label", "check", words.say("lanes.stretch"), self._stretch)
        head = element(
            "div", "lanes-head", "", element("p", "about", words.say("lanes.about")), label
        )
        self._past = element("p", "lanes-past", role="status", hidden="")
        self._box = element("div", "lanes", role="group", aria_label=words.say("lanes"))
        self._scale = drawn("svg", "axis", height="18", aria_hidden="true")
        row = element("div", "lane axis-row", "", element("span"), self._scale)
        self._description = element("p", "lanes-told", id="lanes-told")
        return patterns(), head, self._past, self._box, row, self._description, legend(words)

    def _draw_scale(self, picture: LanesPicture) -> None:
        """Write times under the drawing, except where they would overlap `now`."""
        seconds = {} if picture.until - picture.since > 120 else {"second": "2-digit"}
        texts = [
            drawn("text", "odd" if number % 2 else "", clock(at, **seconds), x=f"{x:.3%}", y="13")
            for number, (x, at) in enumerate(picture.ticks)
            if 0.05 < x < (0.9 if picture.is_live else 0.75)
        ]
        label = self._words.say("lanes.now")
        if not picture.is_live:  # nothing is drawn until something happens
            label = self._words.say("server.as_of", time=moment(picture.until))
        now = drawn("text", "now", label, x="100%", y="13")
        self._scale.replaceChildren(*texts, now)

    def _focused(self) -> str:
        return _key_of(js.document.activeElement) if js.document.activeElement else ""

    def _pointed(self, event: Any) -> None:
        self._describe(_key_of(event.target) or self._focused())

    def _entered(self, event: Any) -> None:
        key = _key_of(event.target)
        self._stop_at(key)
        self._describe(key)

    def _stop_at(self, key: str) -> None:
        """Let the Tab key reach one of all items; the arrow keys lead to the others."""
        self._stop = key
        for each, item in self._items.items():
            index = "0" if each == key else "-1"
            self._drawing.element(item.lane, item.shown).setAttribute("tabindex", index)

    def _focus(self, key: str) -> None:
        if key in self._items:
            item = self._items[key]
            self._drawing.element(item.lane, item.shown).focus()

    def _pressed(self, event: Any) -> None:
        if event.key == "Escape":
            self._escaped()
            return
        key = self._focused()
        if key not in self._items:
            return
        keys, lane = list(self._items), self._items[key].lane.key
        lanes = list(dict.fromkeys(item.lane.key for item in self._items.values()))
        place, level = keys.index(key), lanes.index(lane)
        leads_to = {
            "ArrowRight": keys[min(place + 1, len(keys) - 1)],
            "ArrowLeft": keys[max(place - 1, 0)],
            "ArrowDown": self._nearest(key, lanes[min(level + 1, len(lanes) - 1)]),
            "ArrowUp": self._nearest(key, lanes[max(level - 1, 0)]),
            "Home": keys[0],
            "End": keys[-1],
        }
        if event.key in leads_to:
            event.preventDefault()
            self._focus(leads_to[event.key])

    def _nearest(self, key: str, lane: str) -> str:
        here = self._items[key]
        if here.lane.key == lane:
            return key
        others = {each: item for each, item in self._items.items() if item.lane.key == lane}
        return min(others, key=lambda each: abs(others[each].middle - here.middle))

    def _escaped(self) -> None:
        """Remove the description; close the panel when there is none."""
        if self._described:
            self._describe("")
            return
        self._details.open = False
        self._details.querySelector("summary").focus()

    def _describe(self, key: str) -> None:
        self._described = key
        if not key:
            self._description.textContent = self._words.say("lanes.hint")
            return
        say, item = self._words.say, self._items[key]
        shown, lane = item.shown, self._drawing.name(item.lane)
        if isinstance(shown, Bar):
            title, state = self._words.title(shown.label), say(f"task.state.{shown.state.value}")
        else:
            title, state = say("lanes.socket"), say(f"lanes.kind.{shown.kind}")
        facts = [lane, state, *(say_detail(self._words, each) for each in shown.detail)]
        self._description.replaceChildren(element("strong", "", title), " · ", " · ".join(facts))


def _key_of(target: Any) -> str:
    found = target.closest("[data-item]")
    return str(found.getAttribute("data-item")) if found else ""
