"""Lanes, bars and lines as SVG, changed from picture to picture; their legend and sentences."""

from typing import Any

from page.lanes.lifeline import Sentence
from page.lanes.picture import Bar, Lane, StagePart, Stroke
from page.ui.clock import clock
from page.ui.dom import Rows, drawn, element, set_text
from page.ui.words import Words

_LINE_ROOM = 14
_ROW, _BAR = 24, 20
"""Pixels of a socket's line, of a row, and of the bar in it."""

MARKS = {"completed": "✓", "failed": "✕", "cancelled": "–", "lost": "?", "adopted": "→"}
"""Signs of the ends, for those who can't tell the colours apart."""


class LaneDrawing:
    """Draws lanes into an element, one below the other."""

    def __init__(self, words: Words, box: Any) -> None:
        self._words = words
        self._lanes = Rows(box, self._make_lane, self._change_lane)

    def show(self, lanes: tuple[Lane, ...], ticks: tuple[tuple[float, float], ...]) -> None:
        """Draw lanes over the lines of a scale."""
        self._lanes.show({lane.key: (lane, ticks) for lane in lanes})

    def name(self, lane: Lane) -> str:
        """Return a lane's name in the page's language."""
        return lane.name or self._words.say(f"lanes.{lane.key}")

    def element(self, lane: Lane, item: Bar | Stroke) -> Any:
        """Return the element of a bar or line."""
        rows = self._lanes.cards[lane.key]["bars" if isinstance(item, Bar) else "line"]
        return rows.cards[item.key]["card"]

    def _make_lane(self, key: str) -> dict[str, Any]:
        parts: dict[str, Any] = {each: element("span", each) for each in ("name", "state", "more")}
        scale, line, bars = (drawn("g", each) for each in ("scale", "line-box", "bar-box"))
        now = drawn("line", "now", x1="100%", x2="100%", y1="0", y2="100%")
        room = element("div", "room", "", drawn("svg", "drawing", "", scale, line, bars, now))
        head = element("p", "lane-head", "", parts["name"], " ", parts["state"], " ", parts["more"])
        card = element("div", "lane", "", head, room, data_lane=key)
        parts |= {"card": card, "room": room, "scale": scale}
        parts["line"] = Rows(line, _make_stroke, self._change_stroke)
        parts["bars"] = Rows(bars, _make_bar, self._change_bar)
        return parts

    def _change_lane(self, parts: dict[str, Any], row: tuple[Lane, Any]) -> None:
        words, (lane, ticks) = self._words, row
        name = self.name(lane)
        set_text(parts["name"], name)
        parts["name"].setAttribute("title", name)
        set_text(parts["state"], words.say(f"socket.{lane.phase}") if lane.phase else "")
        set_text(parts["more"], words.say("lanes.more", count=lane.more) if lane.more else "")
        top = 0 if lane.key in ("here", "elsewhere") else _LINE_ROOM
        # A minimum: a name of several lines makes the lane, and the drawing, higher.
        parts["room"].style.setProperty("min-height", f"{top + _ROW * lane.rows + 4}px")
        lines = [drawn("line", x1=_percent(x), x2=_percent(x), y1="0", y2="100%") for x, _ in ticks]
        parts["scale"].replaceChildren(*lines)
        parts["line"].show({stroke.key: (stroke, name) for stroke in lane.line})
        parts["bars"].show({bar.key: (bar, name, top) for bar in lane.bars})

    def _change_stroke(self, parts: dict[str, Any], row: tuple[Stroke, str]) -> None:
        stroke, lane = row
        card, words = parts["card"], self._words
        label = (words.say("lanes.socket"), lane, words.say(f"lanes.kind.{stroke.kind}"))
        _set(card, data_kind=stroke.kind, aria_label=", ".join(label))
        _set(card, x=_percent(stroke.start), width=_percent(stroke.end - stroke.start))

    def _change_bar(self, parts: dict[str, Any], row: tuple[Bar, str, int]) -> None:
        bar, lane, top = row
        card, state = parts["card"], bar.state.value
        title = self._words.title(bar.label)
        label = (title, lane, self._words.say(f"task.state.{state}"))
        _set(card, data_state=state, data_ink=bar.ink, aria_label=", ".join(label))
        _set(card, x=_percent(bar.start), width=_percent(bar.end - bar.start))
        _set(card, y=str(top + _ROW * bar.row + 2))
        parts["text"].textContent = f"{MARKS.get(state, '')} {title}".strip()
        if parts.get("stages") != bar.parts:
            parts["stages"] = bar.parts
            parts["stages-box"].replaceChildren(*map(_draw_stage, bar.parts))


