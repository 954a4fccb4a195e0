"""What a server has, as far as it was asked.

What a server lacks for a workflow, and what it calls the things that it has.
"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tether.core.ids import Digest, NodeId
from tether.core.model import inventory
from tether.core.model.inventory import (
    QUERIED_AGAIN,
    Infos,
    Inventory,
    Lack,
    fitted,
    lacks_of,
    lacks_told,
)
from tether.core.protocol.node_info import InputInfo, NodeInfo
from tether.core.protocol.refusals import Missing
from tether.core.protocol.replacements import REPLACEMENTS
from tether.core.protocol.workflow import Workflow

FIRST = Digest("f1")
NOON = 1000.0


def workflow(value: str = "fine.pth") -> Workflow:
    return Workflow(
        {
            NodeId("1"): {"class_type": "LoadImage", "inputs": {}},
            NodeId("2"): {"class_type": "Up/scale", "inputs": {"name": value}},
            NodeId("3"): {"class_type": "Up/scale", "inputs": {}},
        }
    )


def described(*choices: str) -> str:
    return json.dumps({"Up/scale": {"input": {"required": {"name": [list(choices)]}}}})


def told(*choices: str) -> Inventory:
    """A server that has described its class."""
    found = Inventory()
    found.query(7, "Up/scale")
    found.answered(7, 200, described(*choices), NOON)
    return found


def test_a_class_is_asked_for_once() -> None:
    found = Inventory()
    assert found.classes_to_query(FIRST, workflow(), NOON) == ["Up/scale"]
    assert not found.knows(workflow())
    assert found.query(7, "Up/scale") == "/object_info/Up%2Fscale"
    assert found.is_querying() and found.classes_to_query(FIRST, workflow(), NOON) == []
    found.answered(7, 200, described("fine.pth"), NOON)
    assert not found.is_querying() and found.classes_to_query(FIRST, workflow(), NOON) == []
    assert found.knows(workflow()) and found.lacks(FIRST, workflow(), NOON) == ()


def test_what_was_lacking_is_asked_for_again_later() -> None:
    found = told("other.pth")
    lacks = (Lack("Up/scale", "name", "fine.pth"),)
    assert found.lacks(FIRST, workflow(), NOON + QUERIED_AGAIN) == lacks
    assert found.classes_to_query(FIRST, workflow(), NOON + QUERIED_AGAIN) == []
    later = NOON + QUERIED_AGAIN + 1
    assert found.lacks(FIRST, workflow(), later) == ()
    assert found.classes_to_query(FIRST, workflow(), later) == ["Up/scale"]
    found.query(8, "Up/scale")
    found.failed(8, later)
    assert found.lacks(FIRST, workflow(), later) == lacks


MAPPING = [{"new_id": "name", "old_id": "name"}]
SOFTENED = json.dumps({"Up/scale": [{"new_node_id": "Newer", "input_mapping": MAPPING}]})


def without_class() -> Inventory:
    """A server that lacks the class, and lists those that it replaces."""
    found = Inventory()
    found.replaces_classes = True
    found.query(7, "Up/scale")
    found.answered(7, 200, "{}", NOON)
    return found


def test_a_class_that_the_server_replaces_is_not_lacking() -> None:
    found = without_class()
    assert not found.knows(workflow()) and found.lacks(FIRST, workflow(), NOON) == ()
    assert found.classes_to_query(FIRST, workflow(), NOON) == [REPLACEMENTS]
    assert found.query(8, REPLACEMENTS) == REPLACEMENTS
    assert found.classes_to_query(FIRST, workflow(), NOON) == []
    found.answered(8, 200, SOFTENED, NOON)
    assert found.knows(workflow()) and found.lacks(FIRST, workflow(), NOON) == ()
    assert found.classes_to_query(FIRST, workflow(), NOON) == []
    # Queried again, perhaps by a server that refused it, it is there still.
    found.query(9, "Up/scale")
    found.answered(9, 200, "{}", NOON)
    assert found.lacks(FIRST, workflow(), NOON) == ()


@pytest.mark.parametrize(("status", "text"), [(404, ""), (200, "<html>"), (200, "{}")])
def test_a_class_that_nothing_replaces_is_lacking(status: int, text: str) -> None:
    found = without_class()
    found.query(8, REPLACEMENTS)
    found.answered(8, status, text, NOON)
    assert found.knows(workflow()) and found.lacks(FIRST, workflow(), NOON) == (Lack("Up/scale"),)


def test_a_list_that_can_not_be_had_keeps_no_task_waiting() -> None:
    """The class is lacking then; both are asked for again after a while."""
    found = without_class()
    found.query(8, REPLACEMENTS)
    found.failed(8, NOON)
    assert found.knows(workflow()) and found.lacks(FIRST, workflow(), NOON) == (Lack("Up/scale"),)
    assert found.classes_to_query(FIRST, workflow(), NOON) == []
    later = NOON + QUERIED_AGAIN + 1
    assert set(found.classes_to_query(FIRST, workflow(), later)) == {"Up/scale", REPLACEMENTS}
    found.query(9, REPLACEMENTS)
    found.answered(9, 200, SOFTENED, later)
    assert found.lacks(FIRST, workflow(), later) == ()


def test_what_is_replaced_is_sent_as_the_server_needs_it() -> None:
    found = without_class()
    found.query(8, REPLACEMENTS)
    found.answered(8, 200, SOFTENED, NOON)
    nodes = found.fitted(workflow().nodes)
    assert ["_meta" in node for node in nodes.values()] == [False, True, True]


def test_a_server_without_that_list_is_not_asked_for_it() -> None:
    found = without_class()
    found.replaces_classes = False
    assert found.classes_to_query(FIRST, workflow(), NOON) == []
    assert found.knows(workflow()) and found.lacks(FIRST, workflow(), NOON) == (Lack("Up/scale"),)


def test_after_a_restart_the_list_is_asked_for_anew() -> None:
    found = without_class()
    found.query(8, REPLACEMENTS)
    found.answered(8, 200, SOFTENED, NOON)
    found.forget()
    found.query(9, "Up/scale")
    found.answered(9, 200, "{}", NOON)
    assert found.classes_to_query(FIRST, workflow(), NOON) == [REPLACEMENTS]


@pytest.mark.parametrize(("status", "text"), [(404, ""), (200, "<html>"), (500, "")])
def test_an_answer_that_says_nothing_keeps_no_task_away(status: int, text: str) -> None:
    found = told("other.pth")
    found.query(8, "Up/scale")
    found.answered(8, status, text, NOON)
    assert found.knows(workflow()) and found.lacks(FIRST, workflow(), NOON) == ()


def test_answers_to_nobodys_questions_are_dropped() -> None:
    found = Inventory()
    found.answered(9, 200, described("a"), NOON)
    found.failed(9, NOON)
    assert not found.knows(workflow()) and found.infos == {}


def test_a_server_that_restarted_is_asked_anew() -> None:
    found = told("other.pth")
    assert found.lacks(FIRST, workflow(), NOON)
    found.forget()
    assert found.lacks(FIRST, workflow(), NOON) == ()
    assert found.classes_to_query(FIRST, workflow(), NOON) == ["Up/scale"]


def test_a_substitute_changes_the_verdict() -> None:
    found = told("other.pth")
    assert found.lacks(FIRST, workflow(), NOON)
    found.substitute({"fine.pth": "other.pth"})
    assert found.lacks(FIRST, workflow(), NOON) == ()
    nodes = {key: dict(node) for key, node in workflow().nodes.items()}
    assert found.fitted(nodes)[NodeId("2")]["inputs"] == {"name": "other.pth"}


OWN = Lack("LoadImage", "image", "own.png")


def loading(value: str = "own.png") -> Workflow:
    return Workflow({NodeId("1"): {"class_type": "LoadImage", "inputs": {"image": value}}})


def files(*names: str) -> str:
    given = {"image": [list(names), {"image_upload": True}]}
    return json.dumps({"LoadImage": {"input": {"required": given}}})


def test_a_file_that_a_server_said_it_lacks_is_looked_for_again_in_its_list() -> None:
    """A list can't show that it lacks a file, which the server itself had to say."""
    found = Inventory()
    found.refused((OWN,), NOON)
    assert found.lacks(FIRST, loading(), NOON) == (OWN,)
    assert found.lacks(Digest("f2"), loading("other.png"), NOON) == ()
    assert found.classes_to_query(FIRST, loading(), NOON) == []

    later = NOON + QUERIED_AGAIN + 1
    assert found.lacks(FIRST, loading(), later) == ()
    assert found.classes_to_query(FIRST, loading(), later) == ["LoadImage"]
    for status, text in ((200, files("a.png")), (500, ""), (200, "<html>")):
        found.query(7, "LoadImage")
        found.answered(7, status, text, later)
        assert found.lacks(FIRST, loading(), later) == (OWN,)
    found.query(8, "LoadImage")
    found.answered(8, 200, files("own.png"), later)
    assert found.lacks(FIRST, loading(), later) == ()


