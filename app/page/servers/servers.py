"""The servers as the person deals with them: adding, tokens, leave, and why one can't be used."""

from collections.abc import Callable

import js

from page.servers.doctor import Clinic
from page.servers.duplicates import Twins
from page.servers.list_polling import Discovery
from page.servers.roster import Roster
from page.servers.row import About
from page.servers.token_form import Typed
from page.ui.undo import Undo
from page.ui.words import Words
from tether.browser.permission import leave_of
from tether.core.errors import TetherError
from tether.core.ids import ServerUrl
from tether.core.model.server import Reach
from tether.core.model.window import Window
from tether.core.protocol.address import PERMISSIONS, needs_permission, space_of, would_prompt
from tether.core.protocol.hosted_list import Listed
from tether.runtime.access_tokens import Keys
from tether.runtime.caller import Caller
from tether.runtime.ports import World


class Farm:
    """Carries what the person wants of servers, and what is found out beside the session.

    Args:
        window: Its servers.
        caller: Calls them.
        roster: The lists of them.
        keys: Their tokens.
        words: The page's language.
        undo: Offers the way back after a removal.
        on_found: Called when there is something new to show.
        now: Tells the time.
    """

    def __init__(
        self,
        window: Window,
        caller: Caller,
        roster: Roster,
        keys: Keys,
        words: Words,
        undo: Undo,
        on_found: Callable[[], None],
        now: Callable[[], float],
    ) -> None:
        self._window = window
        self._roster = roster
        self._words = words
        self._undo = undo
        self._on_found = on_found
        self._address = str(js.location.href)
        self._twins = Twins(window, caller)
        self.clinic = Clinic(window, caller, keys.of, self._leave_of, on_found, now)
        self._watches_leave = False

    async def load(self, world: World) -> None:
        """Use the servers of the list, and follow it from now on."""
        self._discovery = Discovery(world, self._words.say, self._take)
        await self._discovery.start()

    async def _take(self, listed: Listed) -> None:
        """Those that need leave wait for a click."""
        leave = await leave_of(PERMISSIONS, None if self._watches_leave else self._leave_changed)
        self._watches_leave = True
        self._roster.take(listed, lambda url: would_prompt(self._address, url, leave))
        self._on_found()

    def changed(self) -> None:
        """The window has changed."""
        self._twins.changed()
        self.clinic.changed()

    def about(self, url: ServerUrl) -> About:
        """Return what is known of a server beside the session."""
        return About(
            self._roster.access_of(url),
            self.clinic.causes_of(url),
            self._twins.twin_of(url),
            self.clinic.looked_at(url),
        )

    def add(self, typed: str, name: str, token: Typed) -> str:
        """Add a server; returns what is wrong, or ""."""
        before = {each.url for each in self._window.servers.values() if not each.is_leaving}
        try:
            url = self._roster.add(typed, name, token.access(), token.is_kept)
        except TetherError as error:
            return self._words.trouble(error.trouble)
        self._undo.drop(url)
        if url in before and not (name.strip() or token.access()):
            return self._words.say("server.listed", server=self._window.servers[url].name)
        return ""

    def change(self, url: str, name: str, address: str) -> str:
        """Call a server something else, or correct its address; returns what is wrong, or ""."""
        server = ServerUrl(url)
        try:
            new = self._roster.correct(server, address, name)
        except TetherError as error:
            return self._words.trouble(error.trouble)
        if new != server:
            self.clinic.forget(server)
            self._undo.drop(new)
        self._on_found()
        return ""

    def use_token(self, url: str, token: Typed) -> str:
        """Use another token; returns what is wrong, or ""."""
        try:
            self._roster.use_access(ServerUrl(url), token.access(), token.is_kept)
        except TetherError as error:
            return self._words.trouble(error.trouble)
        return ""

    def act(self, action: str, url: str) -> None:
        """Remove or pause a server, ask it again, or call it for the first time."""
        server = ServerUrl(url)
        match action:
            case "remove":
                self._remove(server)
            case "pause" | "resume":
                self._roster.pause(server, action == "pause")
            case "doctor":
                self.clinic.visit(server)
            case _:
                self.clinic.forget(server)
                self._roster.ask_again(server)

    def _remove(self, url: ServerUrl) -> None:
        known = self._window.servers.get(url)
        name = known.name if known is not None else url
        back = self._roster.remove(url)
        self._undo.offer(self._words.say("undo.server", server=name), back, about=url)

    async def _leave_of(self, url: ServerUrl) -> str:
        """Return the browser's leave to call a server, "" where it needs none."""
        space = space_of(url)
        if space is None or not needs_permission(self._address, url):
            return ""
        return (await leave_of(PERMISSIONS)).get(space, "")

    def _leave_changed(self) -> None:
        """The person has decided: what was waiting for it is asked again."""
        for server in list(self._window.servers.values()):
            if server.reach is not Reach.UP and not server.is_leaving:
                self.clinic.forget(server.url)  # what was found before the answer may be wrong now
                self._roster.ask_again(server.url)
