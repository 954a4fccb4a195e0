"""What there is to tell of a bar or a line, in the person's language."""

from app.core.lane_line import Said
from app.ui.clock import clock
from app.ui.words import Words


def sentence(words: Words, said: Said) -> str:
    """Say one thing; times and durations are written out."""
    key, facts = said
    told = {
        name: fact
        if isinstance(fact, str)
        else (clock(fact, second="2-digit") if name == "at" else length(words, fact))
        for name, fact in facts.items()
    }
    return words.say(key, **told)


def length(words: Words, seconds: float) -> str:
    """Write a duration, as exactly as anybody wants to know it."""
    if seconds < 10:
        return words.say("lanes.s", s=f"{seconds:.1f}")
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 1:
        return words.say("lanes.s", s=rest)
    if minutes < 60:
        return words.say("lanes.min", min=minutes, s=rest)
    return words.say("lanes.h", h=minutes // 60, min=minutes % 60)
