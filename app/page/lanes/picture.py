"""The picture of the routing: a lane for each server, with its tasks as bars and its socket."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from page.lanes.lifeline import Lifelines, Sentence, line_of
from tether.core.ids import ServerUrl, TaskId
from tether.core.model.task import ENDED, State, Task
from tether.core.model.window import Window
from tether.core.protocol.address import short_name
from tether.core.session.snapshot import read_task
from tether.core.windows.ledger import Entry

MIN_WIDTH = 0.008
"""Width of the narrowest bar, as a fraction of the picture: a short task must still be visible."""

TICK_STEPS = (2.0, 5.0, 10.0, 20.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds between the lines of the scale."""

MAX_TICKS = 6

SPANS_TO_FIT = (
    *(10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 75.0, 90.0, 120.0, 150.0, 180.0, 240.0),
    *(300.0, 420.0, 600.0, 900.0, 1200.0, 1800.0),
)
"""Seconds that a picture may span to fit its tasks, in steps so small that little stays empty."""

RECENT = 60.0
"""Seconds for which a task that has ended still counts as current."""

MIN_STAGE = 0.05
"""Seconds of a stage too short to be mentioned."""

MAX_ROWS = 8
"""Rows of a lane; the tasks that don't fit are counted."""


class Life(NamedTuple):
    """A task and its stages, in seconds since the epoch.

    `owner` is the window of a task of another window, "" for this one's. `stages` holds (`waiting`,
    `way`, `queued` or `running`, since); each ends where the next begins, the last at `end`.
    """

    task: Task
    owner: str
    end: float
    stages: tuple[tuple[str, float], ...]

    @property
    def start(self) -> float:
        """Return when the first stage began."""
        return self.stages[0][1]

    @property
    def ink(self) -> str:
        """Return `own`, `adopted` from a window that is gone, or `foreign`."""
        return "foreign" if self.owner else "adopted" if self.task.epoch else "own"


class StagePart(NamedTuple):
    """A stage of a bar, as fractions of that bar."""

    stage: str
    start: float
    end: float


class Bar(NamedTuple):
    """A task; `start` and `end` are fractions of the picture, `row` counts from 0."""

    key: str
    row: int
    start: float
    end: float
    parts: tuple[StagePart, ...]
    state: State
    ink: str
    label: str
    detail: tuple[Sentence, ...]


class Stroke(NamedTuple):
    """A piece of a socket's line, as fractions of the picture."""

    key: str
    kind: str
    start: float
    end: float
    detail: tuple[Sentence, ...]


class Lane(NamedTuple):
    """A server; or, without a name, the tasks that wait `here`, or `elsewhere` in other windows.

    `more` counts the tasks without a row; `phase` is the connection's, `blocked`, or "" where
    there is none.
    """

    key: str
    name: str
    phase: str
    rows: int
    bars: tuple[Bar, ...]
    line: tuple[Stroke, ...]
    more: int


