"""The state file, on a real disk and on one that is full."""

import asyncio
import sqlite3
import stat
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from tether.core.errors import TetherError
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
        path = tmp_path / "s.db"
        file = StateFile(path, fail)
        files = ProcessFiles(file)
        files.keep_entry(ONE, "entry")
        copies: list[Path] = []
        files.when_settled(lambda: copies.append(copied(path)))
        other = StateFile(copies[0], fail)
        assert await ProcessFiles(other).entries() == {ONE: "entry"}
        other.close()
        file.close()
        in_memory = StateFile(None, fail)
        assert not ProcessFiles(in_memory).is_lasting
        in_memory.close()

    played(story())


def test_a_full_disk_accepts_no_task_and_loses_none(tmp_path: Path) -> None:
    """What belongs to earlier ones is said to be in memory, and written later."""

    async def story() -> None:
        told: list[Event] = []
        file = StateFile(tmp_path / "s.db", told.append)
        files = ProcessFiles(file)
        pages = file._file.execute("PRAGMA page_count").fetchone()[0]
        file._file.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(TetherError) as refused:
            await files.keep(ONE, {PICTURE: Blob(bytes(10**5))}, "entry")
        assert refused.value.trouble.code == "task_unkept"
        assert await files.entries() == {}
        assert await files.read(PICTURE) is None
        file._file.execute("PRAGMA max_page_count = 1000000")
        await files.keep(ONE, {TEXT: "text"}, "entry")
        file._file.execute(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(TetherError):  # it has been accepted, and takes one file more
            await files.keep(ONE, {PICTURE: Blob(bytes(10**5)), TEXT: "text"})
        assert await files.entries() == {ONE: "entry"}
        assert (await files.read_text(TEXT), await files.read(PICTURE)) == ("text", None)
        files.release(ONE)
        files.keep_entry(ONE, None)
        files.keep_entry(TWO, "x" * 10**5)
        files.when_settled(lambda: None)
        assert {event.trouble.code for event in told if isinstance(event, StorageFailed)} == {
            "state_full"
        }
        file._file.execute("PRAGMA max_page_count = 1000000")
        told.clear()
        await files.keep(ONE, {PICTURE: Blob(bytes(10**5))}, "entry")
        assert told == []
        file.close()
        file = StateFile(tmp_path / "s.db", fail)
        assert await ProcessFiles(file).entries() == {ONE: "entry", TWO: "x" * 10**5}
        assert await ProcessFiles(file).read(PICTURE) == Blob(bytes(10**5))
        file.close()

    played(story())


def test_half_a_character_stops_nothing(tmp_path: Path) -> None:
    """JSON can name it, and no file takes it."""

    async def story() -> None:
        file = StateFile(tmp_path / "s.db", fail)
        files = ProcessFiles(file)
        await files.keep(ONE, {TEXT: "x\ud83d"}, "entry \ud83d")
        await files.keep(TWO, {}, "other")
        file.close()
        file = StateFile(tmp_path / "s.db", fail)
        assert await ProcessFiles(file).entries() == {ONE: "entry ?", TWO: "other"}
        assert await ProcessFiles(file).read_text(TEXT) == "x?"
        file.close()

    played(story())


def test_another_programs_database_is_left_as_it_is(tmp_path: Path) -> None:
    """And not locked."""
    path = tmp_path / "places.db"
    with sqlite3.connect(path) as theirs:
        theirs.execute("CREATE TABLE texts (a)")
    theirs.close()
    before = path.read_bytes()
    with pytest.raises(TetherError) as refused:
        StateFile(path, fail)
    assert refused.value.trouble.code == "state_unreadable"
    assert path.read_bytes() == before
    with sqlite3.connect(path, timeout=0) as theirs:
        theirs.execute("INSERT INTO texts VALUES (1)")
    theirs.close()


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    """Tokens may be in it."""
    path = tmp_path / "s.db"
    StateFile(path, fail).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
