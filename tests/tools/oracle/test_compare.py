"""Which differences of two conversions change what a server does."""

import pytest

from tools.oracle.compare import (
    RENUMBERED,
    UNDECLARED,
    UNUSED,
    Difference,
    Verdict,
    compare,
    verdict_on,
)

CLASSES = {
    "Load": {"input": {"required": {"image": ["COMBO", {}]}}, "output_node": False},
    "Scale": {
        "input": {"required": {"image": ["IMAGE", {}]}, "optional": {"by": ["FLOAT", {}]}},
        "output_node": False,
    },
    "Save": {"input": {"required": {"images": ["IMAGE", {}]}}, "output_node": True},
}


def chain(scale: str = "2", by: object = 2.0, **more: object) -> dict:
    """A picture, scaled and saved."""
    return {
        "1": node("Load", image="a.png"),
        scale: node("Scale", image=["1", 0], by=by, **more),
        "3": node("Save", images=[scale, 0]),
    }


def node(kind: str, **inputs: object) -> dict:
    """A node of a prompt."""
    return {"class_type": kind, "inputs": inputs, "_meta": {"title": kind}}


def reasons(theirs: dict, ours: dict) -> list[str]:
    """Why each difference has no effect, empty for one that has."""
    return [each.allowed for each in compare(theirs, ours, CLASSES)]


def test_order_titles_and_kinds_of_numbers_are_no_differences() -> None:
    """A server reads none of them; 2 is 2.0, but true is not 1."""
    ours = dict(reversed(chain(by=2).items()))
    ours["2"] = {**ours["2"], "_meta": {"title": "other"}}
    assert compare(chain(), ours, CLASSES) == ()
    assert verdict_on(()) is Verdict.SAME
    assert reasons(chain(by=1), chain(by=True)) == [""]


@pytest.mark.parametrize(
    "ours",
    [
        chain(by=3),
        {name: each for name, each in chain().items() if name != "2"},
        {**chain(), "2": node("Load", image="a.png")},
        {**chain(), "2": node("Scale", image=["1", 0])},
        {**chain(), "2": node("Scale", image=["1", 1], by=2.0)},
        {**chain(), "4": node("Save", images=["1", 0])},
    ],
)
def test_what_a_server_reads_has_an_effect(ours: dict) -> None:
    """A value, a link, a node or its class: here or there, missing or other."""
    found = compare(chain(), ours, CLASSES)
    assert verdict_on(found) is Verdict.OTHER_EFFECT
    assert verdict_on(compare(ours, chain(), CLASSES)) is Verdict.OTHER_EFFECT


def test_a_node_that_no_output_needs_has_none() -> None:
    """Servers run what outputs need, and nothing else."""
    ours = {**chain(), "9": node("Load", image="b.png")}
    assert reasons(chain(), ours) == [UNUSED]
    assert verdict_on(compare(chain(), ours, CLASSES)) is Verdict.SAME_EFFECT


def test_an_input_that_its_class_lacks_has_none() -> None:
    """A part of a growing input belongs to that input."""
    assert reasons(chain(), chain(button="x")) == [UNDECLARED]
    dotted = chain()
    dotted["2"]["inputs"]["by.value"] = 1
    assert reasons(chain(), dotted) == [""]


def test_other_numbers_have_none() -> None:
    """Where the node and all before it are the same, and only then."""
    assert reasons(chain(), chain(scale="7")) == [RENUMBERED]
    assert "" in reasons(chain(), chain(scale="7", by=3))
    looped = {"1": node("Scale", image=["2", 0]), "2": node("Scale", image=["1", 0])}
    assert compare(looped, looped, CLASSES) == ()


def test_a_difference_tells_its_place_and_both_values() -> None:
    """Long values are cut."""
    told = str(Difference("2", "Scale", "by", "2", "3"))
    assert told == "Scale (2) by: editor 2, Tether 3"
    (found,) = compare(chain(by="x" * 100), chain(), CLASSES)
    assert found.theirs.endswith("…") and found.ours == "2.0"
