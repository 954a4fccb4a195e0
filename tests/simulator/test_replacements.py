"""Old classes that a server replaces."""

import json
from dataclasses import replace

import pytest

from simulator.catalogue import CATALOGUE
from simulator.http import ServerTrouble
from simulator.replacements import REPLACEMENTS, replaced
from simulator.settings import Api
from tests.simulator.shell import CALM, FakeShell

OLD = {"class_type": "TetherSoften", "inputs": {"picture": ["1", 0], "radius": 3}, "_meta": {}}
NEW = {
    "class_type": "ImageBlur",
    "inputs": {"image": ["1", 0], "blur_radius": 3, "sigma": 1.0},
    "_meta": {},
}


def test_an_old_class_becomes_the_new_one_with_its_inputs() -> None:
    other = {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}}
    assert replaced({"2": OLD, "3": other}, CATALOGUE) == {"2": NEW, "3": other}


@pytest.mark.parametrize(
    "node", [{"class_type": "TetherGone", "inputs": {}}, {"class_type": "TetherSoften"}, 7]
)
def test_what_nothing_replaces_stays(node: object) -> None:
    assert replaced({"2": node}, CATALOGUE) == {"2": node}
    assert replaced(node, CATALOGUE) == node


def test_nothing_is_replaced_by_what_is_not_there_or_while_the_old_one_is() -> None:
    assert replaced({"2": OLD}, ()) == {"2": OLD}
    assert replaced({"2": OLD}, ("TetherSoften", "ImageBlur")) == {"2": OLD}


def test_an_input_that_is_missing_stops_the_server() -> None:
    with pytest.raises(ServerTrouble, match="KeyError: 'picture'"):
        replaced({"2": {"class_type": "TetherSoften", "inputs": {"radius": 3}}}, CATALOGUE)


def test_it_is_described_as_the_server_answers() -> None:
    assert json.loads(json.dumps(REPLACEMENTS["TetherSoften"].describe("TetherSoften"))) == {
        "new_node_id": "ImageBlur",
        "old_node_id": "TetherSoften",
        "old_widget_ids": ["radius"],
        "input_mapping": [
            {"new_id": "image", "old_id": "picture"},
            {"new_id": "blur_radius", "old_id": "radius"},
            {"new_id": "sigma", "set_value": 1.0},
        ],
        "output_mapping": [{"new_idx": 0, "old_idx": 0}],
    }


def test_a_newer_server_runs_and_shows_the_new_class() -> None:
    workflow = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "lab.png"}},
        "2": OLD,
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}},
    }
    shell = FakeShell()
    shell.upload("lab.png")
    shell.post(workflow, "A")
    assert shell.get("/queue")["queue_pending"][0][2]["2"] == NEW
    old = FakeShell(replace(CALM, api=Api.V0_3_64))
    old.upload("lab.png")
    assert old.request("POST", "/prompt", {"prompt": workflow}).status == 400
