"""What is chosen and not run yet, as a record of the tab.

How many tasks a person wants of each picture.
"""

import json
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.composer.records import (
    LONGEST_RECENT,
    LONGEST_TITLE,
    MAX_RECENT,
    MOST_COPIES,
    USE,
    WORKFLOW,
    Draft,
    KeptFile,
    make_use,
    place_key,
    read_copies,
    read_draft,
    read_own,
    read_recent,
    window_of,
    with_recent,
    write_draft,
    write_own,
)
from tests.tether.core.junk import anything, peer_texts, texts
from tests.tether.runtime.processes import Origin
from tether.core.errors import BadInput, Trouble
from tether.core.ids import Digest, WindowId
from tether.runtime.shared_entries import Content, SharedEntries

WINDOW = WindowId("w0123456789ab")
KEPT = KeptFile(make_use(WINDOW, "1f"), Digest("ab12"), "katze 1.png", "image/png", "")
WHOLE = Draft(
    *("blur", "3", "http://gpu-1:8188", {"2.sigma": "0.5"}),
    (KEPT, KEPT._replace(place="7.image"), KEPT._replace(place=WORKFLOW)),
    "upscale",
)
OWN = ("mine.json", '{"1": {}}', (Trouble.of("assumed", node="KSampler"),))


def test_a_draft_is_read_as_it_was_written() -> None:
    assert read_draft(write_draft(WHOLE)) == WHOLE
    empty = Draft("invert", "1", "")
    assert read_draft(write_draft(empty)) == empty
    older = json.loads(write_draft(empty))
    del older["then"]
    assert read_draft(json.dumps(older)) == empty


def test_a_picked_file_is_told_from_others_at_its_place() -> None:
    """By what a browser says of it: the file itself is another object each time."""
    file = SimpleNamespace(name="a.png", size=7, lastModified=12)
    key = place_key("7.image", file)
    assert key == place_key("7.image", SimpleNamespace(**vars(file)))
    others = (vars(file) | change for change in ({"name": "b"}, {"size": 8}, {"lastModified": 13}))
    assert key not in [place_key("7.image", SimpleNamespace(**each)) for each in others]
    assert key != place_key("8.image", file)


def test_a_workflow_of_ones_own_is_read_as_it_was_written() -> None:
    assert read_own(write_own(*OWN)) == OWN


def test_a_file_is_kept_in_the_name_of_its_window() -> None:
    assert KEPT.use.startswith(USE)
    assert window_of(KEPT.use) == WINDOW


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"v": 2}', '{"v": 1, "workflow": 1}'])
def test_what_is_no_draft_is_none(text: str) -> None:
    assert read_draft(text) is None
    assert read_own(text) is None


def test_rows_that_are_none_are_left_out() -> None:
    """A task's own name above all: its files are not a draft's."""
    task = [*KEPT]
    task[0] = "t0123"
    record = json.loads(write_draft(WHOLE)) | {"files": [[*KEPT], 3, ["a"], task]}
    read = read_draft(json.dumps(record | {"typed": {"a": 1, "b": "2"}}))
    assert read is not None
    assert read.files == (KEPT,)
    assert read.typed == {"b": "2"}
    own = json.loads(write_own(*OWN)) | {"assumptions": [3, ["code", {"n": 4}], ["code"]]}
    assert read_own(json.dumps(own)) == (*OWN[:2], (Trouble.of("code", n=4),))


@given(peer_texts([write_draft(WHOLE), write_own(*OWN)]))
def test_any_record_is_a_draft_or_none(text: str) -> None:
    """Whatever another version or a stranger left there; what was read can be written."""
    draft = read_draft(text)
    assert draft is None or read_draft(write_draft(draft)) == draft
    own = read_own(text)
    assert own is None or read_own(write_own(*own)) == own


@given(texts, texts, st.dictionaries(texts, texts))
def test_any_names_and_values_survive(name: str, copies: str, typed: dict[str, str]) -> None:
    draft = Draft(name, copies, name, typed, (KEPT._replace(name=name),))
    assert read_draft(write_draft(draft)) == draft


@pytest.mark.parametrize(
    ("typed", "copies"), [("1", 1), (" 12 ", 12), ("007", 7), ("99", MOST_COPIES)]
)
def test_a_whole_number_is_read(typed: str, copies: int) -> None:
    """As people type it."""
    assert read_copies(typed) == copies


@pytest.mark.parametrize("typed", ["", "0", "-1", "100", "1.5", "1e1", "two", "٣", "9" * 5000])
def test_anything_else_is_refused(typed: str) -> None:
    """With the range that a sentence can tell."""
    with pytest.raises(BadInput) as caught:
        read_copies(typed)
    assert dict(caught.value.trouble.facts) == {"most": "99"}


@given(st.text())
def test_any_text_is_a_number_or_refused(typed: str) -> None:
    """Also digits of other scripts, and endless ones."""
    with suppress(BadInput):
        assert 1 <= read_copies(typed) <= MOST_COPIES


def test_the_latest_comes_first_and_each_title_once() -> None:
    used: Content = {}
    for title, workflow in (("a", "1"), ("b", "2"), ("a", "3")):
        used = with_recent(used, title, workflow)
    assert read_recent(used) == [("a", "3"), ("b", "2")]


def test_old_ones_make_way() -> None:
    used: Content = {}
    for number in range(MAX_RECENT + 3):
        used = with_recent(used, str(number), "{}")
    assert [title for title, _ in read_recent(used)] == [str(n) for n in range(10, 2, -1)]


def test_the_room_is_bounded() -> None:
    used = with_recent({}, "old", "x" * (LONGEST_RECENT // 2))
    used = with_recent(used, "new", "y" * (LONGEST_RECENT // 2 + 1))
    assert [title for title, _ in read_recent(used)] == ["new"]
    huge = with_recent(used, "huge", "z" * (LONGEST_RECENT + 1))
    assert read_recent(huge) == read_recent(used), "what can't be kept drives out no other"
    assert read_recent(with_recent({}, "t" * 999, "{}")) == [("t" * LONGEST_TITLE, "{}")]


def test_two_windows_that_use_a_workflow_at_once_remember_both() -> None:
    """Neither has heard of the other's when it writes its own."""
    origin = Origin(2)
    windows = [SharedEntries(records, "recent") for records in origin.windows]
    for window, title in zip(windows, "ab", strict=True):
        window.write(with_recent(window.read(), title, "{}"))
    origin.settle()
    for window in windows:
        assert read_recent(window.read()) == [("b", "{}"), ("a", "{}")]


@given(st.dictionaries(st.sampled_from(["used", "x"]), st.dictionaries(texts, anything)), texts)
def test_any_content_is_a_list_that_can_be_added_to(
    content: dict[str, dict[str, Any]], title: str
) -> None:
    """Whatever another version or a stranger left there."""
    assert all(len(row) == 2 for row in read_recent(content))
    assert read_recent(with_recent(content, title, "{}"))[0] == (title, "{}")
