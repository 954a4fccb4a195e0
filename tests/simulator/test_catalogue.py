"""The node classes every server has."""

import pytest

from simulator.catalogue import CATALOGUE
from simulator.models import classes_of
from tools.comfy.runner import WORK


def test_every_class_has_its_work() -> None:
    """And no work is left over."""
    assert set(classes_of()) == set(WORK)


@pytest.mark.parametrize("name", CATALOGUE)
def test_descriptions_hold_together(name: str) -> None:
    """The order names all inputs, defaults lie in their ranges."""
    described = CATALOGUE[name].describe(["b.png"])
    inputs, order = described["input"], described["input_order"]
    assert isinstance(inputs, dict) and isinstance(order, dict)
    assert {group: list(members) for group, members in inputs.items()} == order
    for kind, *rest in inputs["required"].values():
        options = rest[0] if rest else {}
        if "min" in options:
            assert options["min"] <= options["default"] <= options["max"]
        assert isinstance(kind, str | list)
    for member in ("output", "output_is_list", "output_name"):
        assert len(described[member]) == len(CATALOGUE[name].outputs)


def test_a_file_input_lists_the_files() -> None:
    """Of the input folder's top level."""
    described = CATALOGUE["LoadImage"].describe(["a.png", "b.png"])
    assert described["input"]["required"]["image"][0] == ["a.png", "b.png"]
