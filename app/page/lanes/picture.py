"""The picture of the routing: a lane for each server, a bar for each task, a line, its socket."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from page.lanes.bars import Bar, Life, Part, details, is_datable, life_of, placed
from page.lanes.lifeline import Lifelines
from page.lanes.socket_line import Said, line_of
from tether.core.ids import ServerUrl, TaskId
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.address import short_name
from tether.core.session.snapshot import read_task
from tether.core.windows.ledger import Entry

LEAST = 0.008
"""The narrowest bar, as a part of the picture: a shorter life must still be seen."""

TICKS = (2.0, 5.0, 10.0, 20.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds between the lines of the scale."""

MOST_TICKS = 6

STRETCHES = (
    *(10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 75.0, 90.0, 120.0, 150.0, 180.0, 240.0),
    *(300.0, 420.0, 600.0, 900.0, 1200.0, 1800.0),
)
"""Seconds of a picture that is to fit; the next is so near that little of one stays empty."""

RECENT = 60.0
"""Seconds for which what has ended still counts as what is going on."""


class Stroke(NamedTuple):
    """A piece of a socket's line, in parts of the picture."""

    key: str
    kind: str
    start: float
    end: float
    detail: tuple[Said, ...]


class Lane(NamedTuple):
    """A server, or (without a name) what waits: `here`, or `elsewhere` in other windows.

    `more` counts the tasks that found no row; `phase` is that of the connection, `blocked`, or
    "" where there is none.
    """

    key: str
    name: str
    phase: str
    rows: int
    bars: tuple[Bar, ...]
    line: tuple[Stroke, ...]
    more: int


class Picture(NamedTuple):
    """All lanes from `since` to `until`, in seconds since the epoch.

    `ticks` holds (part of the picture, time). `is_live` says that it is another one in a second,
    whatever happens; one that `is_past` ends when something went on last, which is a while ago.
    """

    since: float
    until: float
    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, float], ...]
    is_live: bool
    is_past: bool = False


def picture_of(
    window: Window,
    lifelines: Lifelines,
    ledger: Mapping[TaskId, Entry],
    now: float,
    seconds: float = 0.0,
) -> Picture:
    """Draw the last seconds of a window, and of the other windows' unfinished tasks.

    Args:
        window: Whose tasks and servers are shown.
        lifelines: What is known of its sockets.
        ledger: Of all windows.
        now: The time, at the picture's right edge.
        seconds: How far back the picture reaches; 0 for as far as what is going on, or went on
            last: then the picture ends with that.
    """
    found = [(life_of(task, ink, now), owner) for task, ink, owner in _tasks(window, ledger)]
    until = now if seconds else _latest([life for life, _ in found], lifelines, now)
    stretch = seconds or _fitting([life for life, _ in found], until)
    drawing = _Drawing(until - stretch, until, now)
    lives: dict[str, list[Life]] = {"here": [], **{url: [] for url in window.servers}}
    owners: dict[TaskId, str] = {}
    for life, owner in found:
        if life.end >= drawing.since:
            owners[life.task.task_id] = owner
            nowhere = "elsewhere" if life.ink == "foreign" else "here"
            lives.setdefault(life.task.server or nowhere, []).append(life)
    for url in lifelines.servers():
        if drawing.strokes(lifelines, url):
            lives.setdefault(url, [])
    order = sorted(lives, key=lambda key: {"here": 0, "elsewhere": 1}.get(key, 2))
    lanes = tuple(drawing.lane(window, lifelines, key, lives[key], owners) for key in order)
    is_live = any(not life.task.is_ended for each in lives.values() for life in each)
    is_dialling = any(lane.phase in ("connecting", "waiting", "closing") for lane in lanes)
    return Picture(
        drawing.since, until, lanes, drawing.ticks(), is_live or is_dialling, until < now
    )


def _tasks(window: Window, ledger: Mapping[TaskId, Entry]) -> Iterator[tuple[Task, str, str]]:
    """Yield every task once, with its ink and the window that has it."""
    foreign = {}
    for entry in ledger.values():
        task = read_task(entry.record) if entry.owner != window.window_id else None
        if task is None:
            continue
        own = window.tasks.get(task.task_id)
        if own is None or own.state is State.ADOPTED:
            foreign[task.task_id] = task, entry.owner
    for task_id, task in window.tasks.items():
        if task_id not in foreign and is_datable(task):
            yield task, "adopted" if task.epoch else "own", ""
    for task, owner in foreign.values():
        yield task, "foreign", owner


