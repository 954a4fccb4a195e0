"""Keeps a draft: its files in the store, the rest as a record of the tab."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from page.composer.records import (
    DRAFT_RECORD,
    STALE_AFTER,
    USE,
    Draft,
    KeptFile,
    make_use,
    read_draft,
    window_of,
    write_draft,
)
from tether.core.ids import WindowId
from tether.core.windows.claim import ADOPTER_PREFIX
from tether.runtime.ports import World

UNRECORDED_GRACE = 60.0
"""Seconds within which the record names a file that the store has."""


class ChosenFile(NamedTuple):
    """A file on the page; `blob` returns its content."""

    name: str
    kind: str
    place: str
    blob: Callable[[], Any]


class DraftStore:
    """One tab's draft; the record names a file only while the store has it."""

    def __init__(self, world: World, window: WindowId) -> None:
        self._world = world
        self._window = window
        self._chosen: Mapping[str, ChosenFile] = {}
        self._kept: dict[str, KeptFile] = {}
        self._draft = Draft("", "", "")
        self._job: asyncio.Task[None] | None = None

    def read(self) -> Draft | None:
        """Return the draft that the last page of this tab has kept."""
        return read_draft(self._world.records.read(DRAFT_RECORD) or "")

    async def content(self, kept: KeptFile) -> Any | None:
        """Return a kept file, and count it as kept now; None when it is gone."""
        blob = await self._world.files.read(kept.digest)
        if blob is not None:
            await self._world.files.keep(kept.use, {kept.digest: blob})
        return blob

    def resume(self, kept: Mapping[str, KeptFile]) -> None:
        """Count these files as kept: they are on the page again."""
        self._kept.update(kept)

    def change(self, draft: Draft, chosen: Mapping[str, ChosenFile]) -> None:
        """Keep this draft with these files instead; a file that it lacks is deleted at once.

        What has become a task must not come back. No key of `chosen` is ever used twice.
        """
        self._draft, self._chosen = draft, chosen
        gone = [self._kept.pop(key) for key in list(self._kept) if key not in chosen]
        self._write()
        for kept in gone:
            self._world.files.release(kept.use)
        if self._world.files.is_lasting and self._job is None and self._open():
            self._job = asyncio.ensure_future(self._keep())

    async def sweep(self, now: float) -> None:
        """Delete the drafts of tabs that are gone, and what an earlier page of this tab left."""
        for use, at in (await self._world.files.kept_for(USE)).items():
            owner = window_of(use)
            if owner == self._window:
                recorded = {kept.use for kept in self._kept.values()}
                is_over = at < now - UNRECORDED_GRACE and use not in recorded
            else:
                is_over = at < now - STALE_AFTER and await self._is_gone(owner)
            if is_over:
                self._world.files.release(use)

    async def _is_gone(self, owner: WindowId) -> bool:
        hold = self._world.make_hold()
        is_free = await hold.take(owner, ADOPTER_PREFIX + self._world.chance.hex(16))
        hold.release()
        return is_free

    def _open(self) -> list[str]:
        return [key for key in self._chosen if key not in self._kept]

    async def _keep(self) -> None:
        failed: set[str] = set()
        try:
            while found := [key for key in self._open() if key not in failed]:
                key = found[0]
                each = self._chosen[key]
                blob = each.blob()
                try:
                    digest = await self._world.files.digest(blob)
                except OSError:  # a folder; the page says that it is no picture
                    failed.add(key)
                    continue
                use = make_use(self._window, self._world.chance.hex(8))
                await self._world.files.keep(use, {digest: blob})
                if key in self._chosen:
                    self._kept[key] = KeptFile(use, digest, each.name, each.kind, each.place)
                    self._write()
                else:
                    self._world.files.release(use)
        finally:
            self._job = None

    def _write(self) -> None:
        files = tuple(self._kept[key] for key in self._chosen if key in self._kept)
        self._world.records.write(DRAFT_RECORD, write_draft(self._draft._replace(files=files)))
