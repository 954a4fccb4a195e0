"""What lies between a page and a server: calls and sockets, and all that befalls them.

Calls overtake each other and the sockets; the frames of one socket stay in order, as TCP
keeps them. The one assumption of the core holds here too: no request is delivered later
than `DELIVERY_WITHIN` after it was sent.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from tests.world.clock import Clock
from tests.world.servers import Server
from tether.core.events import (
    Answered,
    BinaryReceived,
    Failure,
    FrameReceived,
    RequestFailed,
    SocketClosed,
    SocketOpened,
)
from tether.core.protocol.messages import PREVIEW_HEAD
from tether.core.protocol.requests import Ask, Request

if TYPE_CHECKING:
    from tests.world.browsers import Page

DELIVERY_WITHIN = 30.0
CLOSING_WITHIN = 3.0
"""Seconds for which a page must wait for the `close` of a socket before it opens the next."""


class Link:
    """The way between one browser and one server; what is held goes on when the way is free."""

    def __init__(self, clock: Clock, random: Random, jitter: float) -> None:
        self.clock = clock
        self.random = random
        self.jitter = jitter
        self.slowness = 0.0
        self.is_black = False
        self.held: list[Call] = []
        self.repeated: list[Callable[[], None]] = []
        """What sockets carry as soon as the way is free again, in order."""

    def delay(self) -> float:
        """Return how long a packet takes now."""
        luck = self.random.random()
        return 0.001 + self.jitter * luck * luck * luck + self.slowness * self.random.random()

    def heal(self) -> None:
        """The way is free again; what TCP has repeated meanwhile arrives, or was given up."""
        self.is_black = False
        self.slowness = 0.0
        held, self.held = self.held, []
        for call in held:
            if self.random.random() < 0.5:
                call.go()
        repeated, self.repeated = self.repeated, []
        for arrive in repeated:
            arrive()


class Call:
    """One request, there and back."""

    __slots__ = (
        "answer",
        "is_odd",
        "late_back",
        "late_there",
        "link",
        "lost_back",
        "lost_there",
        "page",
        "request",
        "sent_at",
        "server",
        "status",
        "was_received",
    )

    def __init__(self, page: Page, request: Request, server: Server, link: Link) -> None:
        self.page = page
        self.request = request
        self.server = server
        self.link = link
        self.sent_at = link.clock.now
        self.was_received = False
        self.answer: tuple[int | None, str] | None = None
        """What the server has said; no status where the page may not read it."""
        self.lost_there = self.lost_back = self.is_odd = False
        self.late_there = self.late_back = 0.0
        self.status: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether the page still waits for it."""
        return self.page.calls.get(self.request.id) is self

    def go(self) -> None:
        """Leave for the server."""
        if self.link.is_black:
            self.link.held.append(self)
        else:
            self.link.clock.after(self.link.delay(), self._arrive)

    def _arrive(self) -> None:
        clock = self.link.clock
        if self.late_there:
            delay, self.late_there = self.late_there, 0.0
            clock.after(delay, self._arrive)
        elif self.lost_there or clock.now > self.sent_at + DELIVERY_WITHIN:
            pass  # the page finds out by its own clock
        elif not self.server.is_up:
            self.broke()
        elif self.server.is_failing:
            self.back(self._refusal(), "Bad Gateway")
        else:
            self.server.receive(self)

    def _refusal(self) -> int | None:
        return self.link.random.choice((500, 502, None))

    def back(self, status: int | None, text: str) -> None:
        """The server has answered; without a status no page can read what."""
        self.answer = (status, text)
        if not self.link.is_black:
            self.link.clock.after(self.link.delay(), self._told)

    def _told(self) -> None:
        if not self.is_open or self.link.is_black or self.lost_back:
            return
        if self.late_back:
            delay, self.late_back = self.late_back, 0.0
            self.link.clock.after(delay, self._told)
            return
        del self.page.calls[self.request.id]
        status, text = self._seen()
        if self.request.is_opaque:
            self.page.tell(Answered(self.request, 0, ""))
        elif status is None:
            self.page.tell(RequestFailed(self.request, Failure.NETWORK))
        else:
            self.page.tell(Answered(self.request, status, text))

    def _seen(self) -> tuple[int | None, str]:
        """Return what the page sees of the answer."""
        assert self.answer is not None
        if self.status is not None:
            return self.status, "Bad Gateway"
        return (200, "<html>Sign in</html>") if self.is_odd else self.answer

    def broke(self) -> None:
        """The connection is refused or reset; the page hears of it soon."""
        self.link.clock.after(self.link.delay(), self._failed, Failure.NETWORK)

    def time_out(self) -> None:
        """The page has waited long enough."""
        self._failed(Failure.TIMEOUT)

    def _failed(self, failure: Failure) -> None:
        if self.is_open and not (failure is Failure.NETWORK and self.link.is_black):
            del self.page.calls[self.request.id]
            self.page.tell(RequestFailed(self.request, failure))

    def has_end(self) -> bool:
        """Whether an answer on its way says that the task has ended."""
        if self.answer is None or self.lost_back:
            return False
        if self.request.ask not in (Ask.JOB, Ask.HISTORY, Ask.RECENT):
            return False
        status, text = self._seen()
        ends = ('"completed"', '"failed"', '"cancelled"', '"messages"')
        return status == 200 and any(word in text for word in ends)