def test_a_class_that_a_server_said_it_lacks_is_there_when_it_is_described() -> None:
    found = Inventory()
    for text, is_there in (("{}", False), (described("fine.pth"), True)):
        found.refused((Lack("Up/scale"),), NOON)
        assert found.lacks(FIRST, workflow(), NOON) == (Lack("Up/scale"),)
        found.query(7, "Up/scale")
        found.answered(7, 200, text, NOON)
        assert (found.lacks(FIRST, workflow(), NOON) == ()) == is_there


def test_what_was_refused_is_forgotten_with_the_rest() -> None:
    """A person has named something else, or asks for another look."""
    for forget in (Inventory.forget, lambda each: each.substitute({})):
        found = Inventory()
        found.refused((OWN,), NOON)
        forget(found)
        assert found.lacks(FIRST, loading(), NOON) == ()


@pytest.mark.parametrize(
    ("missing", "lacks"),
    [
        ((Missing("", NodeId("1"), "image"),), (OWN,)),
        ((Missing("LoadImage"),), (Lack("LoadImage"),)),
        ((), ()),
        ((Missing("Unheard"),), ()),
        ((Missing("", NodeId("1"), "image"), Missing("", NodeId("9"), "image")), ()),
        ((Missing("", NodeId("1"), "other"),), ()),
    ],
)
def test_only_classes_and_files_of_the_workflow_may_be_elsewhere(
    missing: tuple[Missing, ...], lacks: tuple[Lack, ...]
) -> None:
    """All else would be refused everywhere, and a server can say what it likes."""
    assert lacks_told(loading().nodes, missing) == lacks


