"""What all windows of a browser know of each other's unfinished tasks."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.farm import NOON
from tests.tether.core.junk import anything
from tether.core.ids import TaskId, WindowId
from tether.core.windows.ledger import (
    END_KEPT_FOR,
    ENTRY_RECORD,
    OWN_END_KEPT_FOR,
    Entry,
    entries_of,
    forgotten,
    is_taken,
    merged,
    owners,
    read_entry,
    read_ledger,
    write_entry,
)

A, B = WindowId("wa"), WindowId("wb")
LEDGER = {
    TaskId("t1"): Entry(A, 0, "one", NOON),
    TaskId("t2"): Entry(B, 2, "two", NOON),
    TaskId("t3"): Entry(B, 1, "", NOON),
}


def test_what_is_written_is_read() -> None:
    """Among whatever else the windows share."""
    shared = {ENTRY_RECORD + task: write_entry(entry) for task, entry in LEDGER.items()}
    assert read_ledger({**shared, "servers": "[]", ENTRY_RECORD + "bad": "{"}) == LEDGER


@given(anything.map(json.dumps) | st.text())
def test_anything_else_is_no_entry(text: str) -> None:
    """It may come from an older page, or from nobody we know."""
    read = read_entry(text)
    assert read is None or read_entry(write_entry(read)) == read


@pytest.mark.parametrize("change", [{"owner": 1}, {"epoch": "1"}, {"task": None}, {"at": "noon"}])
def test_a_part_of_another_kind_is_no_entry(change: dict[str, object]) -> None:
    """Each part counts."""
    entry = json.loads(write_entry(LEDGER[TaskId("t1")]))
    assert read_entry(json.dumps(entry)) is not None
    assert read_entry(json.dumps({**entry, **change})) is None


@pytest.mark.parametrize("other", [{"rev": "9"}, {"rev": None}])
def test_an_entry_without_a_revision_is_the_first(other: dict[str, object]) -> None:
    """Pages of before wrote none."""
    entry = json.loads(write_entry(LEDGER[TaskId("t1")]))
    assert read_entry(json.dumps({**entry, **other})) == LEDGER[TaskId("t1")]


@pytest.mark.parametrize(
    ("shared", "kept", "holds"),
    [
        (None, Entry(A, 0, "kept", NOON, 1), "kept"),
        (Entry(A, 0, "shared", NOON, 1), Entry(A, 0, "kept", NOON, 1), "shared"),
        (Entry(A, 0, "shared", NOON, 1), Entry(A, 0, "kept", NOON, 2), "kept"),
        (Entry(A, 0, "shared", NOON, 3), Entry(A, 0, "kept", NOON, 2), "shared"),
        (Entry(B, 1, "shared", NOON, 3), Entry(A, 0, "kept", NOON, 9), "shared"),
        (Entry(A, 0, "", NOON, 3), Entry(A, 0, "the end", NOON, 3), ""),
    ],
)
def test_of_two_entries_the_later_one_holds(shared: Entry | None, kept: Entry, holds: str) -> None:
    """What windows share may be of seconds before the browser was killed."""
    task = TaskId("t1")
    ledger = merged({} if shared is None else {task: shared}, {task: kept})
    assert ledger[task].record == holds


def test_a_task_is_taken_by_a_later_epoch_alone() -> None:
    """One that nobody entered, or that we entered ourselves, is ours."""
    assert is_taken(TaskId("t2"), 1, LEDGER)
    assert not is_taken(TaskId("t2"), 2, LEDGER)
    assert not is_taken(TaskId("t1"), 0, LEDGER)
    assert not is_taken(TaskId("t4"), 0, LEDGER)


def test_other_windows_with_unfinished_tasks_are_the_owners() -> None:
    """Their ended tasks are of no interest."""
    assert owners(LEDGER, A) == {B}
    assert owners(LEDGER, B) == {A}
    assert entries_of(LEDGER, B) == (LEDGER[TaskId("t2")],)


@given(st.integers(-2 * int(END_KEPT_FOR), 2 * int(END_KEPT_FOR)))
def test_ends_are_forgotten_after_a_while(age: int) -> None:
    """What is stamped in the future is not: another window may have the right clock."""
    gone = list(forgotten(LEDGER, NOON + age))
    assert gone == ([] if age < END_KEPT_FOR else ["t3"])


@given(st.integers(-2 * int(OWN_END_KEPT_FOR), 2 * int(OWN_END_KEPT_FOR)))
def test_the_end_of_a_task_that_nobody_adopted_is_forgotten_soon(age: int) -> None:
    """Only its own window had it, which has shown it."""
    task = TaskId("t1")
    gone = list(forgotten({task: Entry(A, 0, "", NOON)}, NOON + age))
    assert gone == ([] if age < OWN_END_KEPT_FOR else [task])
