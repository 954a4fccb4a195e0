"""One WebSocket to one server, kept up while this window has live tasks there.

How long to wait before trying again.

How much one server may say: what it sends costs all other servers their turn.
"""

from enum import Enum

from tether.core.commands import CloseSocket, Commands, OpenSocket, SendFrame, StartTimer, StopTimer
from tether.core.ids import Chance, ClientId, ServerUrl
from tether.core.protocol.address import websocket_url

FIRST = 1.0
"""The ceiling of the first delay, in seconds; it doubles with every failure."""

LONGEST = 30.0
"""The ceiling of every delay, in seconds."""


class Backoff:
    """Exponential delays with full jitter: between nothing and a ceiling that doubles.

    Full jitter keeps windows that lost one server together from coming back together.
    """

    __slots__ = ("_chance", "failures")

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self.failures = 0

    def next(self) -> float:
        """Count a failure and return the seconds to wait."""
        ceiling = min(LONGEST, FIRST * 2.0 ** min(self.failures, 10))
        self.failures += 1
        return ceiling * self._chance.uniform()

    def reset(self) -> None:
        """It worked: the next failure is the first."""
        self.failures = 0


_FRAMES, _FRAMES_PER_SECOND = 30_000.0, 500.0
_CHARACTERS, _CHARACTERS_PER_SECOND = 32e6, 4e6


class Flood:
    """Two buckets that fill up with time, and that every frame empties a little."""

    __slots__ = ("_at", "_characters", "_frames")

    def __init__(self) -> None:
        self._at = 0.0
        self._frames = _FRAMES
        self._characters = _CHARACTERS

    def takes(self, length: int, now: float) -> bool:
        """Count a frame; False once there were too many, or too many characters."""
        passed = max(0.0, now - self._at)
        self._at = now
        self._frames = min(_FRAMES, self._frames + passed * _FRAMES_PER_SECOND) - 1
        characters = self._characters + passed * _CHARACTERS_PER_SECOND
        self._characters = min(_CHARACTERS, characters) - length
        return self._frames >= 0 and self._characters >= 0


GREETING_WITHIN = 10.0
"""Seconds from dialling to the server's first `status`; then the attempt is given up."""

CLOSING_WITHIN = 3.0
"""Seconds to wait for a socket's `close` before a new one may open.

Two sockets of one client id make the survivor deaf, so we wait; but not for ever.
Source: ComfyUI 0.28.1, measured; protocol section 5.
"""

HEARD_WITHIN = 2.0
"""Seconds in which a server that did something is heard of it on a socket that is well.

Every change of its queue is told to every socket.
Source: ComfyUI 0.28.1, measured; protocol sections 5 and 11.
"""

DEAF_AGAIN = 2
DEAF_FOR_GOOD = 3
"""How often a connection is found deaf before it is another client, and before we only poll."""

FLOOD_PAUSE = 60.0
"""Seconds in which a server that floods the page is only asked, not listened to."""

FEATURE_FLAGS = '{"type": "feature_flags", "data": {"supports_preview_metadata": true}}'
"""Said first on every connection: flags belong to the connection, not to the client id.

Source: ComfyUI 0.28.1, measured; protocol section 1.3.
"""


class Phase(Enum):
    """Where a connection stands."""

    IDLE = "idle"
    CONNECTING = "connecting"
    OPEN = "open"
    CLOSING = "closing"
    WAITING = "waiting"