class Wire:
    """One WebSocket, both ends of it.

    `is_half_open`: nothing passes any more, and neither end is told.
    """

    def __init__(
        self, page: Page, server: Server, attempt: int, client_id: str, number: int, link: Link
    ) -> None:
        self.page = page
        self.server = server
        self.attempt = attempt
        self.client_id = client_id
        self.number = number
        self.link = link
        self.is_open = False
        self.is_closed = False
        self.closing_at: float | None = None
        self.is_half_open = False
        self.is_doubling = False
        self.past: list[str | bytes] = []
        self._last_down = self._last_up = 0.0

    @property
    def _is_dead(self) -> bool:
        return self.is_half_open or self.link.is_black

    def dial(self) -> None:
        """Ask the server for it."""
        self._up(self._arrive)

    def _up(self, action: Callable[..., None], *args: object) -> None:
        clock = self.link.clock
        self._last_up = max(clock.now + self.link.delay(), self._last_up + 1e-6)
        clock.at(self._last_up, self._pass, action, *args)

    def _pass(self, action: Callable[..., None], *args: object) -> None:
        """Carry it now, or when the way is free again, as TCP does."""
        if self.link.is_black:
            self.link.repeated.append(partial(self._pass, action, *args))
        elif not self.is_half_open:
            action(*args)

    def _arrive(self) -> None:
        if self.is_closed or self.closing_at is not None:
            return
        if self.server.is_up:
            self.server.accept(self)
        else:
            self._ended(1006)

    def send(self, text: str) -> None:
        """The page says something."""
        if not self.is_closed:
            self._up(self.server.hear, self, text)

    def down(self, frame: str | bytes | None) -> None:
        """The server says something; None is its consent to the socket."""
        clock = self.link.clock
        for _ in range(2 if self.is_doubling and frame is not None else 1):
            self._last_down = max(clock.now + self.link.delay(), self._last_down + 1e-6)
            clock.at(self._last_down, self._pass, self._heard, frame)

    def _heard(self, frame: str | bytes | None) -> None:
        if self.is_closed:
            return
        if frame is None:
            self.is_open = True
            if self.closing_at is None:
                self.page.tell(SocketOpened(self.server.url, self.attempt))
            return
        self.past.append(frame)
        self.give(frame)

    def give(self, frame: str | bytes) -> None:
        """Hand a frame to the page, whoever has sent it."""
        if self.is_closed or not self.is_open:
            return
        if isinstance(frame, str):
            self.page.tell(FrameReceived(self.server.url, self.attempt, frame))
        else:
            head = frame[:PREVIEW_HEAD]
            self.page.tell(BinaryReceived(self.server.url, self.attempt, head, frame))

    def close(self) -> None:
        """The page closes it, and is told when it is closed."""
        clock, random = self.link.clock, self.link.random
        if self.is_closed or self.closing_at is not None:
            return
        self.closing_at = clock.now
        if self._is_dead or self.server.is_paused:
            # The browser gives the handshake up after a while; the server learns it later.
            clock.after(random.uniform(4.0, 60.0), self._ended, 1006)
            clock.after(random.uniform(0.5, 40.0), self.server.lose, self)
        elif not self.is_open:
            clock.after(0.001, self._ended, 1006)
            self._up(self.server.lose, self)
        else:
            self._up(self._shaken)

    def _shaken(self) -> None:
        self.server.lose(self)
        self.link.clock.after(self.link.delay(), self._ended, 1000)

    def leave(self) -> None:
        """The page is gone, and its browser closes what it has left."""
        if not self.is_closed:
            self.is_closed = True
            if self._is_dead:
                self.link.clock.after(self.link.random.uniform(0.5, 40.0), self.server.lose, self)
            else:
                self._up(self.server.lose, self)

    def cut(self) -> None:
        """The connection is reset: both ends know it soon."""
        self.link.clock.after(self.link.delay(), self.server.lose, self)
        self.link.clock.after(self.link.delay(), self._ended, 1006)

    def cut_by_server(self) -> None:
        """The server's process died."""
        if not self.is_half_open:
            self.link.clock.after(self.link.delay(), self._ended_unless_dead)

    def dropped(self) -> None:
        """The server takes it, and lets it go before it has said a word."""
        self.down(None)
        self.link.clock.at(self._last_down + 1e-6, self._ended_unless_dead)

    def _ended_unless_dead(self) -> None:
        if not self._is_dead:
            self._ended(1006)

    def break_silently(self) -> None:
        """Half-open: the server notices some time, the page never by itself."""
        self.is_half_open = True
        self.link.clock.after(self.link.random.uniform(0.0, 40.0), self.server.lose, self)

    def _ended(self, code: int) -> None:
        if not self.is_closed:
            self.is_closed = True
            self.page.wires.pop((self.server.url, self.attempt), None)
            self.page.tell(SocketClosed(self.server.url, self.attempt, code))
