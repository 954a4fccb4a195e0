"""The blueprints of a simulated server."""

import json

from simulator.blueprints import BLUEPRINTS
from simulator.catalogue import CATALOGUE


def test_each_that_is_listed_can_be_had_and_is_made_of_classes_of_the_server() -> None:
    listed = BLUEPRINTS["/global_subgraphs"]
    assert listed
    for key, about in listed.items():
        entry = BLUEPRINTS[f"/global_subgraphs/{key}"]
        data = json.loads(entry["data"])
        assert {**about, "data": entry["data"]} == entry
        for part in data["definitions"]["subgraphs"]:
            assert {node["type"] for node in part["nodes"]} <= set(CATALOGUE)
            ends = {link["id"] for link in part["links"]}
            assert ends == {slot["link"] for node in part["nodes"] for slot in node["inputs"]} | {
                number for slot in part["outputs"] for number in slot["linkIds"]
            }
