"""What windows change at the same moment is all there afterwards."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.memory import MemoryRecords
from tests.tether.core.junk import anything
from tests.tether.runtime.processes import Origin
from tether.core.protocol.outputs import read_json
from tether.runtime.shared_entries import Content, SharedEntries

PLACES = st.tuples(st.sampled_from(["added", "names"]), st.sampled_from(["a", "b:8188", "ü"]))


def changed(content: Content, place: tuple[str, str], value: object) -> Content:
    """A content with another value at a place; None deletes it."""
    section, name = place
    after = {each: dict(named) for each, named in content.items()}
    after.setdefault(section, {})[name] = value
    if value is None:
        del after[section][name]
    return after


def test_values_are_kept_each_by_itself() -> None:
    """Only what differs is written, beside what else is in storage."""
    kept = MemoryRecords()
    kept.write("listless", "[]")
    entries = SharedEntries(kept, "list")
    assert entries.read() == {}
    entries.write({"added": {"a": [1, "ä"], "b": ""}, "names": {}})
    assert entries.read() == {"added": {"a": [1, "ä"], "b": ""}}
    assert SharedEntries(kept, "other").read() == {}
    records = kept.read_all()
    kept.write("listless", "changed")
    entries.write({"added": {"a": [1, "ä"]}})
    assert len(records) == 3 and len(kept.read_all()) == 2
    assert [entries.holds(key) for key in ("listless", "list:x", "list")] == [False, True, False]


@pytest.mark.parametrize("text", ["", "?", "null"])
@pytest.mark.parametrize("key", ['list:["added", "b"]', "list:?", "list:[3]", "list:"])
def test_what_cannot_be_read_is_left_out(key: str, text: str) -> None:
    """Another page of the origin may have written it."""
    kept = MemoryRecords()
    entries = SharedEntries(kept, "list")
    entries.write({"added": {"a": 1}})
    kept.write(key, text)
    assert entries.read() == {"added": {"a": 1}}


def play(steps: list[tuple[int, tuple[str, str], object]]) -> None:
    """Two windows change values, and hear of each other's changes now and then."""
    origin = Origin(2)
    windows = [SharedEntries(records, "list") for records in origin.windows]
    writers: dict[tuple[str, str], set[int]] = {}
    wanted: dict[tuple[str, str], object] = {}
    for number, place, value in steps:
        if value == "hear":
            origin.windows[number].hear()
        else:
            windows[number].write(changed(windows[number].read(), place, value))
            writers.setdefault(place, set()).add(number)
            wanted[place] = value
    origin.settle()
    first, second = (window.read() for window in windows)
    assert first == second
    for place, numbers in writers.items():
        if len(numbers) == 1:
            assert first.get(place[0], {}).get(place[1]) == wanted[place]


STEPS = st.lists(
    st.tuples(st.integers(0, 1), PLACES, st.sampled_from([1, "two", None, "hear"])), max_size=12
)


@given(STEPS)
def test_no_window_forgets_what_another_has_changed(steps: list[Any]) -> None:
    """In whatever order they change and hear; all agree in the end."""
    play(steps)


def test_a_list_that_is_written_whole_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The story notices: a window that writes all it knows takes back what it has not heard of."""

    def read(self: SharedEntries) -> dict[str, dict[str, Any]]:
        return read_json(self._shared.read("whole") or "{}")

    def write(self: SharedEntries, content: Content) -> None:
        self._shared.write("whole", json.dumps(content))

    monkeypatch.setattr(SharedEntries, "read", read)
    monkeypatch.setattr(SharedEntries, "write", write)
    with pytest.raises(AssertionError):
        play([(0, ("added", "a"), 1), (1, ("added", "b:8188"), 1)])


@given(st.dictionaries(st.text(max_size=3), st.dictionaries(st.text(max_size=3), anything)))
def test_any_content_comes_back(content: dict[str, dict[str, Any]]) -> None:
    """Whatever people call their servers."""
    entries = SharedEntries(MemoryRecords(), "list")
    entries.write(content)
    before = entries.read()
    entries.write(before)
    assert entries.read() == before
