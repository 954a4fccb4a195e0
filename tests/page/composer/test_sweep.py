"""Several values for the fields of a form."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.composer.form_fields import Field, Kind
from page.composer.sweep import MOST, can_vary, cells_of, read_values, with_rolled
from tests.tether.core.junk import texts
from tether.core.cells import Axis, Cell
from tether.core.errors import BadInput
from tether.core.ids import NodeId
from tether.core.protocol.node_info import FileKind


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


def test_files_and_switches_have_one_value() -> None:
    assert can_vary(a("text")) and can_vary(a("choice"))
    assert not any(can_vary(a(kind)) for kind in (*get_args(FileKind), "mask", "switch"))
    assert not can_vary(a("choice", is_dynamic=True))


def test_random_seeds_are_rolled_where_they_are_asked_for() -> None:
    """In whichever language; all else stays as it was typed."""
    seeds = iter(range(100, 999))
    assert with_rolled("1..3\n2 random\n 1随机", lambda: next(seeds)) == "1..3\n100\n101\n102"
    assert with_rolled("7\nrandom\n", lambda: 0) == "7\nrandom"
    assert with_rolled("0 Random", lambda: 0) == ""
    assert len(with_rolled("9999 random", lambda: 0).splitlines()) == MOST


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


def test_pictures_and_copies_are_axes_where_there_are_several() -> None:
    """Each task has its own place; where nothing varies at all there is none."""
    steps = [(Axis("Steps", "4", 0),), (Axis("Steps", "8", 1),)]
    labels = "Picture", "Copy"
    assert cells_of("s", steps, ["a.png"], 1, labels) == [[Cell("s", each) for each in steps]]
    twice = [each for each in steps for _ in range(2)]
    first, second = cells_of("s", twice, ["a.png", "b.png"], 2, labels)
    assert first[3] == Cell(
        "s", (Axis("Picture", "a.png", 0), Axis("Steps", "8", 1), Axis("Copy", "2", 1))
    )
    assert second[0] == Cell(
        "s", (Axis("Picture", "b.png", 1), Axis("Steps", "4", 0), Axis("Copy", "1", 0))
    )
    assert cells_of("s", [()], [""], 1, labels) == [[None]]
