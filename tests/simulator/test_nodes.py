"""How a class of nodes is described, and what a node of a workflow says."""

import pytest

from simulator.catalogue import CATALOGUE
from simulator.nodes import Input, NodeClass, by_name, declared, inputs_of, link_of


def test_optional_inputs_have_their_own_group() -> None:
    """Which is left out where there are none."""
    some = NodeClass("X", "X", "x", optional=(Input("more", ("a", "b")),))
    assert some.describe([])["input"] == {"required": {}, "optional": {"more": [["a", "b"]]}}
    assert "essentials_category" not in some.describe([])


@pytest.mark.parametrize(
    ("value", "link"),
    [
        (["1", 0], ("1", 0)),
        (["1", "0"], None),
        ([1, 0], None),
        (["1"], None),
        ("1", None),
    ],
)
def test_links_are_pairs(value: object, link: tuple[str, int] | None) -> None:
    """Of a node id and a whole number."""
    assert link_of(value) == link


def test_inputs_may_be_nonsense() -> None:
    """Then there are none."""
    assert inputs_of({"inputs": 5}) == {} == inputs_of({})


def test_choices_and_options_are_quoted() -> None:
    """In the form of validation errors, options or not."""
    assert Input("x", ("a", "b")).config() == [["a", "b"], {}]
    assert Input("x", "INT", {"min": 1}).config() == ["INT", {"min": 1}]


def test_only_declared_inputs_count() -> None:
    """Required and optional ones."""
    invert = CATALOGUE["ImageInvert"]
    node = {"class_type": "ImageInvert", "inputs": {"image": ["1", 0], "more": 5}, "_meta": {}}
    assert declared(node, invert) == {
        "class_type": "ImageInvert",
        "inputs": {"image": ["1", 0]},
    }


def test_classes_are_found_by_name() -> None:
    """A later one replaces an earlier."""
    one, other = NodeClass("X", "1", "x"), NodeClass("X", "2", "x")
    assert by_name((one, other)) == {"X": other}
