"""Lanes, bars and lines as SVG, changed from picture to picture; their legend and sentences."""

from typing import Any

from page.lanes.lifeline import Said
from page.lanes.picture import Bar, Lane, Stroke
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
        parts = self._lanes.cards.get(lane.key)
        assert parts is not None
        found = parts["bars" if isinstance(item, Bar) else "line"].cards.get(item.key)
        return found["card"]

    def _make_lane(self, key: str) -> dict[str, Any]:
        card = element("div", "lane")
        card.dataset.lane = key
        parts: dict[str, Any] = {"card": card, "drawing": drawn("svg", "drawing")}
        parts["room"] = element("div", "room")
        head = element("p", "lane-head")
        for name in ("name", "state", "more"):
            parts[name] = element("span", name)
            head.append(parts[name], " ")
        for name in ("scale", "line-box", "bar-box"):
            parts[name] = drawn("g", name)
        parts["now"] = drawn("line", "now", x1="100%", x2="100%", y1="0", y2="100%")
        parts["drawing"].append(parts["scale"], parts["line-box"], parts["bar-box"], parts["now"])
        parts["line"] = Rows(parts["line-box"], _make_stroke, self._change_stroke)
        parts["bars"] = Rows(parts["bar-box"], _make_bar, self._change_bar)
        parts["room"].append(parts["drawing"])
        card.append(head, parts["room"])
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
            stages = []
            for part in bar.parts:
                length = _percent(part.end - part.start)
                made = drawn("rect", f"stage {part.stage}", x=_percent(part.start), width=length)
                _set(made, **_height(part.stage))
                stages.append(made)
            parts["stages-box"].replaceChildren(*stages)


def _make_stroke(key: str) -> dict[str, Any]:
    card = drawn("svg", "stroke item", y="0", height=str(_LINE_ROOM), role="img", data_item=key)
    middle = str(_LINE_ROOM // 2)
    card.append(
        drawn("rect", "ground", width="100%", height="100%"),
        drawn("line", "wire", x1="0", x2="100%", y1=middle, y2=middle),
        drawn("rect", "frame", width="100%", height="100%"),
    )
    return {"card": card}


def _make_bar(key: str) -> dict[str, Any]:
    card = drawn("svg", "bar item", height=str(_BAR), role="img", data_item=key)
    parts = {"card": card, "stages-box": drawn("g"), "text": element("span", "label")}
    # HTML, because SVG can't end a long title with an ellipsis.
    holder = drawn("foreignObject", width="100%", height=str(_BAR))
    holder.append(parts["text"])
    frame = drawn("rect", "frame", x="0.75", y="0.75", rx="3", height=str(_BAR - 1.5))
    frame.style.setProperty("width", "calc(100% - 1.5px)")
    card.append(drawn("rect", "ground", width="100%", height="100%", rx="3"))
    card.append(parts["stages-box"], holder, frame)
    return parts


def _height(stage: str) -> dict[str, str]:
    """Return the height of a stage and where it begins: shape, not colour, tells stages apart."""
    height = {"way": 4, "waiting": _BAR // 2, "queued": _BAR // 2}.get(stage, _BAR)
    return {"y": str((_BAR - height) / 2), "height": str(height)}


def _set(target: Any, **attributes: str) -> None:
    for name, value in attributes.items():
        target.setAttribute(name.replace("_", "-"), value)


def _percent(part: float) -> str:
    return f"{part * 100:.3f}%"


_KEYS = ("waiting", "running", "completed", "failed", "cancelled", "lost", "foreign")
_PATTERNS = {"failed": "M0 0L8 8M8 0L0 8", "lost": "M0 8L8 0", "cancelled": "M0 4H8"}
"""What fills the bars of bad ends, beside their colour."""


def patterns() -> Any:
    """Make the patterns with which the style sheet fills bars."""
    defs = drawn("defs")
    for name, path in _PATTERNS.items():
        pattern = drawn("pattern", f"pattern-{name}", id=f"lanes-{name}", width="8", height="8")
        _set(pattern, patternUnits="userSpaceOnUse")
        pattern.append(drawn("path", "", d=path))
        defs.append(pattern)
    holder = drawn("svg", "sr", aria_hidden="true", width="0", height="0")
    holder.append(defs)
    return holder


def legend(words: Words) -> Any:
    """Make the legend of the bars and lines."""
    rows = element("ul", "lanes-legend")
    for key in (*_KEYS, "line", "gap"):
        is_line = key in ("line", "gap")
        looks = "sample stroke" if is_line else "sample bar"
        sample = drawn("svg", looks, width="28", height="14", aria_hidden="true")
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
        row = element("li")
        row.append(sample, words.say(f"lanes.key.{key}"))
        rows.append(row)
    return rows


def say_detail(words: Words, said: Said) -> str:
    """Say a detail, its times and durations written out."""
    key, facts = said
    shown = {
        name: fact
        if isinstance(fact, str)
        else (clock(fact, second="2-digit") if name == "at" else length(words, fact))
        for name, fact in facts.items()
    }
    return words.say(key, **shown)


def length(words: Words, seconds: float) -> str:
    """Write a duration: tenths only below 10 s, seconds only below an hour."""
    if seconds < 10:
        return words.say("lanes.s", s=f"{seconds:.1f}")
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 1:
        return words.say("lanes.s", s=rest)
    if minutes < 60:
        return words.say("lanes.min", min=minutes, s=rest)
    return words.say("lanes.h", h=minutes // 60, min=minutes % 60)
