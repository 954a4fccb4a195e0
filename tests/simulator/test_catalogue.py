"""The node classes every server has."""

import pytest

from simulator.catalogue import CATALOGUE, MODEL_LOADER, classes_of
from tests.simulator.shell import FakeShell


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


def test_a_server_lists_its_models_and_lacks_what_it_is_to_lack() -> None:
    shell = FakeShell(classes=classes_of(["a\\b.pth"], without=["ImageBlur"]))
    described = shell.get(f"/object_info/{MODEL_LOADER}")[MODEL_LOADER]
    assert described["input"]["required"]["model_name"] == [["a\\b.pth"]]
    assert shell.get("/object_info/ImageBlur") == {}


def test_a_model_it_does_not_list_is_refused() -> None:
    shell = FakeShell(classes=classes_of(["a\\b.pth"]))
    loader = {"class_type": MODEL_LOADER, "inputs": {"model_name": "a/b.pth"}}
    shown = {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}}
    answer = shell.request("POST", "/prompt", {"prompt": {"1": loader, "2": shown}})
    assert answer is not None and answer.status == 400
    assert b"value_not_in_list" in answer.body
    loader["inputs"] = {"model_name": "a\\b.pth"}
    answer = shell.request("POST", "/prompt", {"prompt": {"1": loader, "2": shown}})
    assert answer is not None and answer.status == 200