class Connection:
    """Tell it what happened; it returns what to do.

    Sockets and timers carry the attempt that made them, so a replaced socket cannot speak
    for its successor. A connection never changes its server: it is one server's own.
    """

    __slots__ = (
        "_backoff",
        "_doubted_at",
        "_is_wanted",
        "attempt",
        "client_id",
        "deafness",
        "flood",
        "heard_at",
        "is_blocked",
        "is_flooding",
        "losses",
        "open_since",
        "phase",
        "server",
    )

    def __init__(self, server: ServerUrl, client_id: ClientId, chance: Chance) -> None:
        self.server = server
        self.client_id = client_id
        self.attempt = 0
        self.phase = Phase.IDLE
        self._is_wanted = False
        self._backoff = Backoff(chance)
        self.heard_at = 0.0
        """When the latest frame came, in seconds since the epoch."""
        self.open_since = 0.0
        """When this socket, or the last one, was greeted."""
        self._doubted_at = 0.0
        self.deafness = 0
        """How often it was found deaf since it proved that it hears."""
        self.losses = 0
        """How often it stood and was lost."""
        self.is_blocked = False
        """A task has waited in vain for it; the next ones don't wait, until it greets."""
        self.flood = Flood()
        self.is_flooding = False
        """It was closed because it says too much; until it greets again."""

    @property
    def failures(self) -> int:
        """Dials in a row that led to no greeting."""
        return self._backoff.failures

    @property
    def is_receiving(self) -> bool:
        """It stands, and was not found deaf for good."""
        return self.phase is Phase.OPEN and self.deafness < DEAF_FOR_GOOD

    def connect(self) -> Commands:
        """Be connected from now on; says nothing when that is under way."""
        self._is_wanted = True
        return self._dial() if self.phase is Phase.IDLE else ()

    def release(self) -> Commands:
        """Be connected no more."""
        self._is_wanted = False
        match self.phase:
            case Phase.CONNECTING | Phase.OPEN:
                return self._close()
            case Phase.WAITING:
                self.phase = Phase.IDLE
                return (StopTimer(self._timer()),)
        return ()

    def opened(self, attempt: int) -> Commands:
        """The socket is open: say our flags before anything else."""
        if attempt != self.attempt or self.phase is not Phase.CONNECTING:
            return ()
        return (SendFrame(self.server, attempt, FEATURE_FLAGS),)

    def greeted(self, attempt: int) -> Commands:
        """The server said its first `status`: it knows us now.

        Not on `open`: a server that accepts and drops must not reset our delays.
        """
        if attempt != self.attempt or self.phase is not Phase.CONNECTING:
            return ()
        self.phase = Phase.OPEN
        self.is_blocked = self.is_flooding = False
        self.open_since = self.heard_at
        self._backoff.reset()
        return (StopTimer(self._timer()),)

    def heard(self, now: float) -> None:
        """A frame came: the socket is not deaf."""
        self.heard_at = now
        self._doubted_at = 0.0

    def proved(self) -> None:
        """A frame came that is said to registered clients alone: not a reply, not a greeting."""
        self.deafness = 0

    def doubt(self, since: float, now: float) -> None:
        """HTTP shows that the server did something after `since`; was it heard?"""
        if self.heard_at < since and not self._doubted_at:
            self._doubted_at = now

    def redial_if_deaf(self, now: float) -> Commands:
        """Close a socket that stands open but is half-open or deaf; the next one follows.

        A server whose socket of another time dies late unregisters the client id, and says
        nothing more to it; a new socket is told everything again. Where that one is deaf too
        and one of another client id as well, there is only polling until something is heard.
        """
        if self.phase is not Phase.OPEN or not self._doubted_at:
            return ()
        if now - self._doubted_at < HEARD_WITHIN:
            return ()  # the frame may be on its way
        self._doubted_at = 0.0
        self.deafness += 1
        return self._close() if self.deafness < DEAF_FOR_GOOD else ()

    def flooded(self) -> Commands:
        """The server says more than can be read: listen no more for a while, and ask instead."""
        self.is_blocked = self.is_flooding = True
        return self._close() if self.phase in (Phase.CONNECTING, Phase.OPEN) else ()

    def rename(self, client_id: ClientId) -> None:
        """Be another client from the next socket on; this one is about to be closed."""
        self.client_id = client_id

    def closed(self, attempt: int) -> Commands:
        """The socket is gone; dial again when we are still wanted, after a delay."""
        if attempt != self.attempt or self.phase in (Phase.IDLE, Phase.WAITING):
            return ()
        if not self._is_wanted:
            self.phase = Phase.IDLE
            return (StopTimer(self._timer()),)
        self.losses += self.phase is Phase.OPEN
        self.phase = Phase.WAITING
        delay = FLOOD_PAUSE if self.is_flooding else self._backoff.next()
        return (StartTimer(self._timer(), delay),)

    def fired(self, attempt: int) -> Commands:
        """The attempt's timer ran out: no greeting, no close, or time to dial again."""
        if attempt != self.attempt:
            return ()
        match self.phase:
            case Phase.CONNECTING:
                return self._close()
            case Phase.CLOSING:
                return self.closed(attempt)
            case Phase.WAITING:
                return self._dial()
        return ()

    def dial_now(self) -> Commands:
        """The network or the person came back: a dial that waits is made now."""
        return self._dial() if self.phase is Phase.WAITING else ()

    def _dial(self) -> Commands:
        self.attempt += 1
        self.phase = Phase.CONNECTING
        url = websocket_url(self.server, self.client_id)
        return (
            OpenSocket(self.server, self.attempt, url),
            StartTimer(self._timer(), GREETING_WITHIN),
        )

    def _close(self) -> Commands:
        self.phase = Phase.CLOSING
        return (
            CloseSocket(self.server, self.attempt),
            StartTimer(self._timer(), CLOSING_WITHIN),
        )

    def _timer(self) -> tuple[str, ...]:
        return ("connection", self.server, str(self.attempt))
