"""What the other windows of this browser wait for, and have on servers: their latest news.

Windows tell each other, so that they don't meet at one server, and take turns. Nothing hangs on
it: news may be lost, late or old, and then a choice is as good as among strangers.

How long one task ran on its server: what is learned from it, and told to other windows.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tether.core.ids import ServerUrl, TaskId, WindowId
from tether.core.protocol.outputs import is_time, parse_json

SHORTEST = 0.001
"""Seconds: servers stamp milliseconds. Source: ComfyUI 0.28.1, measured: whole milliseconds."""


class Timing(NamedTuple):
    """A task that was completed; `seconds` by its server's clock, `ended_at` by the page's."""

    ended_at: float
    task_id: TaskId
    server: ServerUrl
    workload: str
    seconds: float


def read_timing(item: Any) -> Timing | None:
    """Read what another page told of a task; None for anything else."""
    match item:
        case [ended_at, str(task_id), str(server), str(workload), seconds] if (
            is_time(ended_at) and is_time(seconds) and seconds >= SHORTEST
        ):
            return Timing(ended_at, TaskId(task_id), ServerUrl(server), workload, seconds)
    return None


RECENT = 20.0
"""Seconds after which news are old: a page that sleeps or has crashed tells none."""

PATIENCE = 1.0
"""Seconds for which a place is left to another window whose turn it is."""

TOLD = 8
"""Tasks that a window tells of, the first to go: more places don't come free at a time."""


MOST_TIMINGS = 10
"""Timings that are read of one window's news: pages of other versions may tell of more."""


class BroadcastReceived(NamedTuple):
    """Another page of this browser has said something, to whomever: an event."""

    text: str


class WaitingTask(NamedTuple):
    """A task that waits in its window; `at` is when it was accepted, by that page's clock."""

    at: float
    task_id: TaskId
    pinned: ServerUrl | None
    workload: str


class PeerLoad(NamedTuple):
    """What windows have at a server: tasks on their way there, and tasks that it has.

    `rest` is the seconds that they will still take, `doubt` how well that is known; None for
    not at all.
    """

    coming: int = 0
    arrived: int = 0
    rest: float = 0.0
    doubt: float | None = 0.0


class PeerReport(NamedTuple):
    """What one window told; `at` is when it was heard, by our own clock.

    `served_at` is when a task of its got a place last, by its clock; `timings` are of its latest
    tasks; `is_hidden` says that nobody sees it.
    """

    at: float
    waiting: tuple[WaitingTask, ...]
    shares: Mapping[ServerUrl, PeerLoad]
    served_at: float = 0.0
    timings: tuple[Timing, ...] = ()
    is_hidden: bool = False

    @property
    def gist(self) -> object:
        """What is worth telling at once: the seconds change all the time."""
        counts = {url: (share.coming, share.arrived) for url, share in self.shares.items()}
        return [ticket.task_id for ticket in self.waiting], counts, self.is_hidden

    @property
    def bound(self) -> int:
        """Count the tasks that have a place."""
        return sum(share.coming + share.arrived for share in self.shares.values())


_NONE = PeerReport(0.0, (), {})


class Peers:
    """Keeps the latest news of each window, while they are recent."""

    def __init__(self) -> None:
        self.known: set[WindowId] = set()
        """The windows that were heard, until they go."""
        self._news: dict[WindowId, PeerReport] = {}
        self._left_to: dict[tuple[TaskId, ServerUrl], float] = {}
        """Tasks that a place was left to, and where -> since when."""

    def told(self, window_id: WindowId, news: PeerReport | None) -> bool:
        """A window told its news; None when it goes. Say whether more than seconds have changed."""
        before = self._news.get(window_id)
        self.known.add(window_id)
        if news is None:
            self.known.discard(window_id)
        self._news.pop(window_id, None)
        if news is not None and (news.waiting or news.shares):
            self._news = {
                each: old for each, old in self._news.items() if news.at - old.at < RECENT
            }
            self._news[window_id] = news
        waiting = {ticket.task_id for each in self._news.values() for ticket in each.waiting}
        taken = news.shares if news is not None else ()
        self._left_to = {
            (task_id, url): at
            for (task_id, url), at in self._left_to.items()
            if task_id in waiting and url not in taken
        }
        return (before or _NONE).gist != (news or _NONE).gist

    def share(self, url: ServerUrl, now: float) -> PeerLoad:
        """Return what all other windows have at a server."""
        found = [(news.shares[url], news.at) for news in self._recent(now) if url in news.shares]
        if not found:
            return PeerLoad()
        doubts = [share.doubt for share, _ in found]
        return PeerLoad(
            sum(share.coming for share, _ in found),
            sum(share.arrived for share, _ in found),
            sum(max(0.0, share.rest - (now - at)) for share, at in found),
            None if None in doubts else sum(each or 0.0 for each in doubts),
        )

    def waiting(self, now: float) -> Iterator[tuple[int, float, tuple[WaitingTask, ...]]]:
        """Yield for each window how many places it has, since when, and who waits there."""
        return ((news.bound, news.served_at, news.waiting) for news in self._recent(now))

    def is_crowded(self, now: float) -> bool:
        """Say whether tasks wait in a window that nobody sees: it can't send them just in time."""
        return any(news.is_hidden and news.waiting for news in self._recent(now))

    def leave_to(self, ticket: WaitingTask, url: ServerUrl, now: float) -> bool:
        """Leave a place to a task of another window; False once it had its time to take it."""
        return now < self._left_to.setdefault((ticket.task_id, url), now) + PATIENCE

    def look_again_at(self, now: float) -> list[float]:
        """Return when places that were left to others are anybody's, and when news grow old."""
        left = [at + PATIENCE for at in self._left_to.values() if at + PATIENCE > now]
        return [*left, *(news.at + RECENT for news in self._recent(now))]

    def _recent(self, now: float) -> Iterable[PeerReport]:
        return (news for news in self._news.values() if now - RECENT < news.at <= now)


def write_report(window_id: WindowId, news: PeerReport) -> str:
    """Write what a window has to tell."""
    return json.dumps(
        {
            "window": window_id,
            "says": "news",
            "waiting": news.waiting,
            "shares": news.shares,
            "served": news.served_at,
            "timings": news.timings,
            "hidden": news.is_hidden,
        }
    )


def read_report(text: str, now: float) -> tuple[WindowId, PeerReport | None] | None:
    """Read what a window told, or that it goes; None for anything else that pages say."""
    try:
        said = parse_json(text)
    except ValueError:
        return None
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
            tickets = tuple(_ticket(each) for each in waiting[:TOLD] if _is_ticket(each))
            known = {
                ServerUrl(url): PeerLoad(*each) for url, each in shares.items() if _is_share(each)
            }
            seen = tuple(filter(None, map(read_timing, timings[:MOST_TIMINGS])))
            is_hidden = said.get("hidden") is True
            return WindowId(window_id), PeerReport(now, tickets, known, served_at, seen, is_hidden)
    return None


def _is_ticket(item: Any) -> bool:
    match item:
        case [at, str(), None | str(), str()]:
            return is_time(at)
    return False


def _ticket(item: Any) -> WaitingTask:
    at, task_id, pinned, workload = item
    return WaitingTask(at, TaskId(task_id), ServerUrl(pinned) if pinned else None, workload)


def _is_share(item: Any) -> bool:
    match item:
        case [int(coming), int(arrived), rest, doubt]:
            is_known = is_time(rest) and (doubt is None or is_time(doubt))
            return is_known and coming >= 0 and arrived >= 0
    return False
