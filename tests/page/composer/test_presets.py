"""Presets as records and as a file."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.composer.presets import (
    LARGEST,
    LONGEST_NAME,
    LONGEST_VALUES,
    MOST,
    Preset,
    presets_of,
    read_then,
    with_file,
    with_preset,
    without,
    write_file,
    write_then,
)
from tether.core.errors import BadInput
from tether.runtime.shared_entries import Content

SOFT = Preset("soft", {"3.steps": "20"})
SHARP = Preset("Sharp", {"3.steps": "40", "fresh": "true"}, is_favourite=True)


def kept(*presets: Preset, workflow: str = "mine.json") -> Any:
    """Records with these presets."""
    content: Any = {}
    for preset in presets:
        content = with_preset(content, workflow, preset)
    return content


def test_favourites_come_first() -> None:
    """And each workflow has its own."""
    content = kept(SOFT, Preset("a", {}), SHARP)
    assert presets_of(content, "mine.json") == [SHARP, Preset("a", {}), SOFT]
    assert presets_of(content, "other.json") == []


def test_a_preset_replaces_one_of_its_name() -> None:
    """Whatever spaces were typed around it; others stay."""
    content = with_preset(kept(SOFT, SHARP), "mine.json", Preset("  soft ", {"3.steps": "8"}))
    assert presets_of(content, "mine.json") == [SHARP, Preset("soft", {"3.steps": "8"})]
    assert presets_of(without(content, "mine.json", "soft"), "mine.json") == [SHARP]
    assert without({}, "mine.json", "soft") == {"mine.json": {}}


@pytest.mark.parametrize(
    ("preset", "code"),
    [
        (Preset(" ", {}), "preset_unnamed"),
        (Preset("long", {"1.text": "x" * LONGEST_VALUES}), "preset_long"),
    ],
)
def test_what_cannot_be_kept_is_refused(preset: Preset, code: str) -> None:
    """With a reason."""
    with pytest.raises(BadInput) as refused:
        with_preset({}, "mine.json", preset)
    assert refused.value.trouble.code == code


def test_there_is_an_end_to_how_many() -> None:
    """An older one can still be replaced."""
    content = kept(*(Preset(str(number), {}) for number in range(MOST)))
    assert presets_of(with_preset(content, "mine.json", Preset("0", {"a": "b"})), "mine.json")
    with pytest.raises(BadInput) as refused:
        with_preset(content, "other.json", SOFT)
    assert refused.value.trouble.code == "presets_full"


def test_presets_leave_room_for_tasks() -> None:
    """However few they are."""
    long = Preset("long", {"1.text": "x" * (LONGEST_VALUES - 6)})
    content: Content = {}
    with pytest.raises(BadInput) as refused:
        for number in range(MOST):
            content = with_preset(content, "mine.json", long._replace(name=str(number)))
    assert refused.value.trouble.code == "presets_large"
    assert len(content["mine.json"]) == LARGEST // LONGEST_VALUES - 1


def test_a_long_name_is_cut() -> None:
    """It has to fit on the page."""
    (found,) = presets_of(kept(Preset("x" * 500, {})), "mine.json")
    assert found.name == "x" * LONGEST_NAME
    (found,) = presets_of(kept(Preset("x" * 79 + " yy", {})), "mine.json")
    assert found.name == "x" * 79, "it is the same once more"


@given(
    st.dictionaries(
        st.text(min_size=1).filter(str.strip),
        st.tuples(st.dictionaries(st.text(), st.text(), max_size=3), st.booleans()),
        max_size=4,
    )
)
def test_a_file_brings_all_of_them(values: dict[str, Any]) -> None:
    """To a browser that had none."""
    content = kept(*(Preset(name, typed, is_one) for name, (typed, is_one) in values.items()))
    found, count = with_file({}, write_file(content))
    assert presets_of(found, "mine.json") == presets_of(content, "mine.json")
    assert count == len(presets_of(content, "mine.json"))


def test_a_file_replaces_what_it_has_and_leaves_the_rest() -> None:
    """By name; what a person wrote into it by hand counts as well."""
    row = {"workflow": "mine.json", "name": "soft", "values": {"3.steps": "9", "4.x": 7}}
    text = json.dumps({"tether": "presets", "presets": [row]})
    content, count = with_file(kept(SOFT, SHARP), text)
    assert presets_of(content, "mine.json") == [SHARP, Preset("soft", {"3.steps": "9"})]
    assert count == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"presets": []}',
        '{"tether": "settings", "presets": []}',
        '{"tether": "presets", "presets": [{"name": "x"}]}',
        '{"tether": "presets", "presets": [7]}',
    ],
)
def test_another_file_is_refused(text: str) -> None:
    """It may be a workflow."""
    with pytest.raises(BadInput) as refused:
        with_file(kept(SOFT), text)
    assert refused.value.trouble.code == "presets_unreadable"


@given(st.recursive(st.none() | st.text() | st.integers(), lambda x: st.dictionaries(st.text(), x)))
def test_what_another_version_has_written_is_left_out(value: Any) -> None:
    """It must not break the form."""
    assert presets_of({"mine.json": {"x": value}}, "mine.json") == []


@given(st.text(max_size=9), st.text(max_size=9), st.text(max_size=9))
def test_the_workflow_that_follows_is_a_value_like_others(title: str, text: str, junk: str) -> None:
    """It travels with them."""
    assert read_then(write_then(title, text)) == (title, text)
    assert read_then(junk) is None
