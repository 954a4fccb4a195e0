"""Spans of time in words."""

from app.ui.words import Words


def spoken(words: Words, seconds: float) -> str:
    """Say a span as a person would: 0.4 is "less than 1 s", 75 is "1 min 15 s"."""
    if seconds < 1:
        return words.say("time.moment")
    whole = round(seconds)
    if whole < 60:
        return words.say("time.seconds", seconds=whole)
    minutes, rest = divmod(whole, 60)
    if minutes < 10 and rest:
        return words.say("time.minutes_seconds", minutes=minutes, seconds=rest)
    if minutes < 60:
        return words.say("time.minutes", minutes=minutes)
    return words.say("time.hours", hours=minutes // 60, minutes=minutes % 60)
