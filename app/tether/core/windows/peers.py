"""What the other windows of this browser wait for and have on servers, by their latest reports.

The windows take turns, so that they don't all choose one server. Reports may be lost, late or
outdated: then a choice is as good as among strangers.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tether.core.ids import ServerUrl, TaskId, WindowId
from tether.core.protocol.outputs import is_time, read_json

SHORTEST_RUN = 0.001
"""Seconds: servers stamp milliseconds. Source: ComfyUI 0.28.1, measured: whole milliseconds."""


class Timing(NamedTuple):
    """A completed task; `seconds` by its server's clock, `ended_at` by the page's."""

    ended_at: float
    task_id: TaskId
    server: ServerUrl
    workload: str
    seconds: float


def read_timing(item: Any) -> Timing | None:
    """Read a timing of another page; None for anything else."""
    match item:
        case [ended_at, str(task_id), str(server), str(workload), seconds] if (
            is_time(ended_at) and is_time(seconds) and seconds >= SHORTEST_RUN
        ):
            return Timing(ended_at, TaskId(task_id), ServerUrl(server), workload, seconds)
    return None


REPORT_LIFETIME = 20.0
"""Seconds after which a report has expired: a page that sleeps or has crashed sends none."""

PLACE_LEFT_FOR = 1.0
"""Seconds for which a place is left to another window whose turn it is."""

WAITING_SENT = 8
"""First waiting tasks that a window reports: more places don't come free at a time."""

MOST_BEHIND = 100
"""Tasks behind those that are counted of one report: more of them change nothing but a number."""

MOST_TIMINGS = 10
"""Timings that are read of one report: pages of other versions may send more."""


class BroadcastReceived(NamedTuple):
    """An event: another page of this browser has sent a text to all."""

    text: str


class WaitingTask(NamedTuple):
    """A task that waits in its window; `at` is when it was accepted, by that page's clock.

    Its `turn` is its place there, as that of a task.
    """

    at: float
    task_id: TaskId
    pinned: ServerUrl | None
    workload: str
    turn: float


class PeerLoad(NamedTuple):
    """What windows have at a server: tasks on their way there, and tasks that it has.

    `backlog` is the seconds that they will still take, `doubt` the uncertainty of that in seconds;
    None where unknown.
    """

    coming: int = 0
    arrived: int = 0
    backlog: float = 0.0
    doubt: float | None = 0.0


class PeerReport(NamedTuple):
    """The state of one window; `at` is when it was received, by this page's clock.

    `waiting` has the first ones, and `more` is how many wait behind them. `served_at` is when a
    task of its last got a place, by its clock; `timings` are of its latest tasks.
    """

    at: float
    waiting: tuple[WaitingTask, ...]
    loads: Mapping[ServerUrl, PeerLoad]
    served_at: float = 0.0
    timings: tuple[Timing, ...] = ()
    is_hidden: bool = False
    more: int = 0

    @property
    def gist(self) -> object:
        """What is worth reporting at once: seconds change all the time."""
        counts = {url: (load.coming, load.arrived) for url, load in self.loads.items()}
        turns = [(ticket.task_id, ticket.turn) for ticket in self.waiting]
        return turns, counts, self.is_hidden

    @property
    def bound(self) -> int:
        """Count the tasks that have a place."""
        return sum(load.coming + load.arrived for load in self.loads.values())


_NONE = PeerReport(0.0, (), {})


