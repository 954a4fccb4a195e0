"""Which page a window id belongs to, when a duplicated tab has copied it.

A page claims its window id before it opens a socket or sends anything. Where the claim is taken,
it asks over a channel: a page that is alive answers, one that crashed or sleeps doesn't.
"""

import json
from enum import Enum

from tether.core.ids import WindowId
from tether.core.protocol.outputs import is_time, read_json

TOKEN_RECORD = "claim"
"""The key of the last holder's token among a window's records."""

CLAIM_TIMEOUT = 1.0
"""Seconds within which a page that is alive answers."""

CLAIM_RENEWAL = 3600.0
"""Seconds between two signs of life in a claim that is kept in storage."""

CLAIM_LIFETIME = 24 * 3600.0
"""Seconds without a sign of life after which such a claim has expired."""

ADOPTER_PREFIX = "~"
"""The start of an adopter's token: no token of the window's own pages is as great, and of two that
ask at once the greater one gives way."""


class Standing(Enum):
    """Whether a page holds its window id."""

    OPEN = "open"
    ASKING = "asking"
    HELD = "held"
    LOST = "lost"


class Claim:
    """One page's claim to a window id; what its methods return is to be sent on the channel.

    The token is random, and this page's own: copies of a page have the same window id.
    """

    def __init__(self, window_id: WindowId, token: str) -> None:
        self.window_id = window_id
        self.token = token
        self.standing = Standing.OPEN

    def found(self, is_free: bool) -> str | None:
        """Take a claim that is free; else ask whether its holder is alive."""
        self.standing = Standing.HELD if is_free else Standing.ASKING
        return None if is_free else self._say("whose")

    def taken(self) -> str:
        """Tell a copy that still asks, which the holder before could not answer."""
        return self._say("taken")

    def waited(self) -> str | None:
        """Nobody answered in time: hold the claim, and tell a holder that slept."""
        if self.standing is not Standing.ASKING:
            return None
        self.standing = Standing.HELD
        return self.taken()

    def left(self) -> str:
        """The page sleeps, or closes: another may take the claim."""
        self.standing = Standing.OPEN
        return self._say("left")

    def received(self, text: str) -> str | None:
        """Take in what another page sent, which may be anything."""
        match read_json(text):
            case {"window": self.window_id, "token": str(token), "says": str(says)}:
                return self._answer(token, says)
        return None

    def _answer(self, token: str, says: str) -> str | None:
        match self.standing, says:
            case Standing.HELD, "whose":
                return self._say("mine")
            # Not "mine": of three that ask at once, that would turn away the holder before, too.
            case Standing.ASKING, "whose" if self.token < token:
                return self._say("whose")
            # Of two that ask at once, both must come to the same result.
            case (Standing.ASKING, "whose" | "mine") | (Standing.ASKING | Standing.HELD, "taken"):
                self.standing = Standing.LOST
        return None

    def _say(self, what: str) -> str:
        return json.dumps({"window": self.window_id, "token": self.token, "says": what})


def closing_window(text: str) -> WindowId | None:
    """Return the window that says that it sleeps or closes; None for any other text."""
    match read_json(text):
        case {"window": str(window_id), "says": "left"}:
            return WindowId(window_id)
    return None


def write_sign(token: str, now: float) -> str:
    """Write a sign of life, for a claim that is kept in storage."""
    return json.dumps({"token": token, "at": now})


def holder_of(sign: str | None, now: float, lifetime: float = CLAIM_LIFETIME) -> str | None:
    """Return the token in a claim that is kept in storage; None when `sign` has expired."""
    match read_json(sign or ""):
        case {"token": str(token), "at": at} if is_time(at) and at > now - lifetime:
            return token
    return None
