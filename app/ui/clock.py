"""Times of day, written alike all over the page."""

import js


def clock(at: float, **parts: str) -> str:
    """Write a time of day as the visitor's language does, with 24 hours.

    Args:
        at: Seconds since the epoch.
        **parts: More than hours and minutes, as `Intl.DateTimeFormat` takes it.
    """
    wanted = js.Object.new()
    for name, value in {
        "hour": "2-digit",
        "minute": "2-digit",
        "hourCycle": "h23",
        **parts,
    }.items():
        setattr(wanted, name, value)
    return str(js.Date.new(at * 1000).toLocaleTimeString(js.document.documentElement.lang, wanted))
