"""What a server lacks for a workflow, and what it calls the things that it has."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.eligibility import Infos, Lack, fitted, lacks_of
from app.core.ids import NodeId
from app.core.node_info import InputInfo, NodeInfo

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
