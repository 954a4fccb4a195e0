"""One WebSocket to one server, kept up while this window has unfinished tasks there."""

from enum import Enum

from tether.core.commands import CloseSocket, Commands, OpenSocket, SendFrame, StartTimer, StopTimer
from tether.core.ids import Chance, ClientId, ServerUrl
from tether.core.protocol.address import websocket_url
from tether.core.timers import ConnectionTimer

FIRST_DELAY, LONGEST_DELAY = 1.0, 30.0
"""The ceilings of the first delay and of every delay, in seconds."""

_FRAMES, _FRAMES_PER_SECOND = 30_000.0, 500.0
_CHARACTERS, _CHARACTERS_PER_SECOND = 32e6, 4e6

GREETING_WITHIN = 10.0
"""Seconds from dialling to the server's first `status`; then the attempt is abandoned."""

CLOSING_WITHIN = 3.0
"""Seconds to wait for a socket's `close` before a new one may open.

Two sockets of one client id make the survivor deaf.
Source: ComfyUI 0.28.1, measured; docs/protocol.md 5.
"""

FRAME_GRACE = 2.0
"""Seconds within which a healthy socket brings a frame of what HTTP has shown.

A server sends every change of its queue to every socket.
Source: ComfyUI 0.28.1, measured; docs/protocol.md 5 and 11.
"""

DEAF_AGAIN, DEAF_FOR_GOOD = 2, 3
"""How often a connection is found deaf before it gets a new client id, and before the window only
polls."""

FLOOD_PAUSE = 60.0
"""Seconds for which a server that floods the page is only polled."""

FEATURE_FLAGS = '{"type": "feature_flags", "data": {"supports_preview_metadata": true}}'
"""The first frame of every connection: flags belong to the connection, not to the client id.

Source: ComfyUI 0.28.1, measured; docs/protocol.md 1.3.
"""


class Backoff:
    """Exponential delays with full jitter: between zero and a ceiling that doubles.

    Full jitter keeps windows that lost one server together from coming back together.
    """

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self.failures = 0

    def next(self) -> float:
        """Count a failure and return the seconds to wait."""
        ceiling = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(self.failures, 10))
        self.failures += 1
        return ceiling * self._chance.uniform()

    def reset(self) -> None:
        """Start over: the next failure is the first."""
        self.failures = 0


class FloodLimit:
    """Two token buckets, for frames and characters: a flood costs all other servers their turn."""

    def __init__(self) -> None:
        self._at = 0.0
        self._frames = _FRAMES
        self._characters = _CHARACTERS

    def takes(self, length: int, now: float) -> bool:
        """Count a frame; return False once there were too many frames or characters."""
        passed = max(0.0, now - self._at)
        self._at = now
        self._frames = min(_FRAMES, self._frames + passed * _FRAMES_PER_SECOND) - 1
        characters = self._characters + passed * _CHARACTERS_PER_SECOND
        self._characters = min(_CHARACTERS, characters) - length
        return self._frames >= 0 and self._characters >= 0


class Phase(Enum):
    """Where a connection stands."""

    IDLE = "idle"
    CONNECTING = "connecting"
    OPEN = "open"
    CLOSING = "closing"
    WAITING = "waiting"


class Connection:
    """Feed it what happened; it returns what to do.

    Sockets and timers carry the attempt that made them, so events of a replaced socket are ignored.
    A connection never changes its server.
    """

    def __init__(self, server: ServerUrl, client_id: ClientId, chance: Chance) -> None:
        self.server = server
        self.client_id = client_id
        """What the server knows the next socket by."""
        self.attempt = 0
        self.phase = Phase.IDLE
        self._is_wanted = False
        self._backoff = Backoff(chance)
        self.received_at = 0.0
        """When the latest frame came, in seconds since the epoch."""
        self.open_since = 0.0
        """When this socket, or the last one, was greeted by the server."""
        self._doubted_at = 0.0
        self.deafness = 0
        """How often it was found deaf since it last proved to be registered."""
        self.losses = 0
        """How often it was open and was lost."""
        self.is_blocked = False
        """A task has waited for it in vain: until a greeting comes, the next ones don't wait."""
        self.flood = FloodLimit()
        self.is_flooding = False
        """It was closed because of a flood; until the next greeting."""

    @property
    def failures(self) -> int:
        """Attempts in a row without a greeting."""
        return self._backoff.failures

    @property
    def is_receiving(self) -> bool:
        """It is open, and was not found deaf for good."""
        return self.phase is Phase.OPEN and self.deafness < DEAF_FOR_GOOD

    def connect(self) -> Commands:
        """Stay connected from now on; return nothing when that is under way."""
        self._is_wanted = True
        return self._dial() if self.phase is Phase.IDLE else ()

    def release(self) -> Commands:
        """Stay disconnected from now on."""
        self._is_wanted = False
        match self.phase:
            case Phase.CONNECTING | Phase.OPEN:
                return self._close()
            case Phase.WAITING:
                self.phase = Phase.IDLE
                return (StopTimer(self._timer()),)
        return ()

    def opened(self, attempt: int) -> Commands:
        """The socket is open: send the feature flags before anything else."""
        if attempt != self.attempt or self.phase is not Phase.CONNECTING:
            return ()
        return (SendFrame(self.server, attempt, FEATURE_FLAGS),)

    def greeted(self, attempt: int) -> Commands:
        """The first `status` came: the server has registered the client id.

        Delays are not reset on `open`: the server may accept the socket and drop it.
        """
        if attempt != self.attempt or self.phase is not Phase.CONNECTING:
            return ()
        self.phase = Phase.OPEN
        self.is_blocked = self.is_flooding = False
        self.open_since = self.received_at
        self._backoff.reset()
        return (StopTimer(self._timer()),)

    def received(self, now: float) -> None:
        """A frame came: the socket is not deaf."""
        self.received_at = now
        self._doubted_at = 0.0

    def registered(self) -> None:
        """A frame came that only registered clients get: not a reply, not a greeting."""
        self.deafness = 0

    def doubt(self, since: float, now: float) -> None:
        """HTTP shows that the server did something after `since`: a frame should have come."""
        if self.received_at < since and not self._doubted_at:
            self._doubted_at = now

    @property
    def is_doubted(self) -> bool:
        """It is open, and brings no frame of what HTTP has shown."""
        return self.phase is Phase.OPEN and self._doubted_at > 0

    def redial_if_deaf(self, now: float) -> Commands:
        """Close an open socket that is half-open or deaf; the next one follows.

        When an earlier socket of the client id dies late, the server unregisters the id and sends
        it nothing more; a new socket gets everything again. Where that one is deaf too, and one of
        another client id as well, the window only polls until a frame comes.
        """
        if not self.is_doubted:
            return ()
        if now - self._doubted_at < FRAME_GRACE:
            return ()  # the frame may still be under way
        self._doubted_at = 0.0
        self.deafness += 1
        return self._close() if self.deafness < DEAF_FOR_GOOD else ()

    def flooded(self) -> Commands:
        """The server sends more than can be read: close the socket, and poll for a while."""
        self.is_blocked = self.is_flooding = True
        return self._close() if self.phase in (Phase.CONNECTING, Phase.OPEN) else ()

    def closed(self, attempt: int) -> Commands:
        """The socket is closed; dial again after a delay, unless released."""
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
        """The network or the person came back: end the wait for the next attempt."""
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
        return (CloseSocket(self.server, self.attempt), StartTimer(self._timer(), CLOSING_WITHIN))

    def _timer(self) -> ConnectionTimer:
        return ConnectionTimer(self.server, self.attempt)
