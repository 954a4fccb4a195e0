"""The servers' access tokens: for this tab alone, or on the device when a person says so."""

from collections.abc import Callable
from typing import TypeAlias

from tether.core.ids import ServerUrl
from tether.core.protocol.access_token import Access, read_access, write_access
from tether.runtime.ports import Records

ACCESS_RECORD = "access:"
"""The start of a token's key; the server's address follows."""

AccessOf: TypeAlias = Callable[[ServerUrl], Access | None]
"""Returns a server's token to whoever is about to call it; nobody else learns a secret."""


class AccessTokens:
    """Keeps at most one token for each server: in this tab's own records or in the device's."""

    def __init__(self, own: Records, shared: Records) -> None:
        self._own = own
        self._shared = shared

    def of(self, server: ServerUrl) -> Access | None:
        """Return a server's token; this tab's own before the device's."""
        key = ACCESS_RECORD + server
        return read_access(self._own.read(key)) or read_access(self._shared.read(key))

    def is_kept(self, server: ServerUrl) -> bool:
        """Tell whether the device keeps it."""
        return self._shared.read(ACCESS_RECORD + server) is not None

    def use(self, server: ServerUrl, access: Access | None, is_kept: bool) -> None:
        """Replace a server's token, here or on the device; None deletes it in both places."""
        key, text = ACCESS_RECORD + server, write_access(access) if access else None
        self._own.write(key, None if is_kept else text)
        self._shared.write(key, text if is_kept else None)
