"""Keeps the draft of the next task over a reload; nothing of it runs by itself."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import js
from pyodide.ffi import to_js

from page.composer.draft_store import ChosenFile, DraftStore
from page.composer.form import Form
from page.composer.library import Library
from page.composer.open_file import Opened
from page.composer.panel import OWN, ComposerPanel
from page.composer.records import WORKFLOW, Draft, place_key, read_own, write_own
from page.ui.context import PageContext
from tether.browser.values import new_file
from tether.core.errors import BadInput, Trouble
from tether.core.protocol.workflow import parse_workflow


class Drafts:
    """Saves what is in the composer, and restores it."""

    def __init__(
        self,
        context: PageContext,
        panel: ComposerPanel,
        form: Form,
        library: Library,
        use: Callable[[Opened], Awaitable[None]],
        choose: Callable[[str], Awaitable[None]],
    ) -> None:
        self._context = context
        self._panel = panel
        self._form = form
        self._library = library
        self._use, self._choose = use, choose
        self.store = DraftStore(context.world, context.window.window_id)
        self._before = self.store.read()
        self._is_restored = self._before is None
        self.is_form_restored = asyncio.Event()
        """Set once the form is filled in as before."""
        self._own: Opened | None = None
        self._owns = 0

    async def restore(self) -> None:
        """Put pictures and choices back; the form follows once servers have described its nodes."""
        draft, panel, soon = self._before, self._panel, self._context.soon
        soon(self.store.sweep(self._context.world.clock.now()))
        if draft is None:
            self.is_form_restored.set()
            return
        form: dict[str, Any] = {}
        opened: Opened | None = None
        for kept in draft.files:
            content = await self.store.content(kept)
            if content is None:
                if kept.place != WORKFLOW:
                    trouble = Trouble.of("picture_gone", picture=kept.name)
                    self._context.notices.show(self._context.words.trouble(trouble))
            elif kept.place == WORKFLOW:
                opened = _read_opened(str(await content.text()))
                if opened is not None:
                    self.store.resume({self._own_key(opened): kept})
            else:
                file = new_file(content, kept.name, kept.kind)
                if kept.place:
                    form[kept.place] = file
                if kept.place:
                    key = place_key(kept.place, file)
                else:
                    key = panel.put(kept.name, file, is_checked=True)
                self.store.resume({key: kept})
        panel.copies_field.value = draft.copies
        panel.servers.choose(draft.server)
        panel.then.choose(draft.then)
        if not draft.typed and not form:
            self.is_form_restored.set()
        soon(self._show(draft, opened, form))

    async def _show(self, draft: Draft, opened: Opened | None, form: dict[str, Any]) -> None:
        panel = self._panel
        try:
            if draft.workflow == OWN:
                if opened is not None:
                    await self._use(opened)
            elif panel.choose(draft.workflow):
                await self._choose(draft.workflow)
            if self._form.name == panel.workflow == draft.workflow:
                self._form.type_in(draft.typed, form)
        finally:
            self._is_restored = True
            self.is_form_restored.set()
            self.changed()

    def changed(self) -> None:
        """Save what is on the page, once the earlier draft is restored."""
        if not self._is_restored:
            return
        panel = self._panel
        chosen = {key: _chosen(name, file) for key, name, file in panel.files.all()}
        typed: dict[str, str] = {}
        if self._form.name == panel.workflow:
            typed = self._form.typed()
            for (node, name), (title, file) in self._form.picked().items():
                place = f"{node}.{name}"
                chosen[place_key(place, file)] = _chosen(title, file, place)
        own = self._library.own
        if own is not None and panel.workflow == OWN:
            content = partial(_blob, own)  # made only to be kept, not at each change
            chosen[self._own_key(own)] = ChosenFile(own.title, "", WORKFLOW, content)
        then = panel.then.chosen
        draft = Draft(panel.workflow, panel.copies, panel.servers.chosen, typed, then=then)
        self.store.change(draft, chosen)

    def _own_key(self, own: Opened) -> str:
        if own is not self._own:
            self._own = own
            self._owns += 1
        return f"{WORKFLOW}:{self._owns}"


def _read_opened(text: str) -> Opened | None:
    own = read_own(text)
    if own is None:
        return None
    title, workflow, assumptions = own
    try:
        return Opened(title, parse_workflow(workflow), assumptions)
    except BadInput:
        return None  # the store is damaged: it could be parsed when it was opened


def _blob(own: Opened) -> Any:
    return js.Blob.new(to_js([write_own(own.title, own.workflow.text(), own.assumptions)]))


def _chosen(name: str, file: Any, place: str = "") -> ChosenFile:
    return ChosenFile(name, str(file.type), place, lambda: file)
