"""Where the next task would go, in words."""

from collections.abc import Sequence
from typing import NamedTuple

from page.ui.words import Words
from tether.core.scheduling.forecast import Forecast, Prospect


class Crew(NamedTuple):
    """The servers that take tasks: how many, and in how many seconds they do one, all together.

    `seconds` is 0 where nobody knows yet how long tasks take; `ahead` tasks are done first.
    """

    servers: int
    seconds: float
    ahead: int = 0


NO_CREW = Crew(0, 0.0)

MOST_NAMED = 4
"""Servers in one sentence."""


def say_run(words: Words, tasks: int, crew: Crew) -> str:
    """Return what the button says: how many tasks, on how many servers, and how long it takes."""
    if tasks < 2:
        return words.say("compose.run")
    if crew.servers < 2:
        sentence = words.say("compose.run_many", tasks=tasks)
    else:
        sentence = words.say("compose.run_on", tasks=tasks, servers=min(tasks, crew.servers))
    if not crew.seconds:
        return sentence
    time = about(words, (crew.ahead + tasks) * crew.seconds)
    return words.say("compose.run_time", run=sentence, time=time)


def say_forecast(words: Words, forecast: Forecast) -> str:
    """Return one line: which server, and why that one; or what is missing."""
    if forecast.first:
        what = _first(words, forecast.first)
        if forecast.others:
            others = _joined(
                words, "and", [_placed(words, each, "other") for each in forecast.others]
            )
            what = words.say("compose.next.with", what=what, others=others)
        return words.say("compose.next.old" if forecast.is_old else "compose.next.now", what=what)
    if forecast.is_full:
        paused = [each.server.name for each in forecast.obstacles if each.why == "paused"]
        full = words.say("compose.next.full")
        if not paused:
            return full
        names = _joined(words, "and", paused)
        return words.say("compose.next.full_paused", full=full, servers=names)
    if not forecast.obstacles:
        return words.say("compose.next.no_server")
    obstacles = [
        words.say(
            "compose.next.obstacle",
            server=each.server.name,
            why=words.say(f"compose.next.why.{each.why}"),
        )
        for each in forecast.obstacles
    ]
    return words.say("compose.next.none", why=_joined(words, "and", obstacles))


def _first(words: Words, first: Sequence[Prospect]) -> str:
    if len(first) > 1:
        names = _joined(words, "or", [each.server.name for each in first])
        return words.say("compose.next.equal", servers=names)
    return _placed(words, first[0], "one")


def _placed(words: Words, prospect: Prospect, key: str) -> str:
    """Say when a task starts there and when it is done: a slow server may be free, and later."""
    name, expected = prospect.server.name, prospect.expected
    if expected is None:
        return words.say(f"compose.next.{key}", server=name, count=prospect.load)
    start, end = about(words, expected.starts), about(words, expected.ends)
    how = "timed" if expected.starts >= 1 else "free"
    return words.say(f"compose.next.{key}_{how}", server=name, start=start, end=end)


def about(words: Words, seconds: float) -> str:
    """Say a time as roughly as it is known."""
    if seconds < 10:
        return words.say("compose.next.seconds", count=max(1, round(seconds)))
    if seconds < 90:
        return words.say("compose.next.seconds", count=round(seconds / 5) * 5)
    if seconds < 5400:
        return words.say("compose.next.minutes", count=round(seconds / 60))
    return words.say("compose.next.hours", count=round(seconds / 3600))


def _joined(words: Words, key: str, parts: Sequence[str]) -> str:
    """Name a few; the rest of a fleet is counted."""
    named = len(parts) if len(parts) <= MOST_NAMED else MOST_NAMED - 1
    joined = parts[0]
    for part in parts[1:named]:
        joined = words.say(f"compose.next.{key}", left=joined, right=part)
    rest = len(parts) - named
    return words.say(f"compose.next.{key}_more", left=joined, count=rest) if rest else joined