@pytest.mark.parametrize(
    ("value", "is_file"),
    [
        ("own.png", True),
        ("a/b.safetensors", True),
        ("x.png [output]", True),
        ("bilinear", False),
        ("", False),
        (7, False),
    ],
)
def test_only_files_come_and_go(value: Any, is_file: bool) -> None:
    """Another value that is in no list is the workflow's own fault."""
    told = lacks_told(nodes(value), (Missing("", NodeId("1"), "name"),))
    assert told == ((Lack(LOADER, "name", value),) if is_file else ())


def test_verdicts_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "JUDGED_WORKFLOWS", 2)
    found = told("other.pth")
    for digest in "abc":
        assert found.lacks(Digest(digest), workflow(), NOON)
    assert set(found._lacks) == {"c"}


LOADER = "UpscaleModelLoader"


def infos(*choices: Any, **options: Any) -> Infos:
    """A server with one class, whose input `name` is one of these."""
    name = InputInfo("name", "COMBO", True, options, choices)
    return {LOADER: NodeInfo(LOADER, "Load", (name,), ("MODEL",), False), "Absent": None}


def nodes(value: Any, class_type: str = LOADER) -> dict[NodeId, dict[str, Any]]:
    return {NodeId("1"): {"class_type": class_type, "inputs": {"name": value, "other": 3}}}


