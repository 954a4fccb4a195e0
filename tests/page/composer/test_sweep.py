"""Several values for the fields of a form."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.composer.form_fields import Field, Kind
from page.composer.sweep import MOST, can_vary, combined, count_of, read_values, titles, told
from tests.tether.core.junk import texts
from tether.core.errors import BadInput
from tether.core.ids import NodeId

STEPS, CFG = (NodeId("3"), "steps"), (NodeId("3"), "cfg")


def a(kind: Kind, **parts: Any) -> Field:
    """A field of some kind."""
    return Field(NodeId("3"), "steps", "Sampler", kind, "", True, **parts)


@pytest.mark.parametrize(
    ("kind", "typed", "values"),
    [
        ("whole", "4\n\n 8 \n", (4, 8)),
        ("whole", "1..4", (1, 2, 3, 4)),
        ("whole", "9..1 step 4\n20", (9, 5, 1, 20)),
        ("seed", "-1 .. 1 | 7", (-1, 0, 1, 7)),
        ("number", "0.3..0.9 step 0.3", (0.3, 0.6, 0.9)),
        ("number", "0,5..1 step 0,2", (0.5, 0.7, 0.9)),
        ("number", "0..1 step -0.5", (0.0, 0.5, 1.0)),
        ("seed", "156680208700286..156680208700287", (156680208700286, 156680208700287)),
        ("text", "a portrait | studio light\na dog", ("a portrait | studio light", "a dog")),
        ("text", "1..3", ("1..3",)),
        ("line", "a|b", ("a|b",)),
        ("choice", "a | b\n2", ("a | b", 2)),
    ],
)
def test_values_stand_in_lines_and_ranges(kind: Kind, typed: str, values: tuple[Any, ...]) -> None:
    assert read_values(a(kind, choices=("a | b", 2) if kind == "choice" else ()), typed) == values


@pytest.mark.parametrize(
    ("kind", "typed", "code"),
    [
        ("text", " \n", "sweep_empty"),
        ("whole", "1..x", "field_not_whole"),
        ("whole", "1..3 step 0", "field_not_whole"),
        ("whole", "1..2 step 0.5", "field_not_whole"),
        ("number", "1..9", "field_bad"),
        ("whole", f"1..{MOST + 1}", "sweep_long"),
        ("number", "0..999999999999 step 0.000000000001", "sweep_long"),
        ("line", "x\n" * (MOST + 1), "sweep_long"),
    ],
)
def test_what_is_no_value_is_refused(kind: Kind, typed: str, code: str) -> None:
    with pytest.raises(BadInput) as error:
        read_values(a(kind, high=None if code == "sweep_long" else 5.0), typed)
    assert error.value.trouble.code == code


def test_pictures_and_switches_have_one_value() -> None:
    assert can_vary(a("text")) and can_vary(a("choice"))
    assert not can_vary(a("picture")) and not can_vary(a("switch"))
    assert not can_vary(a("choice", is_dynamic=True))


def test_values_are_combined_all_with_all_or_side_by_side() -> None:
    values = {STEPS: (4, 8), CFG: (1.5, 3.0)}
    assert [tuple(each.values()) for each in combined(values, is_side_by_side=False)] == [
        *((4, 1.5), (4, 3.0)),
        *((8, 1.5), (8, 3.0)),
    ]
    assert combined(values, is_side_by_side=True) == [{STEPS: 4, CFG: 1.5}, {STEPS: 8, CFG: 3.0}]
    for is_side_by_side, count in ((True, 2), (False, 4)):
        assert combined({}, is_side_by_side) == [{}]
        assert count_of({}, is_side_by_side) == 1
        assert count_of(values, is_side_by_side) == count


def test_what_cannot_be_combined_says_why() -> None:
    with pytest.raises(BadInput) as error:
        combined({STEPS: (1, 2, 3), CFG: (1, 2)}, is_side_by_side=True)
    assert error.value.trouble.code == "sweep_uneven"
    assert dict(error.value.trouble.facts) == {"counts": "3, 2"}
    with pytest.raises(BadInput) as error:
        combined({STEPS: range(MOST), CFG: (1, 2)}, is_side_by_side=False)
    assert error.value.trouble.code == "sweep_wide"


def test_a_title_says_the_values() -> None:
    """Texts speak for themselves, and are cut."""
    text = (NodeId("4"), "text")
    labels = {STEPS: "Steps"}
    assert told({STEPS: 4, text: "a  cat\nwith wings"}, labels) == "Steps 4, a cat with wings"
    assert told({STEPS: 2.0, CFG: 0.25}, labels) == "Steps 2, 0.25"
    assert told({text: "x" * 40}, {}) == "x" * 31 + "…"
    assert told({}, labels) == ""
    alike = [{text: "x" * 40}, {text: "x" * 41}]
    assert titles(alike, {}) == [f"1: {'x' * 31}…", f"2: {'x' * 31}…"]
    assert titles([{STEPS: 4}, {text: "a · b"}], labels) == ["Steps 4", "a b"]


def test_a_range_of_fractions_needs_a_step() -> None:
    """The field's own, if it has one."""
    assert read_values(a("number", step=0.2), "0.3..0.8") == (0.3, 0.5, 0.7)
    assert read_values(a("number", step=0.2), "1..3") == (1.0, 2.0, 3.0)
    with pytest.raises(BadInput):
        read_values(a("number"), "0,3..0.8")


@given(texts, st.sampled_from(["text", "line", "seed", "whole", "number", "choice"]))
def test_whatever_is_typed_is_values_or_says_why(typed: str, kind: Kind) -> None:
    try:
        assert 0 < len(read_values(a(kind), typed)) <= MOST
    except BadInput as error:
        assert error.trouble.code in ("sweep_empty", "sweep_long", "field_bad", "field_not_whole")
