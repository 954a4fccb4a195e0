"""What is refused, beyond the recorded cases."""

import json
from dataclasses import replace

import pytest

from simulator.catalogue import CATALOGUE
from simulator.nodes import Input, by_name
from simulator.settings import Api
from tests.simulator.shell import CALM, FakeShell, photo, slow

LOAD = {"class_type": "LoadImage", "inputs": {"image": "lab.png"}}


def save(*link: object) -> dict:
    """A node that saves what a link points to."""
    return {"class_type": "SaveImage", "inputs": {"images": list(link), "filename_prefix": "x"}}


@pytest.fixture
def shell() -> FakeShell:
    """A server with one picture."""
    shell = FakeShell()
    shell.upload("lab.png")
    return shell


def refuse(shell: FakeShell, workflow: object, **fields: object) -> dict:
    """The body of a refusal."""
    response = shell.request("POST", "/prompt", {"prompt": workflow, **fields})
    assert response is not None and response.status == 400, response
    return json.loads(response.body)


def reasons(shell: FakeShell, workflow: dict) -> dict[str, list[str]]:
    """The kinds of errors by node."""
    errors = refuse(shell, workflow)["node_errors"]
    return {name: [each["type"] for each in entry["errors"]] for name, entry in errors.items()}


@pytest.mark.parametrize(
    ("link", "kind", "details"),
    [
        (["1"], "bad_linked_input", "images"),
        (["1", 0, 0], "bad_linked_input", "images"),
        (["1", 9], "exception_during_validation", "tuple index out of range"),
        (["1", -9], "exception_during_validation", "tuple index out of range"),
        (
            ["1", "0"],
            "exception_during_validation",
            "tuple indices must be integers or slices, not str",
        ),
        ([1, 0], "exception_during_validation", "1"),
        ([["1"], 0], "exception_during_validation", "unhashable type: 'list'"),
    ],
)
def test_bad_links_are_named(shell: FakeShell, link: list, kind: str, details: str) -> None:
    """With the text of the exception that the original runs into."""
    errors = refuse(shell, {"1": LOAD, "4": save(*link)})["node_errors"]["4"]["errors"]
    assert [(each["type"], each["details"]) for each in errors] == [(kind, details)]


def test_a_node_without_inputs_is_an_exception(shell: FakeShell) -> None:
    """A missing key, or something that is no object."""
    kind = "exception_during_validation"
    assert reasons(shell, {"4": {"class_type": "SaveImage"}}) == {"4": [kind]}
    assert reasons(shell, {"4": {"class_type": "SaveImage", "inputs": 5}}) == {"4": [kind]}


def test_an_exception_further_up_is_told_there(shell: FakeShell) -> None:
    """The node before carries it, with the link that led to it."""
    workflow = {"3": {"class_type": "ImageInvert", "inputs": {"image": ["77", 0]}}}
    told = refuse(shell, {**workflow, "4": save("3", 0)})["node_errors"]
    assert list(told) == ["3"]
    error = told["3"]["errors"][0]
    assert error["type"] == "exception_during_inner_validation"
    assert error["extra_info"]["linked_node"] == ["3", 0]
    assert told["3"]["dependent_outputs"] == ["4"]


def test_a_shared_bad_node_is_told_once_for_both_outputs(shell: FakeShell) -> None:
    """With both in its `dependent_outputs`."""
    told = refuse(shell, photo("missing.png"))["node_errors"]
    assert list(told) == ["1"]
    assert sorted(told["1"]["dependent_outputs"]) == ["4", "5"]


def test_a_deep_chain_is_refused_and_the_server_lives(shell: FakeShell) -> None:
    """The original runs out of stack in the same place."""
    workflow: dict = {"0": LOAD}
    for number in range(1, 600):
        inputs = {"image": [str(number - 1), 0]}
        workflow[str(number)] = {"class_type": "ImageInvert", "inputs": inputs}
    workflow["end"] = save("599", 0)
    details = refuse(shell, workflow)["error"]["details"]
    assert "recursion" in details
    assert shell.get("/prompt") == {"exec_info": {"queue_remaining": 0}}


def test_only_wanted_outputs_are_looked_at(shell: FakeShell) -> None:
    """`partial_execution_targets` names outputs; others neither run nor err."""
    workflow = {"1": LOAD, "4": save("1", 0), "9": save("77", 0)}
    shell.post(workflow, partial_execution_targets=["4"])
    shell.pass_time(1)
    assert [run.node_id for run in shell.runs] == ["1", "4"]
    error = refuse(shell, workflow, partial_execution_targets=["1"])["error"]
    assert error["type"] == "prompt_no_outputs"


