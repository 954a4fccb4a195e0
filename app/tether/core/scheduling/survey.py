"""Probes of several servers' queues, on whose answers a machine decides together."""

from collections.abc import Iterable

from tether.core.ids import ServerUrl, TaskId
from tether.core.model.server import Server
from tether.core.model.window import Window
from tether.core.protocol.requests import Owner, Request, probe


class Survey:
    """The lengths of queues that one machine asked for, as far as they have come."""

    def __init__(self, window: Window, owner: Owner, task_id: TaskId | None = None) -> None:
        self._window = window
        self._owner = owner
        self._task_id = task_id
        self.open: dict[ServerUrl, int] = {}
        """Servers without an answer so far -> their requests."""
        self.lengths: dict[ServerUrl, int] = {}

    def ask(self, servers: Iterable[Server]) -> tuple[Request, ...]:
        """Probe servers."""
        requests = tuple(
            probe(self._window.next_request(), server.url, self._owner, self._task_id)
            for server in servers
        )
        self.open.update({request.server: request.id for request in requests})
        return requests

    def answered(self, request: Request, length: int | None) -> bool:
        """Take in a length, or (None) its lack; return False for a request that was replaced."""
        if self.open.get(request.server) != request.id:
            return False
        del self.open[request.server]
        if length is not None:
            self.lengths[request.server] = length
        return True

    def forget(self, server: ServerUrl) -> None:
        """A server is gone: its answer doesn't count."""
        self.open.pop(server, None)
        self.lengths.pop(server, None)
