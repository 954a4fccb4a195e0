"""What the bars and lines of the lanes mean, and the patterns they are filled with."""

from typing import Any

from app.ui.dom import drawn, element
from app.ui.lane_drawing import MARKS
from app.ui.words import Words

_KEYS = ("waiting", "running", "completed", "failed", "cancelled", "lost", "foreign")
_PATTERNS = {"failed": "M0 0L8 8M8 0L0 8", "lost": "M0 8L8 0", "cancelled": "M0 4H8"}
"""What fills the bars of sad ends, beside their colour."""


def patterns() -> Any:
    """Make the patterns that the style sheet fills bars with."""
    defs = drawn("defs")
    for name, path in _PATTERNS.items():
        pattern = drawn(
            *("pattern", f"pattern-{name}"),
            id=f"lanes-{name}",
            width="8",
            height="8",
            patternUnits="userSpaceOnUse",
        )
        pattern.append(drawn("path", "", d=path))
        defs.append(pattern)
    holder = drawn("svg", "sr", aria_hidden="true", width="0", height="0")
    holder.append(defs)
    return holder


def legend(words: Words) -> Any:
    """Say what the bars and lines mean."""
    rows = element("ul", "lanes-legend")
    for key in (*_KEYS, "line", "gap"):
        is_line = key in ("line", "gap")
        sample = drawn("svg", "sample stroke" if is_line else "sample bar", aria_hidden="true")
        sample.setAttribute("width", "28")
        sample.setAttribute("height", "14")
        if is_line:
            sample.setAttribute("data-kind", "open" if key == "line" else key)
            sample.append(drawn("line", "wire", x1="0", x2="100%", y1="7", y2="7"))
        else:
            state = "running" if key == "foreign" else key
            sample.setAttribute("data-state", state)
            sample.setAttribute("data-ink", "foreign" if key == "foreign" else "own")
            stage, y, height = "running", "0", "14"
            if key == "waiting":
                stage, y, height = key, "3.5", "7"
            sample.append(
                drawn("rect", f"stage {stage}", y=y, width="28", height=height),
                drawn("text", "", MARKS.get(key, ""), x="10", y="11"),
                drawn("rect", "frame", x="0.75", y="0.75", rx="3", width="26.5", height="12.5"),
            )
        row = element("li")
        row.append(sample, words.say(f"lanes.key.{key}"))
        rows.append(row)
    return rows