def test_valid_outputs_run_beside_a_bad_one(shell: FakeShell) -> None:
    """200 with `node_errors`; nodes that only the bad one needs don't run."""
    workflow = {
        "1": LOAD,
        "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
        "4": save("1", 0),
        "9": save("2", 7),
    }
    response = shell.request("POST", "/prompt", {"prompt": workflow})
    assert response is not None and response.status == 200
    assert list(json.loads(response.body)["node_errors"]) == ["9"]
    shell.pass_time(1)
    assert [run.node_id for run in shell.runs] == ["1", "4"]


def test_a_node_may_have_a_title(shell: FakeShell) -> None:
    """The message about an unknown class names it."""
    node = {"class_type": "No", "inputs": {}, "_meta": {"title": "My node"}}
    error = refuse(shell, {"1": node})["error"]
    assert error["message"].startswith("Node 'My node' not found")
    assert error["extra_info"]["class_type"] == "No"


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"class_type": "No"}, "Cannot execute because node No does not exist."),
        ({}, "Cannot execute because a node is missing the class_type property."),
    ],
)
def test_the_old_release_words_it_otherwise(node: dict, message: str) -> None:
    """`invalid_prompt` with an empty `extra_info`."""
    shell = FakeShell(replace(CALM, api=Api.V0_3_64))
    error = refuse(shell, {"1": node})["error"]
    assert (error["type"], error["message"]) == ("invalid_prompt", message)
    assert error["extra_info"] == {}


@pytest.mark.parametrize("workflow", [None, 5, "text", [], {"1": 5}, {"1": None}])
def test_a_workflow_that_is_none_breaks_the_server(shell: FakeShell, workflow: object) -> None:
    """500, nothing queued, and the next one works."""
    response = shell.request("POST", "/prompt", {"prompt": workflow})
    assert response is not None and response.status == 500
    shell.post(slow(1, 0))


def test_a_missing_optional_input_is_fine(shell: FakeShell) -> None:
    """No class of the catalogue has one; the rule holds for those that do."""
    optional = replace(CATALOGUE["ImageInvert"], optional=(Input("more", "INT", {"min": 1}),))
    classes = by_name((*CATALOGUE.values(), optional))
    shell = FakeShell(CALM, classes=classes)
    shell.upload("lab.png")
    invert = {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}}
    shell.post({"1": LOAD, "2": invert, "4": save("2", 0)})
    invert["inputs"]["more"] = 0
    told = reasons(shell, {"1": LOAD, "2": invert, "4": save("2", 0)})
    assert told == {"2": ["value_smaller_than_min"]}


def test_undeclared_inputs_go_nowhere(shell: FakeShell) -> None:
    """They are not validated, so a link in one must not lead the worker astray."""
    workflow = {"1": LOAD, "4": save("1", 0)}
    workflow["4"]["inputs"] |= {"more": ["77", 0], "self": ["4", 0]}
    prompt_id = shell.post(workflow)
    shell.pass_time(1)
    assert shell.get(f"/api/jobs/{prompt_id}")["status"] == "completed"
    assert "more" not in shell.runs[-1].inputs


def test_a_node_without_a_class_is_refused(shell: FakeShell) -> None:
    """By its id."""
    error = refuse(shell, {"1": {"inputs": {}}})["error"]
    assert error["message"].startswith("Node 'ID #1' has no class_type.")
    error = refuse(shell, {"1": {"class_type": "No", "inputs": {}, "_meta": {}}})["error"]
    assert error["message"].startswith("Node 'No' not found.")


def test_a_required_input_must_be_there(shell: FakeShell) -> None:
    """And fit: types of linked outputs, choices and ranges are checked."""
    scale = {"class_type": "ImageScaleBy", "inputs": {"image": ["1", 1], "scale_by": 99}}
    told = reasons(shell, {"1": LOAD, "2": scale, "4": save("2", 0)})
    assert sorted(told["2"]) == [
        *("required_input_missing", "return_type_mismatch", "value_bigger_than_max"),
    ]


def test_a_cycle_is_told_at_each_of_its_nodes(shell: FakeShell) -> None:
    """With the way around."""
    invert = [
        {"class_type": "ImageInvert", "inputs": {"image": [source, 0]}} for source in ("3", "2")
    ]
    told = refuse(shell, {"2": invert[0], "3": invert[1], "4": save("2", 0)})["node_errors"]
    assert set(told) == {"2", "3"}
    error = told["2"]["errors"][0]
    assert error["type"] == "dependency_cycle"
    assert error["details"] == "2 (ImageInvert) -> 3 (ImageInvert) -> 2 (ImageInvert)"
    assert error["extra_info"]["cycle_nodes"] == ["2", "3"]
