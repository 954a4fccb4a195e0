"""Names, versions and counters of files."""

from random import Random

import pytest

from simulator.events import DropBlob
from simulator.files import Files, OutsideRoot, clean_subfolder, split_annotation
from simulator.http import Blob
from simulator.stage import Stage

SOME_TIME = 1_795_452_237.5  # 2026-11-23 16:43:57 UTC


@pytest.fixture
def stage() -> Stage:
    """A stage on which it is some time."""
    stage = Stage(Random(1))
    stage.advance(SOME_TIME)
    return stage


@pytest.fixture
def files(stage: Stage) -> Files:
    """Empty folders."""
    return Files(stage)


def blob(digest: str, size: int = 1) -> Blob:
    """Bytes with a digest, stored under a key of their own."""
    blob.made += 1
    return Blob(f"key-{blob.made}", size, digest)


blob.made = 0


def test_the_same_bytes_keep_their_name(files: Files, stage: Stage) -> None:
    """Other bytes get the next free number; a number may be reused by its own bytes."""
    names = [
        files.add_upload("input", "", "a.b.png", blob(digest), overwrite=False).name
        for digest in ("one", "one", "two", "three", "two")
    ]
    assert names == ["a.b.png", "a.b.png", "a.b (1).png", "a.b (2).png", "a.b (1).png"]
    dropped = [each for each in stage.take_effects() if isinstance(each, DropBlob)]
    assert len(dropped) == 2  # The two that were there already.


@pytest.mark.parametrize(
    ("name", "second"),
    [("noext", "noext (1)"), (".png", ".png (1)"), ("x.tar.gz", "x.tar (1).gz")],
)
def test_numbers_stand_before_the_ending(files: Files, name: str, second: str) -> None:
    """A name that begins with its only dot has no ending."""
    files.add_upload("input", "", name, blob("one"), overwrite=False)
    again = files.add_upload("input", "", name, blob("two"), overwrite=False)
    assert again.name == second


def test_overwriting_drops_the_old_bytes(files: Files, stage: Stage) -> None:
    """The name stays and means the new ones."""
    old = files.add_upload("input", "", "a.png", blob("one"), overwrite=False)
    new = files.add_upload("input", "", "a.png", blob("two"), overwrite=True)
    assert files.find_named("a.png") == new
    assert stage.take_effects() == (DropBlob(old.blob.key),)


@pytest.mark.parametrize("subfolder", ["..", "../x", "a/../../x", "/etc", "../../x"])
def test_subfolders_stay_inside(files: Files, subfolder: str) -> None:
    """Nothing is stored outside."""
    with pytest.raises(OutsideRoot):
        files.add_upload("input", subfolder, "a.png", blob("one"), overwrite=False)


@pytest.mark.parametrize("name", ["/etc/passwd", "../a.png", "..", "."])
def test_names_stay_inside(files: Files, name: str) -> None:
    """Names may hold folders, but none above."""
    with pytest.raises(OutsideRoot):
        files.add_upload("input", "", name, blob("one"), overwrite=False)


def test_names_may_hold_folders(files: Files) -> None:
    """`a/b.png` lies in `a`."""
    stored = files.add_upload("input", "x", "a/b.png", blob("one"), overwrite=False)
    assert (stored.subfolder, stored.name) == ("x/a", "b.png")
    assert files.find_named("x/a/b.png") == stored


def test_workflows_name_folders_by_a_suffix(files: Files) -> None:
    """`x.png [temp]` lies in `temp`; without it in `input`."""
    stored = files.add_upload("temp", "", "x.png", blob("one"), overwrite=False)
    assert files.find_named("x.png [temp]") == stored
    assert files.find_named("x.png") is None
    assert files.find_named("../x.png [temp]") is None
    assert split_annotation("x.png [other]") == ("x.png [other]", None)


def test_clean_subfolder_knows_the_root() -> None:
    """Empty, a dot and a detour are all the root itself."""
    assert {clean_subfolder(each) for each in ("", ".", "a/..", "./")} == {""}


def test_saved_files_count_on(files: Files, stage: Stage) -> None:
    """From the highest number there is, with gaps left alone."""
    files.add_upload("output", "", "t_00007_.png", blob("one"), overwrite=False)
    files.add_upload("output", "", "t_x_.png", blob("two"), overwrite=False)
    saved = files.save_numbered("output", "t", ".png", (blob("a"), blob("b")), (1, 1))
    assert [each.name for each in saved] == ["t_00008_.png", "t_00009_.png"]
    saved = files.save_numbered("output", "t", ".png", (blob("c"),), (1, 1))
    assert [each.name for each in saved] == ["t_00010_.png"]
    # An upload in between may take a number.
    files.add_upload("output", "", "t_00020_.png", blob("three"), overwrite=False)
    saved = files.save_numbered("output", "t", ".png", (blob("d"),), (1, 1))
    assert [each.name for each in saved] == ["t_00021_.png"]


def test_a_prefix_may_hold_folders_and_variables(files: Files) -> None:
    """Sizes, dates and the number within the batch."""
    prefix = "dir/%year%-%month%-%day%/%width%x%height%_%batch_num%"
    saved = files.save_numbered("output", prefix, ".png", (blob("a"), blob("b")), (64, 48))
    assert saved[1].as_output == {
        "filename": "64x48_1_00002_.png",
        "subfolder": "dir/2026-11-23",
        "type": "output",
    }
    with pytest.raises(OutsideRoot):
        files.save_numbered("output", "../x", ".png", (blob("c"),), (1, 1))


def test_temp_is_emptied_and_counts_anew(files: Files, stage: Stage) -> None:
    """Other folders stay."""
    files.save_numbered("temp", "t", ".png", (blob("a"),), (1, 1))
    files.save_numbered("output", "t", ".png", (blob("b"),), (1, 1))
    files.empty_temp()
    assert len(stage.take_effects()) == 1
    assert files.names("temp") == []
    assert files.names("output") == ["t_00001_.png"]
    saved = files.save_numbered("temp", "t", ".png", (blob("c"),), (1, 1))
    assert saved[0].name == "t_00001_.png"
    assert files.save_numbered("output", "t", ".png", (), (1, 1)) == []


def test_numbers_count_on_from_what_is_there(files: Files) -> None:
    """Only names with the same stem and a number count."""
    for name in ("t_00007_.png", "t_last_.png", "other_00009_.png"):
        files.put("output", "", name, blob("one"))
    saved = files.save_numbered("output", "t", ".png", (blob("two"), blob("three")), (1, 1))
    assert [each.name for each in saved] == ["t_00008_.png", "t_00009_.png"]
