"""Ports for what is stopped and comes back, or is told its port before it starts."""

import os
import socket
from itertools import cycle

_PORTS = range(15_000, 32_000)
_START = os.getpid() * 97 % len(_PORTS)
"""Each process begins elsewhere."""

_candidates = cycle((*_PORTS[_START:], *_PORTS[:_START]))


def free_port() -> int:
    """A port that nobody has, and that no outgoing connection is given meanwhile.

    Source: ip(7), `ip_local_port_range`: on Linux those begin at 32768.
    """
    while True:
        port = next(_candidates)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
