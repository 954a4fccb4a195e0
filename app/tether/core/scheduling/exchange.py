"""Tells the other windows of this browser what ours waits for and has, and hears their news."""

from itertools import islice

from tether.core.commands import Command, Commands, StartTimer, Tell
from tether.core.model.window import Window
from tether.core.scheduling.estimates import ON_THEIR_WAY, Outlook
from tether.core.windows.news import TOLD, News, Share, Ticket, read_news, write_news

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
        if not self._window.neighbours.known:
            return ()
        news = self._news(now)
        return self._tell(news) if _gist(news) != self._told else ()

    def tell(self, now: float) -> Commands:
        """Tell our news, now and once in a while as long as there are any."""
        return self._tell(self._news(now))

    def _tell(self, news: News) -> Commands:
        self._told = _gist(news)
        commands: list[Command] = [Tell(write_news(self._window.window_id, news))]
        if news.waiting or news.shares:
            commands.append(StartTimer(NEWS_TIMER, RENEWED))
        return tuple(commands)

    def heard(self, text: str, now: float) -> Commands:
        """Another page has said something; who has just come hears our news."""
        window = self._window
        read = read_news(text, now)
        if read is None or read[0] == window.window_id:
            return ()
        window_id, news = read
        is_new = news is not None and window_id not in window.neighbours.known
        is_learned = window.lessons.hear(window_id, news.timings if news is not None else ())
        rest = news._replace(timings=()) if news is not None else None
        if window.neighbours.told(window_id, rest) or is_learned:
            window.is_fill_due |= bool(window.waiting)
        return self.tell(now) if is_new else ()

    def _news(self, now: float) -> News:
        window = self._window
        outlook = Outlook(window, window.lessons.paces, now)
        shares = {}
        for url in window.servers:
            ours = window.bound_to(url)
            if ours:
                coming = sum(task.state in ON_THEIR_WAY for task in ours)
                shares[url] = Share(coming, len(ours) - coming, *outlook.own_rest(url))
        waiting = (
            Ticket(task.accepted_at, task.task_id, task.pinned, task.shape)
            for task in islice(window.waiting.values(), TOLD)
        )
        latest, is_hidden = window.lessons.latest, window.is_hidden
        return News(now, tuple(waiting), shares, window.served_at, latest, is_hidden)


def _gist(news: News) -> object:
    """Return what is worth telling at once, in little room: of timings it is the latest."""
    return news.gist, next((each.task_id for each in reversed(news.timings)), None)