class LanesPicture(NamedTuple):
    """All lanes from `since` to `until`, in seconds since the epoch.

    `ticks` holds (fraction of the picture, time). A picture that `is_live` changes with time alone;
    one that `is_past` ends at the last event, a while ago.
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
) -> LanesPicture:
    """Draw the tasks and sockets of a window, and the other windows' unfinished tasks.

    Args:
        now: Seconds since the epoch.
        seconds: How many seconds until now are shown; 0 for those of the current tasks, or of the
            latest ones, with whose end the picture then ends.
    """
    found = [life_of(task, now, owner) for task, owner in _tasks(window, ledger)]
    until = now if seconds else _latest(found, lifelines, now)
    drawing = _Drawing(until - (seconds or _fitting(found, until)), until, now)
    strokes = {url: drawing.strokes(url, lifelines) for url in lifelines.servers()}
    lives: dict[str, list[Life]] = {"here": [], **{url: [] for url in window.servers}}
    for life in found:
        if life.end >= drawing.since:
            nowhere = "elsewhere" if life.owner else "here"
            lives.setdefault(life.task.server or nowhere, []).append(life)
    lives |= {url: [] for url, line in strokes.items() if line and url not in lives}
    order = sorted(lives, key=lambda key: {"here": 0, "elsewhere": 1}.get(key, 2))
    lanes = tuple(
        drawing.lane(window, key, lives[key], strokes.get(ServerUrl(key), ())) for key in order
    )
    is_live = any(not life.task.is_ended for each in lives.values() for life in each)
    is_dialling = any(lane.phase in ("connecting", "waiting", "closing") for lane in lanes)
    return LanesPicture(
        drawing.since, until, lanes, drawing.ticks(), is_live or is_dialling, until < now
    )


def _tasks(window: Window, ledger: Mapping[TaskId, Entry]) -> Iterator[tuple[Task, str]]:
    """Yield every task once, with its window if that is another one."""
    foreign: dict[TaskId, tuple[Task, str]] = {}
    for entry in ledger.values():
        task = read_task(entry.record) if entry.owner != window.window_id else None
        if task is None:
            continue
        own = window.tasks.get(task.task_id)
        if own is None or own.state is State.ADOPTED:
            foreign[task.task_id] = task, entry.owner
    for task_id, task in window.tasks.items():
        if task_id not in foreign and is_datable(task):
            yield task, ""
    yield from foreign.values()


def _latest(lives: Iterable[Life], lifelines: Lifelines, now: float) -> float:
    """Return now if anything is current; else when the latest task ended, if there was one."""
    pieces = (piece for url in lifelines.servers() for piece in line_of(lifelines.of(url), now))
    is_dialled = any(each.kind != "open" and now - each.end < RECENT for each in pieces)
    ended = max((life.end for life in lives), default=now)
    return now if is_dialled or now - ended < RECENT else ended


def _fitting(lives: Iterable[Life], until: float) -> float:
    """Return the shortest stretch that shows all current tasks whole, or else the longest."""
    reach = max((until - life.start for life in lives if until - life.end < RECENT), default=RECENT)
    return next((each for each in SPANS_TO_FIT if each >= reach), SPANS_TO_FIT[-1])


class _Drawing:
    """Turns seconds into fractions of a picture."""

    def __init__(self, since: float, until: float, now: float) -> None:
        self.since = since
        self._until = until
        self._now = now

    def lane(self, window: Window, key: str, lives: list[Life], line: tuple[Stroke, ...]) -> Lane:
        url = ServerUrl(key)
        server = window.servers.get(url)
        phase = ""
        if server is not None:
            connection = server.connection
            phase = "blocked" if connection.is_blocked else connection.phase.value
        name = server.name if server else "" if key in ("here", "elsewhere") else short_name(url)
        bars = [self._bar(life) for life in lives]
        shown = placed(bars)
        rows = 1 + max((bar.row for bar in shown), default=0)
        return Lane(key, name, phase, rows, shown, line, len(bars) - len(shown))

    def strokes(self, url: ServerUrl, lifelines: Lifelines) -> tuple[Stroke, ...]:
        """Draw those pieces of a socket's line that are in the picture."""
        strokes = []
        for piece in line_of(lifelines.of(url), self._now):
            if piece.end < self.since or piece.start > self._until:
                continue
            start, end = self._part(piece.start), self._part(piece.end)
            if piece.kind == "gap":
                # It grows to the left, over the piece that was drawn before it.
                end = max(end, MIN_WIDTH)
                start = min(start, end - MIN_WIDTH)
            strokes.append(Stroke(f"{url} {piece.start}", piece.kind, start, end, piece.detail))
        return tuple(strokes)

    def ticks(self) -> tuple[tuple[float, float], ...]:
        seconds = self._until - self.since
        step = next((each for each in TICK_STEPS if seconds / each <= MAX_TICKS), TICK_STEPS[-1])
        first = self.since - self.since % step + step
        times = [first + step * number for number in range(int((self._until - first) // step) + 1)]
        return tuple((self._part(at), at) for at in times)

    def _bar(self, life: Life) -> Bar:
        task = life.task
        start, end = self._part(life.start), self._part(life.end)
        # A brief task at either edge is drawn inside the picture.
        start = min(start, 1 - MIN_WIDTH)
        end = min(1.0, max(end, start + MIN_WIDTH))
        length = max(life.end, self.since) - max(life.start, self.since)
        cuts = [*(at for _, at in life.stages), life.end]
        parts = []
        for (stage, at), until in zip(life.stages, cuts[1:], strict=True):
            first, last = (
                (max(each, self.since) - max(life.start, self.since)) / length if length else 0.0
                for each in (at, until)
            )
            if last > first:
                parts.append(StagePart(stage, max(0.0, first), min(1.0, last)))
        stages = tuple(parts) or (StagePart(life.stages[-1][0], 0.0, 1.0),)
        facts = tuple(details(life, self._now))
        return Bar(task.task_id, 0, start, end, stages, task.state, life.ink, task.title, facts)

    def _part(self, at: float) -> float:
        return min(1.0, max(0.0, (at - self.since) / (self._until - self.since)))


def life_of(task: Task, now: float, owner: str = "") -> Life:
    """Return a task's life until now.

    At a server it begins when the task was bound: `details` say how long it had waited before.
    """
    end = now
    if task.is_ended:
        known = (task.accepted_at, task.bound_at, task.posted_at, task.started_at)
        end = min(now, task.ended_at or max(known))
    if task.server is None:
        began = [("waiting", task.accepted_at)]
    else:
        began = [("way", task.bound_at or task.accepted_at)]
        began += [
            (stage, at)
            for stage, at in (("queued", task.posted_at), ("running", task.started_at))
            if at
        ]
    # The clock may have been put back between two pages of the window.
    latest = min(began[0][1], end)
    stages = []
    for stage, at in began:
        latest = min(max(latest, at), end)
        stages.append((stage, latest))
    return Life(task, owner, end, tuple(stages))


def is_datable(task: Task) -> bool:
    """Say whether it is known when a task ran, unlike that of one collected after its end."""
    return bool(task.digest) or not task.is_ended


def details(life: Life, now: float) -> Iterator[Sentence]:
    """Yield what there is to say of a task beside its title, its server and its state."""
    task = life.task
    if task.is_ended:
        yield "lanes.ended", {"at": life.end, "ago": now - life.end}
        if task.ended_by:
            yield f"lanes.by.{task.ended_by}", {}
    else:
        since = life.stages[-1][1]
        yield "lanes.since", {"at": since, "lasting": now - since}
    if task.state is State.RUNNING and not life.owner:
        yield "lanes.progress", {"percent": f"{task.progress.overall * 100:.0f}"}
    cuts = [("waiting", task.accepted_at)] if task.server is not None else []
    cuts += [*life.stages, ("", life.end)]
    if not task.is_ended:
        cuts.pop()  # `lanes.since` has said how long the latest stage has lasted
    for (stage, at), (_, end) in pairwise(cuts):
        if end - at >= MIN_STAGE:
            yield f"lanes.took.{stage}", {"lasting": end - at}
    if life.ink == "foreign":
        yield "lanes.ink.foreign", {"window": life.owner}
    elif life.ink == "adopted":
        yield "lanes.ink.adopted", {}
    trouble = task.trouble or task.note
    if trouble is not None:
        facts: dict[str, str | float] = {**dict(trouble.facts)}
        yield f"trouble.{trouble.code}", facts
    yield "lanes.prompt", {"id": task.prompt_id}


def placed(bars: Iterable[Bar]) -> tuple[Bar, ...]:
    """Give each bar, in order of time, the first row with room for it.

    With too few rows the running tasks come first, then the unfinished ones: people look for them.
    """
    ordered = sorted(bars, key=lambda bar: bar.start)
    found = _in_rows(ordered)
    if len(found) < len(ordered):
        found = _in_rows(sorted(ordered, key=_urgency))
    return tuple(sorted(found, key=lambda bar: (bar.start, bar.row)))


def _urgency(bar: Bar) -> int:
    return 0 if bar.state is State.RUNNING else 2 if bar.state in ENDED else 1


def _in_rows(bars: Iterable[Bar]) -> list[Bar]:
    rows: list[list[tuple[float, float]]] = []
    found = []
    for bar in bars:
        for number in range(MAX_ROWS):
            if number == len(rows):
                rows.append([])
            row, span = rows[number], (bar.start, bar.end)
            place = bisect_left(row, span)
            is_free = (place == 0 or row[place - 1][1] <= bar.start) and (
                place == len(row) or row[place][0] >= bar.end
            )
            if is_free:
                row.insert(place, span)
                found.append(bar._replace(row=number))
                break
    return found