def _make_stroke(key: str) -> dict[str, Any]:
    middle = str(_LINE_ROOM // 2)
    parts = (
        drawn("rect", "ground", width="100%", height="100%"),
        drawn("line", "wire", x1="0", x2="100%", y1=middle, y2=middle),
        drawn("rect", "frame", width="100%", height="100%"),
    )
    size = {"y": "0", "height": str(_LINE_ROOM)}
    return {"card": drawn("svg", "stroke item", "", *parts, **size, role="img", data_item=key)}


def _make_bar(key: str) -> dict[str, Any]:
    stages, height = drawn("g"), str(_BAR)
    # HTML, because SVG can't end a long title with an ellipsis.
    text = element("span", "label")
    holder = drawn("foreignObject", "", "", text, width="100%", height=height)
    ground = drawn("rect", "ground", width="100%", height="100%", rx="3")
    frame = drawn("rect", "frame", x="0.75", y="0.75", rx="3", height=str(_BAR - 1.5))
    frame.style.setProperty("width", "calc(100% - 1.5px)")
    parts = ground, stages, holder, frame
    card = drawn("svg", "bar item", "", *parts, height=height, role="img", data_item=key)
    return {"card": card, "stages-box": stages, "text": text}


def _draw_stage(part: StagePart) -> Any:
    """Draw a stage of a bar: its height tells it apart, not its colour alone."""
    height = {"way": 4, "waiting": _BAR // 2, "queued": _BAR // 2}.get(part.stage, _BAR)
    size = {"width": _percent(part.end - part.start), "height": str(height)}
    top = str((_BAR - height) / 2)
    return drawn("rect", f"stage {part.stage}", x=_percent(part.start), y=top, **size)


def _set(target: Any, **attributes: str) -> None:
    for name, value in attributes.items():
        target.setAttribute(name.replace("_", "-"), value)


def _percent(part: float) -> str:
    return f"{part:.3%}"


_KEYS = ("waiting", "running", "completed", "failed", "cancelled", "lost", "foreign")
_PATTERNS = {"failed": "M0 0L8 8M8 0L0 8", "lost": "M0 8L8 0", "cancelled": "M0 4H8"}
"""What fills the bars of bad ends, beside their colour."""


def patterns() -> Any:
    """Make the patterns with which the style sheet fills bars."""
    tile = {"width": "8", "height": "8", "patternUnits": "userSpaceOnUse"}
    made = (
        drawn("pattern", f"pattern-{name}", "", drawn("path", d=path), id=f"lanes-{name}", **tile)
        for name, path in _PATTERNS.items()
    )
    defs = drawn("defs", "", "", *made)
    return drawn("svg", "sr", "", defs, aria_hidden="true", width="0", height="0")


def legend(words: Words) -> Any:
    """Make the legend of the bars and lines."""
    rows = []
    for key in (*_KEYS, "line", "gap"):
        is_line = key in ("line", "gap")
        classes = "sample stroke" if is_line else "sample bar"
        sample = drawn("svg", classes, width="28", height="14", aria_hidden="true")
        if is_line:
            _set(sample, data_kind="open" if key == "line" else key)
            sample.append(drawn("line", "wire", x1="0", x2="100%", y1="7", y2="7"))
        else:
            state, ink = ("running", key) if key == "foreign" else (key, "own")
            _set(sample, data_state=state, data_ink=ink)
            stage, y, height = (key, "3.5", "7") if key == "waiting" else ("running", "0", "14")
            sample.append(
                drawn("rect", f"stage {stage}", y=y, width="28", height=height),
                drawn("text", "", MARKS.get(key, ""), x="10", y="11"),
                drawn("rect", "frame", x="0.75", y="0.75", rx="3", width="26.5", height="12.5"),
            )
        text = element("span", "", words.say(f"lanes.key.{key}"))
        rows.append(element("li", "", "", sample, text))
    return element("ul", "lanes-legend", "", *rows)


def say_detail(words: Words, detail: Sentence) -> str:
    """Say a detail, its times and durations written out."""
    key, facts = detail
    shown = {
        name: fact
        if isinstance(fact, str)
        else (clock(fact, second="2-digit") if name == "at" else write_duration(words, fact))
        for name, fact in facts.items()
    }
    return words.say(key, **shown)


def write_duration(words: Words, seconds: float) -> str:
    """Write a duration: tenths only below 10 s, seconds only below an hour."""
    if seconds < 10:
        return words.say("lanes.s", s=f"{seconds:.1f}")
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 1:
        return words.say("lanes.s", s=rest)
    if minutes < 60:
        return words.say("lanes.min", min=minutes, s=rest)
    return words.say("lanes.h", h=minutes // 60, min=minutes % 60)