class Peers:
    """Keeps the latest report of each window until it expires."""

    def __init__(self) -> None:
        self.known: set[WindowId] = set()
        """The windows that have reported, until they close."""
        self._reports: dict[WindowId, PeerReport] = {}
        self._left_to: dict[tuple[TaskId, ServerUrl], float] = {}
        """Tasks that a place was left to, and where -> since when."""

    def receive(self, window_id: WindowId, report: PeerReport | None) -> bool:
        """Take in a report, or (None) that a window closes; return whether the gist changed."""
        before = self._reports.get(window_id)
        self._reports.pop(window_id, None)
        if report is None:
            self.known.discard(window_id)
        else:
            self.known.add(window_id)
            if report.waiting or report.loads:
                self._reports = {
                    each: old
                    for each, old in self._reports.items()
                    if report.at - old.at < REPORT_LIFETIME
                }
                self._reports[window_id] = report
        waiting = {ticket.task_id for each in self._reports.values() for ticket in each.waiting}
        taken = report.loads if report is not None else ()
        self._left_to = {
            (task_id, url): at
            for (task_id, url), at in self._left_to.items()
            if task_id in waiting and url not in taken
        }
        return (before or _NONE).gist != (report or _NONE).gist

    def load(self, url: ServerUrl, now: float) -> PeerLoad:
        """Return what all other windows together have at a server."""
        found = [
            (report.loads[url], report.at) for report in self._recent(now) if url in report.loads
        ]
        if not found:
            return PeerLoad()
        doubts = [load.doubt for load, _ in found]
        return PeerLoad(
            sum(load.coming for load, _ in found),
            sum(load.arrived for load, _ in found),
            sum(max(0.0, load.backlog - (now - at)) for load, at in found),
            None if None in doubts else sum(each or 0.0 for each in doubts),
        )

    def waiting(self, now: float) -> Iterator[tuple[int, float, tuple[WaitingTask, ...]]]:
        """Yield for each window how many places it has, since when, and its first waiting tasks."""
        return ((report.bound, report.served_at, report.waiting) for report in self._recent(now))

    def lines(self, now: float) -> Iterator[tuple[int, float, list[WaitingTask]]]:
        """Yield what `waiting` does, with all of each window's: the last ones are but counted."""
        for report in self._recent(now):
            behind = [each._replace(pinned=None) for each in report.waiting[-1:]] * report.more
            yield report.bound, report.served_at, [*report.waiting, *behind]

    def is_crowded(self, now: float) -> bool:
        """Say whether tasks wait in a hidden window: its timers are late."""
        return any(report.is_hidden and report.waiting for report in self._recent(now))

    def leave_to(self, ticket: WaitingTask, url: ServerUrl, now: float) -> bool:
        """Leave a place to a task of another window; False once it had its time to take it."""
        return now < self._left_to.setdefault((ticket.task_id, url), now) + PLACE_LEFT_FOR

    def next_at(self, now: float) -> list[float]:
        """Return when places that were left to others are free again, and when reports expire."""
        left = [at + PLACE_LEFT_FOR for at in self._left_to.values() if at + PLACE_LEFT_FOR > now]
        return [*left, *(report.at + REPORT_LIFETIME for report in self._recent(now))]

    def _recent(self, now: float) -> Iterable[PeerReport]:
        return (
            report for report in self._reports.values() if now - REPORT_LIFETIME < report.at <= now
        )


def write_report(window_id: WindowId, report: PeerReport) -> str:
    """Write a report."""
    return json.dumps(
        {
            "window": window_id,
            "says": "news",
            "waiting": report.waiting,
            "shares": report.loads,
            "served": report.served_at,
            "timings": report.timings,
            "hidden": report.is_hidden,
            "more": report.more,
        }
    )


def read_report(text: str, now: float) -> tuple[WindowId, PeerReport | None] | None:
    """Read a report, or (None) that a window closes; return None for any other text."""
    said = read_json(text)
    match said:
        case {"window": str(window_id), "says": "left"}:
            return WindowId(window_id), None
        case {
            "window": str(window_id),
            "says": "news",
            "waiting": list(waiting),
            "shares": dict(shares),
            "served": served_at,
            "timings": list(timings),
        } if is_time(served_at):
            tickets = tuple(filter(None, map(_read_ticket, waiting[:WAITING_SENT])))
            known = {
                ServerUrl(url): PeerLoad(*each) for url, each in shares.items() if _is_load(each)
            }
            seen = tuple(filter(None, map(read_timing, timings[:MOST_TIMINGS])))
            is_hidden, more = said.get("hidden") is True, said.get("more")
            behind = min(more, MOST_BEHIND) if isinstance(more, int) and more > 0 else 0
            return WindowId(window_id), PeerReport(
                now, tickets, known, served_at, seen, is_hidden, behind
            )
    return None


def _read_ticket(item: Any) -> WaitingTask | None:
    match item:
        case [at, str(task_id), None | str() as pinned, str(workload), turn] if is_time(
            at
        ) and is_time(turn):
            url = ServerUrl(pinned) if pinned else None
            return WaitingTask(at, TaskId(task_id), url, workload, turn)
    return None


def _is_load(item: Any) -> bool:
    match item:
        case [int(coming), int(arrived), backlog, doubt]:
            is_known = is_time(backlog) and (doubt is None or is_time(doubt))
            return is_known and coming >= 0 and arrived >= 0
    return False
