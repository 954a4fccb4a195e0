"""Servers that differ in what they have."""

from simulator.models import MODEL_LOADER, classes_of
from tests.simulator.shell import FakeShell


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
