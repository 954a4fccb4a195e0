"""The servers as a person deals with them: adding, tokens, permission, and what is wrong."""

import asyncio
from collections.abc import Mapping
from typing import Any

import js

from page.servers.doctor import Doctor
from page.servers.duplicates import Duplicates
from page.servers.roster import Roster
from page.servers.row import About
from page.servers.server_list import pause
from page.servers.token_form import TypedToken
from page.ui.context import PageContext
from page.ui.dom import copy_text, listen
from page.ui.undo import Undo
from tether.browser.site import permission_states
from tether.core.errors import TetherError
from tether.core.ids import ServerUrl
from tether.core.model.server import Reach
from tether.core.model.window import Changes
from tether.core.protocol.address import PERMISSIONS, needs_permission, space_of, would_prompt
from tether.runtime.access_tokens import AccessTokens
from tether.runtime.caller import Caller


class Servers:
    """The controller of the panel of servers.

    Reads the host's list at the start, and again from time to time while somebody sees the page.
    """

    def __init__(
        self, context: PageContext, caller: Caller, roster: Roster, tokens: AccessTokens, undo: Undo
    ) -> None:
        self._context = context
        self._window = context.window
        self._words = context.words
        self._roster = roster
        self._undo = undo
        self._address = str(js.location.href)
        self._duplicates = Duplicates(context.window, caller, context.soon)
        self.doctor = Doctor(context, caller, tokens.of, self._permission_of)
        self._is_read_due = False
        self._is_permission_watched = False

    async def load(self) -> None:
        """Use the servers of the list, and follow it from now on."""
        await self._read()
        listen(js.document, "visibilitychange", self._on_visibility)

    def changed(self, changes: Changes) -> None:
        """Find duplicates, and examine servers in trouble."""
        self._duplicates.changed(changes)
        self.doctor.changed(changes)

    @property
    def held(self) -> Mapping[ServerUrl, str]:
        """Servers that are called only after a click, with their names."""
        return self._roster.held

    def about(self, url: ServerUrl) -> About:
        """Return what is known of a server beside the session."""
        return About(
            self._roster.access_of(url),
            self.doctor.causes_of(url),
            self._duplicates.original_of(url),
            self.doctor.examined_at(url),
        )

    def add(self, typed: str, name: str, token: TypedToken) -> str:
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
        """Rename a server, or correct its address; returns what is wrong, or ""."""
        server = ServerUrl(url)
        try:
            new = self._roster.correct(server, address, name)
        except TetherError as error:
            return self._words.trouble(error.trouble)
        if new != server:
            self.doctor.forget(server)
            self._undo.drop(new)
        self._context.repaint()
        return ""

    def use_token(self, url: str, token: TypedToken) -> str:
        """Use another token; returns what is wrong, or ""."""
        try:
            self._roster.use_access(ServerUrl(url), token.access(), token.is_kept)
        except TetherError as error:
            return self._words.trouble(error.trouble)
        return ""

    def act(self, action: str, url: str) -> None:
        """Do what a button of a server's card says: `remove`, `pause`, `ask`…"""
        server = ServerUrl(url)
        match action:
            case "remove":
                self._remove(server)
            case "pause" | "resume":
                self._roster.pause(server, action == "pause")
            case "ask":
                self._roster.ask_again(server)
                self.doctor.visit(server)
            case _:
                self.doctor.forget(server)
                self._roster.ask_again(server)

    def copy(self, text: str) -> None:
        """Put a cure on the clipboard, and say so."""
        self._context.soon(self._copied(text))

    async def _copied(self, text: str) -> None:
        if await copy_text(text):
            words, notices = self._context.words, self._context.notices
            notices.show(words.say("server.copied", text=text), tone="good")

    def _remove(self, url: ServerUrl) -> None:
        known = self._window.servers.get(url)
        name = known.name if known is not None else url
        back = self._roster.remove(url)
        self._undo.offer(self._words.say("undo.server", server=name), back, about=url)

    async def _read(self) -> None:
        """Read the list; a server that needs permission waits for a click."""
        world = self._context.world
        listed = await world.presets(self._words.say)
        on_change = None if self._is_permission_watched else self._permission_changed
        permission = await permission_states(PERMISSIONS, on_change)
        self._is_permission_watched = True
        self._roster.take(listed, lambda url: would_prompt(self._address, url, permission))
        self._context.repaint()
        loop = asyncio.get_event_loop()
        loop.call_later(pause(world.chance.uniform()), self._on_time)

    def _on_time(self) -> None:
        self._is_read_due = True
        self._on_visibility()

    def _on_visibility(self, _event: Any = None) -> None:
        """Read what is due once somebody sees the page."""
        if self._is_read_due and js.document.visibilityState == "visible":
            self._is_read_due = False
            self._context.soon(self._read())

    async def _permission_of(self, url: ServerUrl) -> str:
        space = space_of(url)
        if space is None or not needs_permission(self._address, url):
            return ""
        return (await permission_states(PERMISSIONS)).get(space, "")

    def _permission_changed(self) -> None:
        """Ask the servers again that were waiting for the person's decision."""
        for server in list(self._window.servers.values()):
            if server.reach is not Reach.UP and not server.is_leaving:
                self.doctor.forget(server.url)  # what was found before it may be wrong now
                self._roster.ask_again(server.url)
