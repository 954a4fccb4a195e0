"""The tokens of servers: for this tab alone, or kept on the device when the person says so."""

from collections.abc import Callable
from typing import TypeAlias

from tether.core.ids import ServerUrl
from tether.core.protocol.access_token import Access, read_access, write_access
from tether.runtime.ports import Records

RECORD = "access:"
"""Before a server's address: the key of its record."""

AccessOf: TypeAlias = Callable[[ServerUrl], Access | None]
"""Asked by whoever is about to call a server; nobody else learns a secret."""


class Keys:
    """Keeps one access a server.

    Args:
        own: This tab's records.
        shared: What this device keeps for all tabs.
    """

    def __init__(self, own: Records, shared: Records) -> None:
        self._own = own
        self._shared = shared

    def of(self, server: ServerUrl) -> Access | None:
        """Return what goes with calls to a server; this tab's own before the device's."""
        key = RECORD + server
        return read_access(self._own.read(key)) or read_access(self._shared.read(key))

    def is_kept(self, server: ServerUrl) -> bool:
        """Say whether the device remembers it."""
        return self._shared.read(RECORD + server) is not None

    def use(self, server: ServerUrl, access: Access | None, is_kept: bool) -> None:
        """Use another access from now on; None forgets it, in the other place too."""
        key, text = RECORD + server, write_access(access) if access else None
        self._own.write(key, None if is_kept else text)
        self._shared.write(key, text if is_kept else None)
