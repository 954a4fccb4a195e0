"""Who a window id belongs to, when a duplicated tab has copied it.

A page takes the claim of its window id before it opens a socket or sends anything. Where it
finds the claim taken it asks over a channel: a page that lives answers, what a crashed or
sleeping one has left behind doesn't.
"""

import json
from enum import Enum

from tether.core.ids import WindowId
from tether.core.protocol.outputs import is_time, parse_json

RECORD = "claim"
"""The key of the last holder's token among a window's records."""

PATIENCE = 1.0
"""Seconds in which a page that lives has answered."""

BEAT = 3600.0
"""Seconds between two signs of life in a claim that is kept in storage."""

STALE = 24 * 3600.0
"""Seconds without a sign of life after which such a claim is nobody's."""

_WHOSE, _MINE, _TAKEN, _LEFT = "whose", "mine", "taken", "left"

GREATEST = "~"
"""The start of a token that gives way to every page of the window itself."""


class Standing(Enum):
    """How a page stands to its window id."""

    OPEN = "open"
    ASKING = "asking"
    HELD = "held"
    LOST = "lost"


class Claim:
    """One page's claim to a window id; what its methods return is to be said on the channel.

    Args:
        window_id: The window id.
        token: Random, and this page's own: copies of a page have the same window id.
    """

    def __init__(self, window_id: WindowId, token: str) -> None:
        self.window_id = window_id
        self.token = token
        self.standing = Standing.OPEN

    def found(self, is_free: bool) -> str | None:
        """Take what is free; else ask whether its holder lives."""
        self.standing = Standing.HELD if is_free else Standing.ASKING
        return None if is_free else self._say(_WHOSE)

    def taken(self) -> str:
        """Tell a copy that still asks, and whom the page before us could not answer."""
        return self._say(_TAKEN)

    def waited(self) -> str | None:
        """Nobody answered in `PATIENCE`: it is ours, and a holder who slept is to know."""
        if self.standing is not Standing.ASKING:
            return None
        self.standing = Standing.HELD
        return self.taken()

    def left(self) -> str:
        """The page sleeps, or is gone: who comes now may take the claim."""
        self.standing = Standing.OPEN
        return self._say(_LEFT)

    def heard(self, text: str) -> str | None:
        """Take in what another page says, which may be anything."""
        try:
            said = parse_json(text)
        except ValueError:
            return None
        match said:
            case {"window": self.window_id, "token": str(token), "says": str(says)}:
                return self._heard(token, says)
        return None

    def _heard(self, token: str, says: str) -> str | None:
        match self.standing, says:
            case Standing.HELD, "whose":
                return self._say(_MINE)
            # Not "mine": of three that ask at once, that would turn away the one before us, too.
            case Standing.ASKING, "whose" if self.token < token:
                return self._say(_WHOSE)
            # Of two that ask at once, both must come to the same end.
            case (Standing.ASKING, "whose" | "mine") | (Standing.ASKING | Standing.HELD, "taken"):
                self.standing = Standing.LOST
        return None

    def _say(self, what: str) -> str:
        return json.dumps({"window": self.window_id, "token": self.token, "says": what})


def leaver(text: str) -> WindowId | None:
    """Return the window that says it sleeps or is gone; None for anything else said."""
    try:
        said = parse_json(text)
    except ValueError:
        return None
    match said:
        case {"window": str(window_id), "says": "left"}:
            return WindowId(window_id)
    return None


def write_sign(token: str, now: float) -> str:
    """Write a sign of life, for a claim that is kept in storage."""
    return json.dumps({"token": token, "at": now})


def holder_of(sign: str | None, now: float, stale: float = STALE) -> str | None:
    """Return the token in a claim that is kept in storage; None when it is nobody's.

    Args:
        sign: Its last sign of life.
        now: The time.
        stale: Seconds after which that is none any more.
    """
    try:
        read = parse_json(sign or "")
    except ValueError:
        return None
    match read:
        case {"token": str(token), "at": at} if is_time(at) and at > now - stale:
            return token
    return None
