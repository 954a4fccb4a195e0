"""The page's choice for the next task outlives a reload; nothing of it is run by itself."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import js
from pyodide.ffi import to_js

from page.composer.draft import WORKFLOW, Draft, Kept, read_own, write_own
from page.composer.draft_store import Chosen, Drafts
from page.composer.form import Forming
from page.composer.library import Shelf
from page.composer.open_file import Opened
from page.composer.panel import OWN, Composer
from tether.core.errors import Trouble


class Drafting:
    """Keeps what stands in the composer, and puts it there again.

    Args:
        composer: Has the pictures and the choices.
        forming: Has what is typed in the workflow's form.
        shelf: Has the person's own workflow.
        drafts: Keep it.
        use: Takes a workflow of the person's own, and shows its form.
        choose: Shows the form of a workflow that was chosen.
        tell: Tells a person what went wrong.
    """

    def __init__(
        self,
        composer: Composer,
        forming: Forming,
        shelf: Shelf,
        drafts: Drafts,
        use: Callable[[Opened], Awaitable[None]],
        choose: Callable[[str], Awaitable[None]],
        tell: Callable[[Trouble], None],
    ) -> None:
        self._composer = composer
        self._forming = forming
        self._shelf = shelf
        self._drafts = drafts
        self._use = use
        self._choose = choose
        self._tell = tell
        self._before = drafts.read()
        self._is_back = self._before is None
        self.is_answered = asyncio.Event()
        """Set once nothing of before is missing in the form."""
        composer.on_change = self._changed

    async def settled(self) -> None:
        """Wait until a reload would find all."""
        await self._drafts.settled()

    async def restore(self, soon: Callable[[Any], None], now: float) -> None:
        """Put pictures and choices back; the workflow's form comes when servers have told of it."""
        draft, composer = self._before, self._composer
        soon(self._drafts.sweep(now))
        if draft is None:
            self.is_answered.set()
            return
        form: dict[str, Any] = {}
        opened: Opened | None = None
        for kept in draft.files:
            content = await self._drafts.content(kept)
            if content is None:
                if kept.place != WORKFLOW:
                    self._tell(Trouble.of("picture_gone", picture=kept.name))
            elif kept.place == WORKFLOW:
                own = read_own(str(await content.text()))
                opened = Opened(*own) if own is not None else None
                if opened is not None:
                    self._drafts.resume({_key(opened): kept})
            else:
                file = _file(content, kept)
                if kept.place:
                    form[kept.place] = file
                key = _place_key(kept.place, file) if kept.place else composer.put(kept.name, file)
                self._drafts.resume({key: kept})
        composer.copies_field.value = draft.copies
        composer.servers.choose(draft.server)
        if not draft.typed and not form:
            self.is_answered.set()
        soon(self._show(draft, opened, form))

    async def _show(self, draft: Draft, opened: Opened | None, form: dict[str, Any]) -> None:
        """Choose the workflow again, and answer its form."""
        composer = self._composer
        try:
            if draft.workflow == OWN:
                if opened is not None:
                    await self._use(opened)
            elif composer.choose(draft.workflow):
                await self._choose(draft.workflow)
            if self._forming.name == composer.workflow == draft.workflow:
                self._forming.type_in(draft.typed, form)
        finally:
            self._is_back = True
            self.is_answered.set()
            self._changed()

    def _changed(self) -> None:
        """Keep what stands on the page now, unless that of before isn't all back yet."""
        if not self._is_back:
            return
        composer = self._composer
        chosen = {
            key: Chosen(name, str(file.type), "", partial(_same, file))
            for key, name, file in composer.pictures()
        }
        typed: dict[str, str] = {}
        if self._forming.name == composer.workflow:
            typed = self._forming.typed()
            for (node, name), (title, file) in self._forming.picked().items():
                place = f"{node}.{name}"
                picked = Chosen(title, str(file.type), place, partial(_same, file))
                chosen[_place_key(place, file)] = picked
        own = self._shelf.own
        if own is not None and composer.workflow == OWN:
            text = write_own(*own)
            chosen[_key(own)] = Chosen(own.title, "", WORKFLOW, lambda: js.Blob.new(to_js([text])))
        draft = Draft(composer.workflow, composer.copies, composer.servers.chosen, typed)
        self._drafts.change(draft, chosen)


def _key(own: Opened) -> str:
    return f"{WORKFLOW}:{own.title}:{hash(own.text)}"


def _place_key(place: str, file: Any) -> str:
    return f"{place}:{file.name}:{file.size}:{file.lastModified}"


def _file(content: Any, kept: Kept) -> Any:
    options = to_js({"type": kept.kind}, dict_converter=js.Object.fromEntries)
    return js.File.new(to_js([content]), kept.name, options)


def _same(file: Any) -> Any:
    """A file is its own content."""
    return file
