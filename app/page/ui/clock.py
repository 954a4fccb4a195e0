"""Times, written alike all over the page."""

import js

from tether.browser.values import to_object

_DAY = 86_400.0


def clock(at: float, **parts: str) -> str:
    """Write a time (seconds since the epoch) as the visitor's language does, with 24 hours.

    `parts` are more than hours and minutes, as `Intl.DateTimeFormat` takes them.
    """
    wanted = to_object({"hour": "2-digit", "minute": "2-digit", "hourCycle": "h23", **parts})
    return str(js.Date.new(at * 1000).toLocaleTimeString(js.document.documentElement.lang, wanted))


def moment(at: float) -> str:
    """Write a time with its seconds, or with its date if it is not of today."""
    then = js.Date.new(at * 1000)
    if js.Date.now() / 1000 - at < _DAY and then.getDate() == js.Date.new().getDate():
        return clock(at, second="2-digit")
    date = then.toLocaleDateString(js.document.documentElement.lang, dateStyle="medium")
    return f"{date} {clock(at)}"


def day(at: float | None = None) -> str:
    """Return the day of a time, or today, by this device's calendar: 2026-11-29."""
    date = js.Date.new() if at is None else js.Date.new(at * 1000)
    local = js.Date.new(date.getTime() - date.getTimezoneOffset() * 60_000)
    return str(local.toISOString())[:10]
