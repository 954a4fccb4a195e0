"""What is decided each time that a workflow is queued.

Where a case has a result of the editor, it is that of its version 1.58.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.workflows.cases import MOMENT
from tether.core.ids import NodeId
from tether.core.protocol.workflow import Workflow
from tether.workflows.queued import Moment, dated, dynamic_prompt, queued, replaced


def first(_count: int) -> int:
    return 0


def last(count: int) -> int:
    return count - 1


@pytest.mark.parametrize(
    ("text", "as_first", "as_last"),
    [
        ("a {red|blue} car", "a red car", "a blue car"),
        ("{a|{b|c}} {d|e}", "a d", "c e"),
        ("hi /*gone*/ {a} // x\nnext", "hi  a \nnext", "hi  a \nnext"),
        ("a {x} \\{y\\} //c\nb /*d*/ e", "a x {y} \nb  e", "a x {y} \nb  e"),
        ("see http://b.c d", "see http:", "see http:"),
        ("x {a/*|*/b} y", "x ab y", "x ab y"),
        ("{a|{b", "a", "b"),
        ("\\\\{a} {\\{|\\}}", "\\\\a {", "\\\\a }"),
        ("a}b|c", "a}b|c", "a}b|c"),
        ("{}", "", ""),
        ("{ a | b }", " a ", " b "),
        ("http:/*x", "http:/*x", "http:/*x"),
        ("end\\", "end\\", "end\\"),
        ("{end\\", "end\\", "end\\"),
    ],
)
def test_choices_and_comments(text: str, as_first: str, as_last: str) -> None:
    assert dynamic_prompt(text, first) == as_first
    assert dynamic_prompt(text, last) == as_last


def test_choices_without_end_stay_as_they_are() -> None:
    assert dynamic_prompt("{" * 5_000 + "x", first).endswith("{x")


@given(st.text("ab{}|\\/*\n", max_size=40), st.integers(0, 9))
def test_any_text_has_a_result(text: str, number: int) -> None:
    dynamic_prompt(text, lambda count: number % count)


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("yyyy-MM-dd", "2026-03-04"),
        ("yy-M-d_hh.mm.ss", "26-3-4_05.06.07"),
        ("h:m:s yyy y", "5:6:7 yyy y"),
        ("", ""),
    ],
)
def test_dates(pattern: str, written: str) -> None:
    assert dated(pattern, MOMENT) == written
    assert dated("hh", Moment(2026, 12, 31, 23, 0, 0)) == "23"


def node(class_type: str, meta: Any = None, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs, "_meta": {} if meta is None else meta}


NODES = {
    NodeId(key): value
    for key, value in {
        "1": node("KSampler", steps=21, cfg=8.0, denoise=0.5, model=["9", 0]),
        "2": node("KSampler", {"title": "Steps"}, steps=22),
        "3": node("Switch", {"title": "S", "queued": {"alias": "Mine"}}, on=True, no=None),
        "4": node("SaveImage", {"title": "Save"}, filename_prefix="a/b:c"),
        "5": node("Odd", "no object", a=1),
    }.items()
}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("%date:yyyy%/x", "2026/x"),
        ("%KSampler.steps% %Steps.steps%", "21 22"),
        ("%KSampler.cfg% %KSampler.denoise%", "8 0.5"),
        ("%Mine.on%%Mine.no%", "true"),
        ("%Switch.on% %S.on%", "%Switch.on% true"),
        ("%SaveImage.filename_prefix% %Save.filename_prefix%", "%SaveImage.filename_prefix% a_b_c"),
        ("%width% %Nope.x% %KSampler.nope% 100%", "%width% %Nope.x% %KSampler.nope% 100%"),
        ("%KSampler.model% %date:a.b%", "%KSampler.model% %date:a.b%"),
        ("%a.b.c%", "%a.b.c%"),
    ],
)
def test_names_of_files(text: str, name: str) -> None:
    assert replaced(text, NODES, MOMENT) == name


def test_only_what_is_marked_is_decided_and_the_marks_go() -> None:
    marks = {"prompts": ["text", "gone"], "names": ["name"], "seeds": ["seed", "fixed"]}
    given = {
        NodeId("1"): node(
            *("A", {"title": "T", "queued": marks}),
            text="{a|b}",
            name="%date:yy%",
            seed=-1,
            fixed=5,
            other="{a|b}",
        ),
        NodeId("2"): node("B", text="{a|b}"),
        NodeId("3"): node("C", {"queued": {"prompts": 3}}, text="{a|b}"),
    }
    assert Workflow(given).is_decided_when_queued()
    result = queued(given, last, MOMENT)
    assert result[NodeId("1")] == node(
        *("A", {"title": "T"}),
        text="b",
        name="26",
        seed=2**50 - 1,
        fixed=5,
        other="{a|b}",
    )
    assert result[NodeId("2")] == given[NodeId("2")]
    assert result[NodeId("3")] == node("C", text="{a|b}")
    assert not Workflow(result).is_decided_when_queued()
    assert given[NodeId("1")]["inputs"]["text"] == "{a|b}"