def named(value: Any, there: Infos, substitutes: dict[str, str] | None = None) -> Any:
    """What the server is told in the end."""
    return fitted(nodes(value), there, substitutes or {})[NodeId("1")]["inputs"]["name"]


def test_a_class_that_is_not_there() -> None:
    assert lacks_of(nodes("x", "Absent"), infos(), {}) == (Lack("Absent"),)
    assert Lack("Absent").name == "Absent"


def test_a_class_that_was_not_asked_for_counts_as_there() -> None:
    assert lacks_of(nodes("x", "Unknown"), infos(), {}) == ()
    assert fitted(nodes("x", "Unknown"), infos(), {}) == nodes("x", "Unknown")


def test_a_model_that_is_not_there() -> None:
    lack = Lack(LOADER, "name", "fine.pth")
    both = {**nodes("fine.pth"), NodeId("2"): nodes("fine.pth")[NodeId("1")]}
    assert lacks_of(both, infos("other.pth"), {}) == (lack,)
    assert lack.name == "fine.pth"
    assert lacks_of(nodes("fine.pth"), infos("other.pth", "fine.pth"), {}) == ()


@pytest.mark.parametrize("here", ["sdxl/fine.pth", "sdxl\\fine.pth"])
@pytest.mark.parametrize("there", ["sdxl/fine.pth", "sdxl\\fine.pth"])
def test_separators_become_those_of_the_server(here: str, there: str) -> None:
    assert named(here, infos("a", there)) == there
    assert lacks_of(nodes(here), infos("a", there), {}) == ()


def test_what_is_there_as_it_is_called_stays() -> None:
    before = nodes("a/b")
    assert fitted(before, infos("a\\b", "a/b"), {"a/b": "c"})[NodeId("1")] is before[NodeId("1")]


def test_a_substitute_stands_for_what_is_not_there() -> None:
    there = infos(7, "win\\mine.pth")
    assert named("fine.pth", there, {"fine.pth": "win\\mine.pth"}) == "win\\mine.pth"
    assert named("fine.pth", there, {"fine.pth": "win/mine.pth"}) == "win\\mine.pth"
    assert lacks_of(nodes("fine.pth"), there, {"fine.pth": "win/mine.pth"}) == ()
    assert lacks_of(nodes("fine.pth"), there, {"fine.pth": "gone.pth"}) == (
        Lack(LOADER, "name", "fine.pth"),
    )


def test_a_person_may_insist_on_a_name() -> None:
    assert lacks_of(nodes("fine.pth"), infos("other.pth"), {"fine.pth": "fine.pth"}) == ()
    assert named("fine.pth", infos("other.pth"), {"fine.pth": "fine.pth"}) == "fine.pth"


@pytest.mark.parametrize(
    "there",
    [
        infos(),
        infos("a.png", image_upload=True),
        infos({"content": "a.png"}, "b.png"),
    ],
)
def test_lists_that_say_nothing(there: Infos) -> None:
    assert lacks_of(nodes("fine.png"), there, {}) == ()


def test_links_and_missing_values_are_not_judged() -> None:
    assert lacks_of(nodes(["2", 0]), infos("a"), {}) == ()
    assert lacks_of(nodes(None), infos("a"), {}) == ()


def test_numbers_are_judged_as_they_are() -> None:
    assert lacks_of(nodes(8), infos(8, 16), {}) == ()
    assert lacks_of(nodes(9), infos(8, 16), {}) == (Lack(LOADER, "name", "9"),)


@given(st.lists(st.text("ab/\\", max_size=4), max_size=4), st.text("ab/\\", max_size=4))
def test_what_is_not_lacked_is_on_the_list_in_the_end(choices: list[str], value: str) -> None:
    there = infos(*choices)
    is_lacked = bool(lacks_of(nodes(value), there, {}))
    assert not choices or is_lacked == (named(value, there) not in choices)
