"""The servers that a window uses: what the host presets, and what the person adds and removes.

All windows of a browser share the person's changes, each of which is a record of its own, and the
other windows follow it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from page.servers.server_list import (
    COPY_RECORD,
    ServerList,
    Substitutes,
    compare,
    read_copy,
    read_modes,
    read_presets,
    renew,
    write_copy,
)
from tether.core.errors import BadInput, Trouble
from tether.core.events import (
    Emit,
    ServerAdded,
    ServerPaused,
    ServerRemoved,
    StorageFailed,
    SubstitutesChanged,
)
from tether.core.ids import ServerUrl
from tether.core.model.window import Window
from tether.core.protocol.access_token import Access, take_login
from tether.core.protocol.address import parse_server_url
from tether.core.protocol.hosted_list import Listed
from tether.runtime.access_tokens import ACCESS_RECORD, AccessTokens
from tether.runtime.ports import Records
from tether.runtime.shared_entries import SharedEntries

RECORD = "servers"
NAMES_RECORD = "substitutes"


class Roster:
    """Keeps the person's changes for all windows, and emits them to this window's session."""

    def __init__(
        self, window: Window, kept: Records, emit: Emit, page_url: str, keys: AccessTokens
    ) -> None:
        self._window = window
        self._kept = kept
        self._emit = emit
        self._page_url = page_url
        self._keys = keys
        self._wanted: dict[ServerUrl, Access] = {}
        self._presets: dict[ServerUrl, str] = {}
        self._is_loaded = False
        self._is_held: Callable[[ServerUrl], bool] = lambda _url: False
        self._reported: tuple[Trouble, ...] = ()
        self.held: dict[ServerUrl, str] = {}
        """Servers that are called only after a click, with their names."""
        self._changes = SharedEntries(kept, RECORD)
        self._substitutes = SharedEntries(kept, NAMES_RECORD)
        self._list = ServerList(self._changes.read())
        self._names = Substitutes(self._substitutes.read())
        kept.listen(self._follow)

    def take(
        self, listed: Listed, is_held: Callable[[ServerUrl], bool] = lambda _url: False
    ) -> None:
        """Use the host's servers and the person's own; later, what has changed of the host's.

        `is_held` tells which must not be called before a click: the browser would ask.
        """
        before = self._list.merged(self._presets) if self._is_loaded else {}
        self._is_held = is_held
        if not self._is_loaded:
            self._is_loaded = True
            self._recall(listed.where)
        self._presets, troubles = renew(self._presets, listed, self._page_url)
        if listed.text is not None and not troubles:
            self._remember(listed)
        for trouble in troubles if troubles != self._reported else ():
            self._emit(StorageFailed(trouble))
        self._reported = troubles
        self._wanted.update(read_modes(listed.text or "", self._page_url))
        self._emit_changes(before)

    def _follow(self, key: str, _text: str | None) -> None:
        """Take over what another window has written."""
        if self._changes.holds(key):
            self._refresh()
        elif self._substitutes.holds(key):
            before, self._names = self._names, Substitutes(self._substitutes.read())
            for url in self._window.servers:
                if self._names.of(url) != before.of(url):
                    self._emit(SubstitutesChanged(url, self._names.of(url)))
        elif key.startswith(ACCESS_RECORD):
            url = ServerUrl(key.removeprefix(ACCESS_RECORD))
            known = self._window.servers.get(url)
            if known is not None and not known.is_leaving:
                self.ask_again(url)

    def _refresh(self) -> None:
        before, paused = self._list.merged(self._presets), self._list.paused
        self._list = ServerList(self._changes.read())
        if self._is_loaded:
            self._emit_changes(before)
        for url in sorted(paused ^ self._list.paused):
            self._emit(ServerPaused(url, url in self._list.paused))

    def _emit_changes(self, before: dict[ServerUrl, str]) -> None:
        used, gone = compare(before, self._list.merged(self._presets))
        for url, name in used.items():
            if url in self.held or (url not in before and self._is_held(url)):
                self.held[url] = name
                continue
            self._emit(ServerAdded(url, name))
            if url not in before:
                self._emit_settings(url)
        for url in gone:
            if self.held.pop(url, None) is None:
                self._emit(ServerRemoved(url))

    def _recall(self, where: str) -> None:
        """Begin with the last good list of another place: it may be gone when a page starts."""
        text = read_copy(self._kept.read(COPY_RECORD) or "", where) if where else None
        if text is not None:
            self._presets, _ = read_presets(text, self._page_url)
            self._wanted = read_modes(text, self._page_url)

    def _remember(self, listed: Listed) -> None:
        text = write_copy(listed) if listed.where else None
        if text != self._kept.read(COPY_RECORD):
            self._kept.write(COPY_RECORD, text)

    def access_of(self, url: ServerUrl) -> Access | None:
        """Return a server's token, or the mode that `servers.json` says it wants."""
        return self._keys.of(url) or self._wanted.get(url)

    def add(
        self, typed: str, name: str = "", access: Access | None = None, is_kept: bool = False
    ) -> ServerUrl:
        """Add a server by what a person typed; `user:password@` in it is its token.

        Raises:
            BadInput: That is no address.
        """
        bare, login = take_login(typed)
        url = parse_server_url(bare, self._page_url)
        if access or login:
            self._keys.use(url, access or login, is_kept)
        with self._changing():
            self._list.add(url, name.strip())
        self.held.pop(url, None)
        self._emit(ServerAdded(url, self._name(url)))
        self._emit_settings(url)
        return url

    def correct(self, url: ServerUrl, typed: str, name: str) -> ServerUrl:
        """Give a server the address that was typed; its settings move along.

        Its tasks are followed to their end at the old one. Returns the new address. The name is ""
        for what the server is called by itself.

        Raises:
            BadInput: That is no address, or another server has it.
        """
        bare, login = take_login(typed)
        new = parse_server_url(bare, self._page_url)
        access, is_kept = login or self._keys.of(url), self._keys.is_kept(url)
        if name == self._shown(url):
            name = self._name(url)  # it was only shown: its address, perhaps
        if new == url:
            if login:
                self.use_access(url, login, is_kept)
            self.rename(url, name)
            return url
        other = self._window.servers.get(new)
        if new in self.held or (other is not None and not other.is_leaving):
            raise BadInput("address_taken", server=self.held.get(new) or (other and other.name))
        is_paused, names = url in self._list.paused, self._names.of(url)
        self._take_out(url, new)
        self.add(new, name, access, is_kept)
        if is_paused:
            self.pause(new, True)
        for each, there in names.items():
            self.substitute(new, each, there)
        return new

    def rename(self, url: ServerUrl, name: str) -> None:
        """Call a server something else; "" for what it is called by itself."""
        with self._changing():
            self._list.rename(url, name)
        if url in self.held:
            self.held[url] = self._name(url)
        elif url in self._window.servers and not self._window.servers[url].is_leaving:
            self._emit(ServerAdded(url, self._name(url)))

    def remove(self, url: ServerUrl) -> Callable[[], None]:
        """Remove a server; its tasks are followed to their end. Returns what undoes that."""
        name, is_paused = self._shown(url), url in self._list.paused
        access, is_kept = self._keys.of(url), self._keys.is_kept(url)
        self._take_out(url)

        def back() -> None:
            self.add(url, name, access, is_kept)
            if is_paused:
                self.pause(url, True)

        return back

    def _take_out(self, url: ServerUrl, instead: ServerUrl | None = None) -> None:
        with self._changing():
            self._list.remove(url)
        self.held.pop(url, None)
        # The device forgets its token; the tasks that are there still need it.
        self._keys.use(url, self._keys.of(url), is_kept=False)
        self._emit(ServerRemoved(url, instead))

    def pause(self, url: ServerUrl, is_paused: bool) -> None:
        """Keep new tasks from a server, also after a reload, or let them go there again."""
        with self._changing():
            if is_paused:
                self._list.paused.add(url)
            else:
                self._list.paused.discard(url)
        self._emit(ServerPaused(url, is_paused))

    def use_access(self, url: ServerUrl, access: Access | None, is_kept: bool) -> None:
        """Use another token, or none, and ask the server anew."""
        self._keys.use(url, access, is_kept)
        self.ask_again(url)

    def ask_again(self, url: ServerUrl) -> None:
        """Ask a server anew what it is; one that was held is used from now on."""
        server = self._window.servers.get(url)
        if url in self.held:
            self._emit(ServerAdded(url, self.held.pop(url)))
            self._emit_settings(url)
        elif server is not None:
            self._emit(ServerAdded(url, server.name))

    def substitute(self, url: ServerUrl, name: str, there: str) -> None:
        """Let a name in workflows stand for another at one server; "" takes that back."""
        self._names = Substitutes(self._substitutes.read())  # other windows set some too
        self._names.set(url, name, there)
        self._substitutes.write(self._names.content())
        self._emit(SubstitutesChanged(url, self._names.of(url)))

    def _emit_settings(self, url: ServerUrl) -> None:
        if url in self._list.paused:
            self._emit(ServerPaused(url, True))
        names = self._names.of(url)
        if names:
            self._emit(SubstitutesChanged(url, names))

    def _shown(self, url: ServerUrl) -> str:
        known = self._window.servers.get(url)
        return self.held.get(url, known.name if known is not None else "")

    def _name(self, url: ServerUrl) -> str:
        return self._list.merged(self._presets).get(url, "")

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Change the list as it stands now: another window's change may not have come yet."""
        self._refresh()
        yield
        self._changes.write(self._list.content())
