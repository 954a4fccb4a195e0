"""What is chosen and not run yet is kept, and no longer than that."""

import asyncio
from types import SimpleNamespace

from page.composer.draft_store import UNRECORDED_GRACE, ChosenFile, DraftStore
from page.composer.records import DRAFT_RECORD, STALE_AFTER, USE, Draft, make_use, read_draft
from tests.tether.core.farm import NOON, Chance
from tests.tether.runtime.browser import Browser, Clock
from tests.tether.runtime.world import Blob, MemoryFiles, Shared
from tether.core.ids import TaskId, WindowId
from tether.runtime.storage_locks import StorageHold

OURS = WindowId("w00")
EMPTY = Draft("invert", "1", "")


class Folder(Blob):
    """What can't be read."""


class Files(MemoryFiles):
    """A store that takes a moment, and can't read everything."""

    async def digest(self, blob: Blob) -> str:  # type: ignore[override]
        await asyncio.sleep(0)
        if isinstance(blob, Folder):
            raise OSError
        return await super().digest(blob)


class Tab:
    """One tab's store and records."""

    def __init__(self) -> None:
        self.files, self.records, self.browser = Files(), {}, Browser()
        self.drafts = self.page()

    def page(self) -> DraftStore:
        """Load the page."""
        return DraftStore(
            SimpleNamespace(  # type: ignore[arg-type]
                files=self.files,
                records=Shared(self.records),
                chance=Chance(1),
                make_hold=self.hold,
            ),
            OURS,
        )

    def hold(self) -> StorageHold:
        return StorageHold(Shared(self.browser.shared), Clock(self.browser))  # type: ignore[arg-type]

    def record(self) -> Draft:
        draft = read_draft(self.records[DRAFT_RECORD])
        assert draft is not None
        return draft

    def uses(self) -> set[TaskId]:
        return set(self.files.users) - set(self.files.released)


def file(name: str, place: str = "") -> ChosenFile:
    return ChosenFile(name, "image/png", place, lambda: Blob(name.encode()))


async def settled(drafts: DraftStore) -> None:
    """Wait until all is kept."""
    if drafts._job is not None:
        await drafts._job


def test_a_record_names_a_file_once_it_is_kept() -> None:
    """And the next page reads all of it."""

    async def story() -> None:
        tab = Tab()
        tab.drafts.change(EMPTY, {"p1": file("a.png"), "p2": file("b.png", "7.image")})
        assert tab.record().files == ()
        await settled(tab.drafts)
        draft = tab.page().read()
        assert draft is not None
        assert [(each.name, each.place) for each in draft.files] == [
            ("a.png", ""),
            ("b.png", "7.image"),
        ]
        content = await tab.drafts.content(draft.files[0])
        assert content.content == b"a.png"
        assert tab.uses() == {each.use for each in draft.files}

    asyncio.run(story())


def test_what_was_taken_off_is_forgotten_at_once() -> None:
    """Also while it is being kept: what has become a task must not come back."""

    async def story() -> None:
        tab = Tab()
        tab.drafts.change(EMPTY, {"p1": file("a.png"), "p2": file("b.png")})
        await settled(tab.drafts)
        tab.drafts.change(EMPTY, {"p2": file("b.png"), "p3": file("c.png")})
        assert [each.name for each in tab.record().files] == ["b.png"]
        await asyncio.sleep(0)
        tab.drafts.change(EMPTY, {})
        await settled(tab.drafts)
        assert tab.record().files == ()
        assert tab.uses() == set()

    asyncio.run(story())


def test_files_that_came_back_are_kept_on() -> None:
    """Under their old names, and not a second time."""

    async def story() -> None:
        tab = Tab()
        tab.drafts.change(EMPTY, {"p1": file("a.png")})
        await settled(tab.drafts)
        page = tab.page()
        (kept,) = tab.record().files
        tab.files.since[kept.use] = 0.0
        assert await page.content(kept) is not None
        assert tab.files.since[kept.use] == NOON
        page.resume({"p7": kept})
        page.change(EMPTY._replace(copies="2"), {"p7": file("a.png")})
        await settled(page)
        assert tab.record() == EMPTY._replace(copies="2", files=(kept,))
        assert tab.uses() == {kept.use}
        tab.files.kept.clear()
        assert await page.content(kept) is None

    asyncio.run(story())


def test_what_cannot_be_read_harms_no_other() -> None:
    async def story() -> None:
        tab = Tab()
        folder = ChosenFile("folder", "", "", lambda: Folder(b""))
        tab.drafts.change(EMPTY, {"p1": folder, "p2": file("b.png")})
        await settled(tab.drafts)
        assert [each.name for each in tab.record().files] == ["b.png"]

    asyncio.run(story())


def test_a_store_that_forgets_gets_no_file() -> None:
    """It would keep it for as long as the page lives; the rest is kept all the same."""

    async def story() -> None:
        tab = Tab()
        tab.files.is_lasting = False
        tab.drafts.change(EMPTY._replace(copies="4"), {"p1": file("a.png")})
        await settled(tab.drafts)
        assert tab.files.users == {}
        assert tab.record().copies == "4"

    asyncio.run(story())


def test_drafts_of_tabs_that_are_gone_are_deleted_after_a_day() -> None:
    """Not those of a living one, however old, nor a task's files."""

    async def story() -> None:
        tab = Tab()
        names = {owner: make_use(WindowId(owner), "1") for owner in ("alive", "gone", "fresh")}
        for use in (*names.values(), TaskId("t0123")):
            await tab.files.keep(use, {})
            tab.files.since[use] = NOON - STALE_AFTER - 1
        tab.files.since[names["fresh"]] = NOON - STALE_AFTER + 1
        await tab.hold().seize(WindowId("alive"), "its token")
        await tab.drafts.sweep(NOON)
        assert tab.files.released == [names["gone"]]
        assert names["gone"].startswith(USE)

    asyncio.run(story())


def test_what_the_page_before_could_not_release_is_released() -> None:
    """It ended in that moment; what the record names stays, and what was kept just now."""

    async def story() -> None:
        tab = Tab()
        tab.drafts.change(EMPTY, {"p1": file("a.png"), "p2": file("b.png")})
        await settled(tab.drafts)
        tab.drafts.change(EMPTY, {"p1": file("a.png")})
        (gone,) = tab.files.released
        tab.files.released.clear()
        page = tab.page()
        (stays,) = tab.record().files
        page.resume({"p1": stays})
        await page.sweep(NOON + UNRECORDED_GRACE - 1)
        assert tab.files.released == []
        await page.sweep(NOON + UNRECORDED_GRACE + 1)
        assert tab.files.released == [gone]

    asyncio.run(story())
