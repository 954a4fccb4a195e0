"""When two nodes must give the same result."""

from random import Random

import pytest

from simulator.cache import Cache, CachedNode, Signatures
from simulator.catalogue import CATALOGUE
from simulator.files import Files
from simulator.http import Blob
from simulator.nodes import Input, NodeClass, by_name
from simulator.stage import Stage
from tests.simulator.shell import FakeShell, photo


@pytest.fixture
def files() -> Files:
    """One picture."""
    files = Files(Stage(Random(1)))
    files.put("input", "", "lab.png", Blob("k", 1, "digest"))
    return files


def signatures(files: Files, workflow: dict) -> dict[str, str | None]:
    """All signatures of a workflow."""
    made = Signatures(workflow, CATALOGUE, files)
    return {node_id: made.of(node_id) for node_id in workflow}


def test_names_of_nodes_do_not_count(files: Files) -> None:
    """The same work under other ids is the same."""
    renamed = {f"n{name}": node for name, node in photo().items()}
    for node in renamed.values():
        node["inputs"] = {
            name: [f"n{value[0]}", value[1]] if isinstance(value, list) else value
            for name, value in reversed(node["inputs"].items())
        }
    ours, theirs = signatures(files, photo()), signatures(files, renamed)
    assert list(ours.values()) == list(theirs.values())
    assert len(set(ours.values())) == 5


def test_a_change_counts_from_there_on(files: Files) -> None:
    """What lies before stays cached."""
    changed = photo()
    changed["2"]["inputs"]["scale_by"] = 1.5
    ours, theirs = signatures(files, photo()), signatures(files, changed)
    assert [ours[name] == theirs[name] for name in "12345"] == [True, *[False] * 4]
    other_slot = photo()
    other_slot["2"]["inputs"]["image"] = ["1", 1]
    assert signatures(files, other_slot)["2"] != ours["2"]


def test_the_contents_of_a_file_count(files: Files) -> None:
    """A picture replaced under its name is another one; a missing one too."""
    before = signatures(files, photo())["1"]
    files.put("input", "", "lab.png", Blob("k2", 1, "other"))
    assert signatures(files, photo())["1"] != before
    missing = signatures(Files(Stage(Random(1))), photo())["1"]
    assert missing is not None and missing != before


@pytest.mark.parametrize("source", ["77", "3", "2"])
def test_a_broken_link_or_a_cycle_has_no_signature(files: Files, source: str) -> None:
    """Such nodes never run; nobody loops over them."""
    workflow = photo()
    workflow["2"]["inputs"]["image"] = [source, 0]
    made = signatures(files, workflow)
    assert made["1"] is not None
    assert [made[name] for name in "2345"] == [None] * 4


def test_diamonds_are_cheap(files: Files) -> None:
    """Forty nodes that each use the one before twice."""
    twice = NodeClass("Twice", "Twice", "x", required=(Input("a", "IMAGE"), Input("b", "IMAGE")))
    classes = by_name((*CATALOGUE.values(), twice))
    workflow: dict = {"0": {"class_type": "LoadImage", "inputs": {"image": "lab.png"}}}
    for number in range(1, 40):
        links = {name: [str(number - 1), 0] for name in "ab"}
        workflow[str(number)] = {"class_type": "Twice", "inputs": links}
    made = Signatures(workflow, classes, files)
    assert len({made.of(node_id) for node_id in workflow}) == 40


def test_only_wanted_entries_stay() -> None:
    """The others' runs are told, so that their values can go."""
    cache = Cache()
    cache.put("a", CachedNode(1, None, {}))
    cache.put("b", CachedNode(2, None, {}))
    assert cache.get(None) is None
    assert cache.keep_only({"a", None}) == [2]
    assert cache.get("b") is None
    assert cache.keep_only(set()) == [1]


def test_two_equal_nodes_in_one_task_work_once() -> None:
    """The second is found cached while the task runs; a picture is saved once."""
    shell = FakeShell()
    shell.upload("lab.png")
    socket = shell.open("A")
    save = {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}}
    shell.post({"1": photo()["1"], "2": save, "3": save}, "A")
    shell.pass_time(1)
    assert len(shell.runs) == 2
    told = [f["data"]["output"] for f in shell.frames[socket] if f["type"] == "executed"]
    assert told[0] == told[1]
