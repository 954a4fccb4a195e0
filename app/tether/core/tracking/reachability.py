"""Whether a server can be used, and why not."""

from tether.core.commands import Commands
from tether.core.errors import MessageError, Trouble
from tether.core.events import Failure
from tether.core.model.server import Reach, Server
from tether.core.model.window import Window
from tether.core.protocol.answers import read_features, read_queue_length, read_stats
from tether.core.protocol.requests import Ask, Owner, Request

GREET_WITHIN = 8.0
"""Timeout of the first calls to a server, in seconds."""


class Reachability:
    """Asks a server for its facts, and tells `down` from `refuses this page`."""

    def __init__(self, window: Window) -> None:
        self._window = window

    def meet(self, server: Server) -> Commands:
        """Query all facts of a server, its queue included."""
        return (
            self._request(server, Ask.STATS, "/system_stats"),
            self._request(server, Ask.FEATURES, "/features"),
            self.probe(server),
        )

    def refresh(self, server: Server) -> Commands:
        """Query what a person sees of a server: its queue, and its free memory."""
        return (
            self.probe(server),
            self._request(server, Ask.STATS, "/system_stats"),
        )

    def probe(self, server: Server) -> Request:
        """Query whether a server is there, and its queue."""
        return self._request(server, Ask.PROBE, "/prompt")

    def answered(
        self, server: Server, request: Request, status: int, text: str, now: float
    ) -> bool:
        """Take in a fact; return False for what no ComfyUI server would answer.

        The queue alone decides whether a server can be used: some have no features, and some
        stumble over their own card's memory.
        """
        if request.ask is Ask.REACH:
            # Something answers, but the page may not read it.
            self._explain(server, Reach.REFUSED, "server_cors", now)
            return False
        try:
            if status != 200:
                raise MessageError(f"`{request.path}` answered {status}", text)
            match request.ask:
                case Ask.PROBE:
                    server.note_queue(read_queue_length(text), now)
                case Ask.STATS:
                    server.note_facts(read_stats(text))
                case _:
                    features = read_features(text)
                    server.max_upload = features.max_upload or server.max_upload
                    server.inventory.replaces_classes = features.replaces_classes
        except MessageError:
            if request.ask is not Ask.PROBE:
                return False
            is_locked = status in (401, 403)
            code = "server_locked" if is_locked else "server_odd"
            why = Trouble.of(code, server=server.name, url=server.url, status=status)
            server.failed(Reach.REFUSED if is_locked else Reach.ODD, why, now)
            return False
        server.answered()
        return True

    def failed(self, server: Server, request: Request, failure: Failure, now: float) -> Commands:
        """A call had no answer.

        Browsers report "down" and "refused by CORS" alike; a `no-cors` call that resolves proves
        that something answers there.
        Source: Chromium 156, measured; docs/protocol.md 9.
        """
        if request.ask is Ask.REACH:
            self._explain(server, Reach.DOWN, "server_down", now)
        if request.ask is not Ask.PROBE:
            return ()
        if failure is Failure.REDIRECTED:
            why = Trouble.of("server_redirects", server=server.name, url=server.url)
            server.failed(Reach.REFUSED, why, now)
            return ()
        is_slow = failure is Failure.TIMEOUT
        why = Trouble.of("server_slow" if is_slow else "server_silent", server=server.name)
        server.failed(Reach.DOWN, why, now)
        if is_slow:
            return ()  # it hangs, and would hang for the next call
        return (self._request(server, Ask.REACH, "/prompt", is_opaque=True),)

    def _explain(self, server: Server, reach: Reach, code: str, now: float) -> None:
        """Give the reason of a failure, unless the server has answered meanwhile."""
        if server.reach is not Reach.UP:
            server.judge(reach, Trouble.of(code, server=server.name, url=server.url), now)

    def _request(self, server: Server, ask: Ask, path: str, is_opaque: bool = False) -> Request:
        about = self._window.next_request(), server.url, ask, path
        return Request(*about, timeout=GREET_WITHIN, is_opaque=is_opaque, owner=Owner.REACHABILITY)
