"""Tells other windows what this one waits for and has, and receives their reports."""

from itertools import islice

from tether.core.commands import Broadcast, Command, Commands, StartTimer
from tether.core.model.task import IN_TRANSIT
from tether.core.model.window import Window
from tether.core.scheduling.estimates import Estimates
from tether.core.timers import ReportTimer
from tether.core.windows.peers import (
    WAITING_SENT,
    PeerLoad,
    PeerReport,
    WaitingTask,
    read_report,
    write_report,
)

REPORT_EVERY = 8.0
"""Seconds after which the same is reported again: reports expire, and one may be lost."""


class Exchange:
    """Sends one report at the start, and more only while other windows are known."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._sent: object = None

    def update(self, now: float) -> Commands:
        """Report if another window may receive it, and something has changed."""
        if not self._window.peers.known:
            return ()
        report = self._report(now)
        return self._send(report) if _gist(report) != self._sent else ()

    def send(self, now: float) -> Commands:
        """Report now, and again once in a while as long as there is something to report."""
        return self._send(self._report(now))

    def _send(self, report: PeerReport) -> Commands:
        self._sent = _gist(report)
        commands: list[Command] = [Broadcast(write_report(self._window.window_id, report))]
        if report.waiting or report.loads:
            commands.append(StartTimer(ReportTimer(), REPORT_EVERY))
        return tuple(commands)

    def received(self, text: str, now: float) -> Commands:
        """Take in what another page sent; answer a window that has just opened."""
        window = self._window
        read = read_report(text, now)
        if read is None or read[0] == window.window_id:
            return ()
        window_id, report = read
        is_new = report is not None and window_id not in window.peers.known
        timings = report.timings if report is not None else ()
        is_learned = window.statistics.receive(window_id, timings)
        kept = report._replace(timings=()) if report is not None else None
        if window.peers.receive(window_id, kept) or is_learned:
            window.pending.is_fill_due |= bool(window.waiting)
        return self.send(now) if is_new else ()

    def _report(self, now: float) -> PeerReport:
        window = self._window
        estimates = Estimates(window, window.statistics.durations, now)
        loads = {}
        for url in window.servers:
            tasks = window.bound_to(url)
            if tasks:
                coming = sum(task.state in IN_TRANSIT for task in tasks)
                loads[url] = PeerLoad(coming, len(tasks) - coming, *estimates.own_backlog(url))
        waiting = (
            WaitingTask(task.accepted_at, task.task_id, task.pinned, task.workload, task.turn)
            for task in islice(window.waiting.values(), 0 if window.is_paused else WAITING_SENT)
        )
        more = 0 if window.is_paused else max(0, len(window.waiting) - WAITING_SENT)
        latest, is_hidden = window.statistics.latest, window.is_hidden
        return PeerReport(now, tuple(waiting), loads, window.served_at, latest, is_hidden, more)


def _gist(report: PeerReport) -> object:
    """Return what is worth reporting at once; the latest timing stands for all."""
    return report.gist, next((each.task_id for each in reversed(report.timings)), None)
