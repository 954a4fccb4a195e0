"""Reads who imports whom in `app/`, and draws its folders as rooms on floors.

    .venv/bin/python -m tools.dev.rooms

prints the rooms with their floors and writes docs/pictures/rooms.svg. `tests/test_architecture.py`
has the rules for these imports, and `tests/test_docs.py` compares the picture with a fresh one.
"""

import ast
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app"
PICTURE = ROOT / "docs/pictures/rooms.svg"

PURE: tuple[str, ...] = tuple(
    tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["tether"]["pure"]
)
"""Packages and modules without clock, randomness, browser or `await`."""


def _name_of(path: Path) -> str:
    parts = path.relative_to(APP).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PATHS = {_name_of(path): path for path in sorted(APP.rglob("*.py"))}
"""Dotted name -> file, of every module and package."""


def is_in(name: str, *packages: str) -> bool:
    """Tell whether a module is one of these, or inside one."""
    return any(name == each or name.startswith(f"{each}.") for each in packages)


def modules(*packages: str) -> list[str]:
    """Return the modules of these packages."""
    return [name for name in PATHS if is_in(name, *packages)]


@cache
def tree(module: str) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(PATHS[module].read_text())


def _named(node: ast.AST, module: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0 and node.module, f"{module}: imports are absolute"
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            yield whole if whole in PATHS else node.module


@cache
def imported(module: str) -> frozenset[str]:
    """Return what a module imports, inside functions too: those hide cycles from readers."""
    return frozenset(name for node in ast.walk(tree(module)) for name in _named(node, module))


@cache
def imported_at_once(module: str) -> frozenset[str]:
    """Return what a module imports when it is imported itself, types aside."""
    return frozenset(name for node in tree(module).body for name in _named(node, module))


def imports_between(of: str, *allowed: str) -> list[str]:
    """Return the imports of a package that lead to none of these, as `a -> b`."""
    return [
        f"{module} -> {name}"
        for module in modules(of)
        for name in sorted(imported(module))
        if name in PATHS and not is_in(name, of, *allowed)
    ]


def room_of(module: str) -> str:
    """Return the folder of a module; the core's own modules are two rooms."""
    path = PATHS[module].relative_to(APP)
    if path.parent.as_posix() == "tether/core" and path.stem != "__init__":
        return "tether/core/" + ("ids, errors" if path.stem in ("ids", "errors") else "events")
    return path.parent.as_posix() if path.parent.name else path.stem


@cache
def arrows() -> frozenset[tuple[str, str]]:
    """Return the rooms that import from each other, each pair once."""
    return frozenset(
        (room_of(module), room_of(name))
        for module in PATHS
        for name in imported(module)
        if name in PATHS and room_of(module) != room_of(name)
    )


Below: TypeAlias = dict[str, set[str]]
"""Room -> the rooms that it imports from."""


def rooms() -> Below:
    """Return all rooms that import or are imported."""
    below: Below = {room: set() for pair in arrows() for room in pair}
    for of, to in arrows():
        below[of].add(to)
    return below


def floors(below: Below) -> tuple[dict[str, int], set[tuple[str, str]]]:
    """Put each room one floor above the highest that it imports from.

    Returns:
        Room -> floor, and the arrows that lead up because they close a cycle.
    """
    floor: dict[str, int] = {}
    upward: set[tuple[str, str]] = set()

    def visit(room: str, path: tuple[str, ...]) -> int:
        if room not in floor:
            here = (*path, room)
            upward.update((room, to) for to in below[room] if to in here)
            heights = [visit(to, here) for to in sorted(below[room]) if to not in here]
            floor[room] = 1 + max(heights, default=-1)
        return floor[room]

    for room in sorted(below):
        visit(room, ())
    return floor, upward


def direct(below: Below) -> set[tuple[str, str]]:
    """Return the arrows that no longer path implies; there is no cycle."""

    @cache
    def reach(room: str) -> frozenset[str]:
        return frozenset(below[room]).union(*(reach(to) for to in below[room]))

    return {
        (room, to)
        for room in below
        for to in below[room]
        if not any(to in reach(other) for other in below[room])
    }


ROW, BOX, GAP, LETTER = 58, 30, 22, 7.4
"""In pixels: from floor to floor, a box's height, between boxes, a letter's width."""

HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">
<title>The folders of app/; arrows lead to what they import</title>
<style>
svg {{ font: 13px system-ui, sans-serif; --paper: #fff; --ink: #1f2328; --line: #8c959f;
  --page: #ddf4ff; --tether: #dafbe1; --other: #fff1d6 }}
@media (prefers-color-scheme: dark) {{
  svg {{ --paper: #0d1117; --ink: #e6edf3; --line: #6e7681;
    --page: #0c2d4d; --tether: #12361f; --other: #42300b }}
}}
.paper {{ fill: var(--paper) }} text {{ fill: var(--ink); text-anchor: middle }}
.box {{ stroke: var(--line); fill-opacity: .8 }}
.page {{ fill: var(--page) }} .tether {{ fill: var(--tether) }} .other {{ fill: var(--other) }}
.way {{ fill: none; stroke: var(--line) }}
.up {{ stroke: #d1242f; stroke-dasharray: 4 3 }} marker path {{ fill: var(--line) }}
</style>
<marker id="tip" markerWidth="7" markerHeight="6" refX="6" refY="3" orient="auto">
<path d="M0 0L7 3L0 6Z"/></marker>
<rect class="paper" width="{width}" height="{height}" rx="8"/>"""


def _label(room: str) -> str:
    return room.removeprefix("tether/").removeprefix("page/")


def _rows(floor: Mapping[str, int], drawn: set[tuple[str, str]]) -> list[list[str]]:
    """Return the rooms of each floor, the lowest first."""
    level = dict(floor)
    # A room with more importers than imports is put right below them, so that arrows are short.
    for room in sorted(floor, key=lambda room: (-floor[room], room)):
        above = [level[of] for of, to in drawn if to == room]
        if len(above) > sum(of == room for of, _ in drawn):
            level[room] = min(above) - 1
    highest = max(level.values())
    return [[room for room in sorted(level) if level[room] == each] for each in range(highest + 1)]


def draw() -> str:
    """Return the picture as SVG; the same imports give the same text."""
    below = rooms()
    floor, upward = floors(below)
    downward = {of: below[of] - {to for top, to in upward if top == of} for of in below}
    drawn = direct(downward)
    rows = _rows(floor, drawn)
    wide = {room: round(LETTER * len(_label(room))) + GAP for room in floor}
    width = max(sum(wide[room] + GAP for room in row) for row in rows) + GAP
    x: dict[str, int] = {}
    y: dict[str, int] = {}
    for level, row in enumerate(reversed(rows)):
        # A room alone on its floor stands a third from the left: room for arrows beside it.
        gap = (width - sum(wide[room] for room in row)) // max(len(row) + 1, 3)
        right = 0
        for room in row:
            x[room] = right + gap + wide[room] // 2
            y[room] = GAP + level * ROW
            right += gap + wide[room]
    beside = {room: len(row) for row in rows for room in row}
    lines = [HEAD.format(width=width, height=2 * GAP + (len(rows) - 1) * ROW + BOX)]
    for of, to in sorted(drawn | upward):
        top, end, turn = y[of] + BOX, y[to], ROW - BOX
        # It runs straight above the floor that has more boxes, where there is room.
        if beside[of] < beside[to]:
            way = f"C{x[of]} {top + turn / 2} {x[to]} {top + turn / 2} {x[to]} {top + turn}V{end}"
        else:
            way = f"V{end - turn}C{x[of]} {end - turn / 2} {x[to]} {end - turn / 2} {x[to]} {end}"
        kind = "way up" if (of, to) in upward else "way"
        lines.append(f'<path class="{kind}" marker-end="url(#tip)" d="M{x[of]} {top}{way}"/>')
    for room in sorted(floor):
        package = room.partition("/")[0]
        kind = {"tether": "tether", "page": "page", "main": "page"}.get(package, "other")
        lines.append(
            f'<rect class="box {kind}" x="{x[room] - wide[room] // 2}" y="{y[room]}" '
            f'width="{wide[room]}" height="{BOX}" rx="5"/>'
            f'<text x="{x[room]}" y="{y[room] + 20}">{_label(room)}</text>'
        )
    return "\n".join((*lines, "</svg>", ""))


def main() -> None:
    """Print the rooms and write the picture."""
    below = rooms()
    floor, upward = floors(below)
    for room in sorted(below, key=lambda room: (-floor[room], room)):
        print(f"{floor[room]:2} {room:24} -> {', '.join(sorted(below[room])) or '-'}")
    print(f"{len(below)} rooms, {1 + max(floor.values())} floors, {len(arrows())} arrows", end=", ")
    print(f"{len(upward)} upward")
    PICTURE.write_text(draw())


if __name__ == "__main__":
    main()
