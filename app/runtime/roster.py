"""The servers that a window uses: what the host presets, and what the person adds and removes."""

from app.core.events import Emit, KeepingFailed, ServerAdded, ServerRemoved
from app.core.ids import ServerUrl
from app.core.server_list import ServerList, read_presets
from app.core.server_url import parse_server_url
from app.core.window import Window
from app.runtime.ports import Records

RECORD = "servers"


class Roster:
    """Keeps the person's changes for all windows of the browser, and tells this one's session.

    Args:
        window: Knows the servers.
        kept: What all windows share.
        emit: Tells the session.
        page_url: Against which short addresses are read.
    """

    def __init__(self, window: Window, kept: Records, emit: Emit, page_url: str) -> None:
        self._window = window
        self._kept = kept
        self._emit = emit
        self._page_url = page_url
        self._list = ServerList(kept.read(RECORD) or "")

    def load(self, presets: str) -> None:
        """Use the servers of `servers.json` and the person's own."""
        found, troubles = read_presets(presets, self._page_url)
        for trouble in troubles:
            self._emit(KeepingFailed(trouble))
        for url, name in self._list.merged(found).items():
            self._emit(ServerAdded(url, name))

    def add(self, typed: str, name: str = "") -> ServerUrl:
        """Add a server by what a person typed.

        Raises:
            BadInput: That is no address.
        """
        url = parse_server_url(typed, self._page_url)
        self._list.add(url, name)
        self._write()
        self._emit(ServerAdded(url, name))
        return url

    def remove(self, url: ServerUrl) -> None:
        """Remove a server; its tasks are seen to their end."""
        self._list.remove(url)
        self._write()
        self._emit(ServerRemoved(url))

    def ask_again(self, url: ServerUrl) -> None:
        """Ask a server anew what it is."""
        server = self._window.servers.get(url)
        if server is not None:
            self._emit(ServerAdded(url, server.name))

    def _write(self) -> None:
        self._kept.write(RECORD, self._list.write())
