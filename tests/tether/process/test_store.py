"""The state file, on a real disk and on one that is full."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from tether.core.events import Event, StorageFailed
from tether.core.ids import Digest, TaskId
from tether.process.blob import Blob
from tether.process.store import ProcessFiles, ProcessRecords, StateFile

ONE, TWO = TaskId("one"), TaskId("two")
TEXT, PICTURE = Digest("a"), Digest("b")


def played(story: Coroutine[Any, Any, None]) -> None:
    """Run a story on a loop of its own."""
    asyncio.run(story)


def copied(path: Path) -> Path:
    """A state file as a kill would leave it now."""
    copy = path.with_name("copy.db")
    for end in ("", "-wal"):
        copy.with_name(copy.name + end).write_bytes(Path(f"{path}{end}").read_bytes())
    return copy


def fail(event: Event) -> None:
    """Take an event that must not come."""
    pytest.fail(str(event))


def test_all_of_it_is_there_again(tmp_path: Path) -> None:
    """Records by space, entries, texts and pictures; what was deleted is not."""

    async def story() -> None:
        file = StateFile(tmp_path / "s.db", fail)
        window, shared = ProcessRecords(file, "window"), ProcessRecords(file, "shared")
        files = ProcessFiles(file)
        window.write("key", "mine")
        window.write("gone", "x")
        window.write("gone", None)
        shared.write("key", "ours")
        await files.keep(ONE, {TEXT: "text", PICTURE: Blob(b"picture")}, "entry")
        files.keep_entry(TWO, "other")
        files.share(TWO, ONE)
        files.release(ONE)
        files.keep_entry(ONE, None)
        file.close()

        file = StateFile(tmp_path / "s.db", fail)
        files = ProcessFiles(file)
        assert ProcessRecords(file, "window").read_all() == {"key": "mine"}
        assert ProcessRecords(file, "shared").read("key") == "ours"
        assert await files.entries() == {TWO: "other"}
        assert await files.read_text(TEXT) == "text"
        assert await files.read_text(PICTURE) is None
        assert await files.read(PICTURE) == Blob(b"picture")
        assert set(await files.kept_for("t")) == {TWO}
        files.release(TWO)
        assert await files.read(PICTURE) is None
        file.close()
        file = StateFile(tmp_path / "s.db", fail)
        assert await ProcessFiles(file).read(PICTURE) is None
        assert file.is_lasting
        file.close()

    played(story())


def test_what_is_written_is_on_disk_after_the_round(tmp_path: Path) -> None:
    """Nobody has to ask for it: a second reader finds it."""

    async def story() -> None:
        path = tmp_path / "s.db"
        file = StateFile(path, fail)
        file.put("window", "key", "text")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        other = StateFile(copied(path), fail)
        assert other.texts("window") == {"key": "text"}
        other.close()
        file.close()

    played(story())


def test_settled_means_on_disk(tmp_path: Path) -> None:
    """The task may be posted then."""

    async def story() -> None:
        file = StateFile(None, fail)
        files = ProcessFiles(file)
        seen: list[int] = []
        files.keep_entry(ONE, "entry")
        rows = "SELECT count(*) FROM texts"
        files.when_settled(lambda: seen.append(file._file.execute(rows).fetchone()[0]))
        assert seen == [1]
        assert not files.is_lasting
        file.close()

    played(story())


def test_what_a_full_disk_refuses_is_said_and_written_later(tmp_path: Path) -> None:
    """It is in memory meanwhile; whoever waits goes on."""

    async def story() -> None:
        told: list[Event] = []
        file = StateFile(tmp_path / "s.db", told.append)
        files = ProcessFiles(file)
        pages = file._file.execute("PRAGMA page_count").fetchone()[0]
        file._file.execute(f"PRAGMA max_page_count = {pages}")
        await files.keep(ONE, {PICTURE: Blob(bytes(10**5))}, "entry")
        (failed,) = told
        assert isinstance(failed, StorageFailed)
        assert failed.trouble.code == "files_full"
        assert await files.read(PICTURE) == Blob(bytes(10**5))
        assert await files.entries() == {ONE: "entry"}
        file._file.execute("PRAGMA max_page_count = 1000000")
        file.put("window", "key", "text")
        file.close()
        assert len(told) == 1
        file = StateFile(tmp_path / "s.db", fail)
        assert await ProcessFiles(file).entries() == {ONE: "entry"}
        assert await ProcessFiles(file).read(PICTURE) == Blob(bytes(10**5))
        file.close()

    played(story())