def _latest(lives: Iterable[Life], lifelines: Lifelines, now: float) -> float:
    """Return now, where something goes on; else when the latest task ended, if there was one."""
    pieces = (piece for url in lifelines.servers() for piece in line_of(lifelines.of(url), now))
    is_dialled = any(each.kind != "open" and now - each.end < RECENT for each in pieces)
    ended = max((life.end for life in lives), default=now)
    return now if is_dialled or now - ended < RECENT else ended


def _fitting(lives: Iterable[Life], until: float) -> float:
    """Return the shortest stretch in which all that goes on is whole; the longest at most."""
    reach = max((until - life.start for life in lives if until - life.end < RECENT), default=RECENT)
    return next((each for each in STRETCHES if each >= reach), STRETCHES[-1])


class _Drawing:
    """Turns seconds into parts of a picture."""

    def __init__(self, since: float, until: float, now: float) -> None:
        self.since = since
        self._until = until
        self._now = now

    def lane(
        self,
        window: Window,
        lifelines: Lifelines,
        key: str,
        lives: list[Life],
        owners: Mapping[TaskId, str],
    ) -> Lane:
        """Draw what is at a server, or at none."""
        url = ServerUrl(key)
        server = window.servers.get(url)
        phase = ""
        if server is not None:
            connection = server.connection
            phase = "blocked" if connection.is_blocked else connection.phase.value
        name = server.name if server else "" if key in ("here", "elsewhere") else short_name(url)
        bars = [self._bar(life, owners[life.task.task_id]) for life in lives]
        shown = placed(bars)
        rows = 1 + max((bar.row for bar in shown), default=0)
        more = len(bars) - len(shown)
        return Lane(key, name, phase, rows, shown, self.strokes(lifelines, url), more)

    def strokes(self, lifelines: Lifelines, url: ServerUrl) -> tuple[Stroke, ...]:
        """Draw a socket's line, as far as it is in the picture."""
        strokes = []
        for piece in line_of(lifelines.of(url), self._now):
            if piece.end < self.since or piece.start > self._until:
                continue
            start, end = self._part(piece.start), self._part(piece.end)
            if piece.kind == "gap":
                # To the left, where the line has been drawn before it.
                end = max(end, LEAST)
                start = min(start, end - LEAST)
            strokes.append(Stroke(f"{url} {piece.start}", piece.kind, start, end, piece.detail))
        return tuple(strokes)

    def ticks(self) -> tuple[tuple[float, float], ...]:
        """Choose round times for the scale."""
        seconds = self._until - self.since
        step = next((each for each in TICKS if seconds / each <= MOST_TICKS), TICKS[-1])
        first = self.since - self.since % step + step
        times = [first + step * number for number in range(int((self._until - first) // step) + 1)]
        return tuple((self._part(at), at) for at in times)

    def _bar(self, life: Life, owner: str) -> Bar:
        task = life.task
        start, end = self._part(life.start), self._part(life.end)
        # A life of a moment at the left edge, or just now, is drawn inside the picture.
        start = min(start, 1 - LEAST)
        end = min(1.0, max(end, start + LEAST))
        length = max(life.end, self.since) - max(life.start, self.since)
        cuts = [*(at for _, at in life.stages), life.end]
        parts = []
        for (stage, at), until in zip(life.stages, cuts[1:], strict=True):
            first, last = (
                (max(each, self.since) - max(life.start, self.since)) / length if length else 0.0
                for each in (at, until)
            )
            if last > first:
                parts.append(Part(stage, max(0.0, first), min(1.0, last)))
        return Bar(
            task.task_id,
            0,
            start,
            end,
            tuple(parts) or (Part(life.stages[-1][0], 0.0, 1.0),),
            task.state,
            life.ink,
            task.title,
            details(life, owner, self._now),
        )

    def _part(self, at: float) -> float:
        return min(1.0, max(0.0, (at - self.since) / (self._until - self.since)))
