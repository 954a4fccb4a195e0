"""Tells the other windows of this browser what ours waits for and has, and hears their news."""

from itertools import islice

from tether.core.commands import Broadcast, Command, Commands, StartTimer
from tether.core.model.window import Window
from tether.core.scheduling.estimates import IN_TRANSIT, Estimates
from tether.core.windows.peers import (
    TOLD,
    PeerLoad,
    PeerReport,
    WaitingTask,
    read_report,
    write_report,
)

RENEWED = 8.0
"""Seconds after which the same is told again: news grow old, and one may be lost."""

NEWS_TIMER = ("news",)


class Exchange:
    """A window that is alone says nothing but once at its start."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._told: object = None

    def changed(self, now: float) -> Commands:
        """Tell our news if somebody may hear them, and they differ from those told last."""
        if not self._window.peers.known:
            return ()
        news = self._news(now)
        return self._tell(news) if _gist(news) != self._told else ()

    def tell(self, now: float) -> Commands:
        """Tell our news, now and once in a while as long as there are any."""
        return self._tell(self._news(now))

    def _tell(self, news: PeerReport) -> Commands:
        self._told = _gist(news)
        commands: list[Command] = [Broadcast(write_report(self._window.window_id, news))]
        if news.waiting or news.shares:
            commands.append(StartTimer(NEWS_TIMER, RENEWED))
        return tuple(commands)

    def heard(self, text: str, now: float) -> Commands:
        """Another page has said something; who has just come hears our news."""
        window = self._window
        read = read_report(text, now)
        if read is None or read[0] == window.window_id:
            return ()
        window_id, news = read
        is_new = news is not None and window_id not in window.peers.known
        is_learned = window.statistics.hear(window_id, news.timings if news is not None else ())
        rest = news._replace(timings=()) if news is not None else None
        if window.peers.told(window_id, rest) or is_learned:
            window.is_fill_due |= bool(window.waiting)
        return self.tell(now) if is_new else ()

    def _news(self, now: float) -> PeerReport:
        window = self._window
        estimates = Estimates(window, window.statistics.durations, now)
        shares = {}
        for url in window.servers:
            ours = window.bound_to(url)
            if ours:
                coming = sum(task.state in IN_TRANSIT for task in ours)
                shares[url] = PeerLoad(coming, len(ours) - coming, *estimates.own_rest(url))
        waiting = (
            WaitingTask(task.accepted_at, task.task_id, task.pinned, task.workload)
            for task in islice(window.waiting.values(), TOLD)
        )
        latest, is_hidden = window.statistics.latest, window.is_hidden
        return PeerReport(now, tuple(waiting), shares, window.served_at, latest, is_hidden)


def _gist(news: PeerReport) -> object:
    """Return what is worth telling at once, in little room: of timings it is the latest."""
    return news.gist, next((each.task_id for each in reversed(news.timings)), None)
