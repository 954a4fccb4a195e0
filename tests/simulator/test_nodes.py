"""How a class of nodes is described, and what a node of a workflow says."""

from dataclasses import replace

import pytest

from simulator.catalogue import CATALOGUE
from simulator.nodes import Input, NodeClass, Pace, by_name, declared, inputs_of, link_of, pace_of
from simulator.settings import Settings


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


@pytest.mark.parametrize(("seconds", "steps"), [(0.1, 2), (1.0, 4), (2.0, 8), (60.0, 40)])
def test_the_shared_pace_is_cut_into_steps(seconds: float, steps: int) -> None:
    """About four a second, at least two and at most forty."""
    pace = pace_of(CATALOGUE["ImageInvert"], {}, Settings(pace=seconds))
    assert pace == Pace(steps, seconds / steps, previews=True)


def test_speed_divides_all() -> None:
    """The shared pace, own steps and silent waits."""
    fast = Settings(pace=2.0, speed=2.0)
    assert pace_of(CATALOGUE["ImageInvert"], {}, fast) == Pace(4, 0.25, previews=True)
    inputs = {"steps": 3, "step_ms": 100, "previews": False}
    assert pace_of(CATALOGUE["TetherSlow"], inputs, fast) == Pace(3, 0.05)
    assert pace_of(CATALOGUE["TetherBlock"], {"ms": 500}, fast) == Pace(hold_seconds=0.25)
    assert pace_of(CATALOGUE["TetherBlock"], {"ms": ["1", 0]}, fast) == Pace()


def test_without_a_pace_nothing_is_stretched() -> None:
    """Nor is a node that sends its result as a preview."""
    assert pace_of(CATALOGUE["ImageInvert"], {}, Settings()) == Pace()
    paced = replace(Settings(), pace=2.0)
    assert pace_of(CATALOGUE["SaveImageWebsocket"], {}, paced) == Pace()


def test_all_of_a_class_is_described() -> None:
    """Hidden inputs and the category of essentials too; a file input lists the files."""
    some = NodeClass(
        "X",
        "X",
        "x",
        required=(Input("file", (), {"upload": True}),),
        hidden={"prompt": "PROMPT"},
        essentials="Basics",
        file_input="file",
    )
    described = some.describe(["a.png"])
    assert described["input"] == {
        "required": {"file": [["a.png"], {"upload": True}]},
        "hidden": {"prompt": "PROMPT"},
    }
    assert described["input_order"] == {"required": ["file"], "hidden": ["prompt"]}
    assert described["essentials_category"] == "Basics"
