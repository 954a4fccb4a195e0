"""A workflow's values as fields."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.composer.form_fields import (
    FOLD_ABOVE,
    LARGEST_SEED,
    Field,
    form_of,
    range_of,
    read_answer,
)
from tests.tether.core.junk import anything, texts
from tether.core.errors import BadInput, MessageError
from tether.core.ids import NodeId
from tether.core.protocol.node_info import NodeInfo, read_node_info
from tether.core.protocol.workflow import Workflow
from tether.workflows.dynamic_choices import DYNAMIC
from tether.workflows.variants import filled

SAMPLER = json.dumps(
    {
        "KSampler": {
            "display_name": "Sampler",
            "input": {
                "required": {
                    "model": ["MODEL"],
                    "seed": ["INT", {"min": 0, "max": LARGEST_SEED}],
                    "steps": ["INT", {"min": 1, "max": 10000}],
                    "cfg": ["FLOAT", {"min": 0.0, "max": 100.0, "step": 0.1}],
                    "sampler_name": [["euler", "ddim"]],
                    "add_noise": ["BOOLEAN", {}],
                    "note": ["STRING", {"multiline": True}],
                }
            },
        }
    }
)


def infos() -> dict[str, NodeInfo | None]:
    return {"KSampler": read_node_info("KSampler", SAMPLER), "Absent": None}


def form(class_type: str = "KSampler", **inputs: Any) -> dict[str, Field]:
    """The fields of one node, by input."""
    node = {"class_type": class_type, "inputs": inputs}
    return {field.input: field for field in form_of(Workflow({NodeId("3"): node}), infos())}


def test_fields_by_what_the_server_says() -> None:
    found = form(
        model=["1", 0], seed=5, steps=20, cfg=7, sampler_name="euler", add_noise=True, note="hi"
    )
    assert {name: field.kind for name, field in found.items()} == {
        "note": "text",
        "seed": "seed",
        "steps": "whole",
        "cfg": "number",
        "sampler_name": "choice",
        "add_noise": "switch",
    }
    assert found["cfg"][:2] == (NodeId("3"), "cfg") == found["cfg"].key
    assert (found["cfg"].low, found["cfg"].high, found["cfg"].step) == (0.0, 100.0, 0.1)
    assert found["cfg"].title == "Sampler"
    assert found["sampler_name"].choices == ("euler", "ddim")


def test_a_choice_that_the_server_lacks_comes_first() -> None:
    assert form(sampler_name="mine")["sampler_name"].choices == ("mine", "euler", "ddim")


@pytest.mark.parametrize("class_type", ["Absent", "NeverAsked"])
def test_unknown_classes_have_plain_fields(class_type: str) -> None:
    found = form(class_type, seed=1, a=2, b=0.5, c=True, d="x", e="x\ny", f="x" * 99, g=None, h={})
    kinds = {name: field.kind for name, field in found.items()}
    assert kinds == {
        "seed": "seed",
        "a": "whole",
        "b": "number",
        "c": "switch",
        "d": "line",
        "e": "text",
        "f": "text",
    }
    assert (found["seed"].low, found["seed"].high) == (0, LARGEST_SEED)
    assert found["a"].title == class_type


def test_the_workflows_own_titles_and_pictures() -> None:
    nodes = {
        NodeId("1"): {
            "class_type": "LoadImage",
            "inputs": {"image": "a.png"},
            "_meta": {"title": "Face"},
        },
        NodeId("2"): {"class_type": "LoadImageMask", "inputs": {"image": "b.png"}, "_meta": 3},
        NodeId("4"): {"class_type": "LoadImage", "inputs": {"image": ["9", 0]}},
    }
    found = form_of(Workflow(nodes), {})
    assert [(field.kind, field.title) for field in found] == [
        ("picture", "Face"),
        ("mask", "LoadImageMask"),
    ]


def test_interesting_ones_come_first_and_the_rest_are_folded() -> None:
    plain = {f"x{number}": number for number in range(FOLD_ABOVE)}
    found = list(form("Absent", **plain, text="a cat", seed=1).values())
    assert [field.input for field in found if field.is_main] == ["text", "seed"]
    assert [field.is_main for field in found] == [True] * 2 + [False] * FOLD_ABOVE
    assert all(field.is_main for field in form("Absent", x=1, y=2).values())


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("seed", str(LARGEST_SEED), LARGEST_SEED),
        ("steps", " 7 ", 7),
        ("cfg", "7,5", 7.5),
        ("cfg", "8", 8.0),
        ("sampler_name", "ddim", "ddim"),
        ("sampler_name", "other", "other"),
        ("add_noise", "true", True),
        ("add_noise", "false", False),
        ("note", " as it is ", " as it is "),
    ],
)
def test_what_is_typed_becomes_a_value(name: str, typed: str, value: Any) -> None:
    fields = form(seed=5, steps=20, cfg=7.0, sampler_name="euler", add_noise=True, note="hi")
    answer = read_answer(fields[name], typed)
    assert answer == value and type(answer) is type(value)


def test_numbers_of_a_list_stay_numbers() -> None:
    field = Field(NodeId("1"), "n", "N", "choice", 8, True, choices=(8, 16))
    assert read_answer(field, "16") == 16


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        *(("steps", "0"), ("steps", "10001"), ("steps", "7.5"), ("steps", ""), ("steps", "9" * 40)),
        *(("cfg", "nan"), ("cfg", "inf"), ("cfg", "x"), ("seed", "-1"), ("cfg", "100.5")),
    ],
)
def test_what_is_no_such_value_is_refused(name: str, typed: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_answer(form(seed=5, steps=20, cfg=7.0)[name], typed)
    facts = dict(refused.value.trouble.facts)
    assert (facts["field"], facts["value"], facts["node"]) == (name, typed, "Sampler")


def test_the_range_is_told_as_people_write_it() -> None:
    with pytest.raises(BadInput) as refused:
        read_answer(form(cfg=7.0)["cfg"], "x")
    facts = dict(refused.value.trouble.facts)
    assert (facts["low"], facts["high"]) == ("0", "100")
    with pytest.raises(BadInput) as refused:
        read_answer(form("Absent", a=1)["a"], "x")
    assert dict(refused.value.trouble.facts)["low"] == "…"
    assert read_answer(form("Absent", a=1)["a"], "-5") == -5


@given(
    described=anything,
    values=st.dictionaries(texts, anything, max_size=4),
    typed=st.text() | st.sampled_from(["9" * 5_000, "1e400", "nan", "-0"]),
)
def test_whatever_a_server_and_a_file_say_is_a_form(
    described: Any, values: dict[str, Any], typed: str
) -> None:
    """Each field takes what is typed, or refuses it as bad input."""
    names = {"input": {"required": dict.fromkeys(values, described)}}
    try:
        info = read_node_info("Odd", json.dumps({"Odd": names}))
    except MessageError:
        info = None
    nodes = {NodeId("1"): {"class_type": "Odd", "inputs": values, "_meta": described}}
    for field in form_of(Workflow(nodes), {"Odd": info}):
        try:
            answer = read_answer(field, typed)
        except BadInput:
            continue
        assert filled(nodes, {field.key: answer})[field.node_id]["inputs"][field.input] == answer


@pytest.mark.parametrize(
    ("kind", "low", "high", "told"),
    [
        ("whole", 1, 10_000, "1 – 10000"),
        ("number", 0.01, 8.0, "0.01 – 8"),
        ("number", 0.0, None, "≥ 0"),
        ("whole", -(2**62), 7, "≤ 7"),
        ("whole", 1, 2**63, "≥ 1"),
        ("whole", None, None, ""),
        ("seed", 0, 9, ""),
        ("line", None, None, ""),
    ],
)
def test_a_range_is_told_where_it_tells_something(
    kind: Any, low: Any, high: Any, told: str
) -> None:
    """Nobody types seeds by their range, and nobody means two thousand million."""
    assert range_of(Field(NodeId("1"), "n", "N", kind, 1, True, low, high)) == told


def test_a_choice_that_brings_inputs_has_its_options_and_their_fields() -> None:
    options = [{"key": "big", "inputs": {"required": {"size": ["INT", {"max": 9}]}}}, {"key": "s"}]
    text = json.dumps({"Odd": {"input": {"required": {"m": [DYNAMIC, {"options": options}]}}}})
    odd = {NodeId("3"): {"class_type": "Odd", "inputs": {"m": "big", "m.size": 7}}}
    mode, size = form_of(Workflow(odd), {"Odd": read_node_info("Odd", text)})[::-1]
    assert (mode.kind, mode.choices, mode.is_dynamic) == ("choice", ("big", "s"), True)
    assert (size.kind, size.high, size.is_dynamic, size.place) == ("whole", 9, False, "3.m.size")


APP_NODES = {
    NodeId("1"): {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
    NodeId("2"): {"class_type": "LoadImage", "inputs": {"image": "b.png"}},
    NodeId("7"): {"class_type": "KSampler", "inputs": {"seed": 1, "cfg": 7.0}},
    NodeId("8:3"): {"class_type": "Odd", "inputs": {"text": "x", "width": 64}},
}


def app(*places: Any) -> dict[str, Any]:
    """An editor's graph with an author's choice."""
    slots = [{"name": "image", "label": "Reference"}, {"name": "mask"}, 7]
    return {
        "nodes": [
            {"id": 1, "type": "LoadImage", "inputs": None},
            {"id": 2, "type": "LoadImage", "inputs": slots},
            {"id": 7, "type": "KSampler", "inputs": [{"name": "cfg"}, 7]},
            {"id": 8, "type": "c0ffee", "inputs": [{"name": "text", "label": "What to paint"}]},
        ],
        "extra": {"linearData": {"inputs": list(places), "outputs": ["9"]}},
    }


@pytest.mark.parametrize("outer", ["8", 8, "c0ffee:8:text"])
def test_an_app_shows_what_its_author_chose_in_that_order_and_those_words(outer: Any) -> None:
    """A value of a subgraph is named by the subgraph's node."""
    graph = app(["7", "cfg"], [outer, "text"], [2, "image", {}], ["7", "cfg"])
    found = form_of(Workflow(APP_NODES, graph), infos())
    main = [(field.node_id, field.input, field.label) for field in found if field.is_main]
    assert main == [("7", "cfg", ""), ("8:3", "text", "What to paint"), ("2", "image", "Reference")]
    assert [field.key for field in found if not field.is_main] == [
        ("1", "image"),
        ("7", "seed"),
        ("8:3", "width"),
    ]


def test_a_value_inside_a_subgraph_is_chosen_where_there_is_one_alone() -> None:
    """Older files name the node inside; of two alike nobody knows which is meant."""
    (chosen, *_) = form_of(Workflow(APP_NODES, app(["3", "text"])), infos())
    assert (chosen.key, chosen.is_main, chosen.label) == (("8:3", "text"), True, "")
    two = {**APP_NODES, NodeId("8:4"): APP_NODES[NodeId("8:3")]}
    found = form_of(Workflow(two, app(["8", "text"], ["7", "cfg"])), infos())
    assert [field.key for field in found if field.is_main] == [("7", "cfg")]


@pytest.mark.parametrize(
    "places", [[], [7], [["7"]], [["9", "cfg"]], [["7", "gone"]], [["c0ffee:4:text", "text"]]]
)
def test_a_choice_of_nothing_that_is_there_chooses_nothing(places: list[Any]) -> None:
    workflow = Workflow(APP_NODES, app(*places))
    assert form_of(workflow, infos()) == form_of(Workflow(APP_NODES), infos())


@given(anything)
def test_whatever_an_author_left_the_form_has_all_fields(extra: Any) -> None:
    workflow = Workflow(APP_NODES, {**app(), "extra": {"linearData": {"inputs": extra}}})
    assert len(form_of(workflow, infos())) == 6
    assert len(form_of(Workflow(APP_NODES, {**app(), "extra": extra}), infos())) == 6


def test_fields_that_take_a_file() -> None:
    """Pictures, masks, and whatever else the server marks as an upload."""
    described = {
        name: {"input": {"required": {"file": ["COMBO", {option: True, "options": ["a"]}]}}}
        for name, option in (
            ("LoadVideo", "video_upload"),
            ("LoadAudio", "audio_upload"),
            ("LoadThing", "file_upload"),
            ("LoadOwn", "image_upload"),
        )
    }
    classes = {name: read_node_info(name, json.dumps(described)) for name in described}
    nodes = {
        NodeId(str(number)): {"class_type": name, "inputs": {"file": "a"}}
        for number, name in enumerate(described)
    }
    nodes[NodeId("8")] = {"class_type": "LoadImageMask", "inputs": {"image": "m.png"}}
    nodes[NodeId("9")] = {"class_type": "Note", "inputs": {"text": "hi"}}
    found = form_of(Workflow(nodes), classes)
    assert [(field.kind, field.upload) for field in found] == [
        ("picture", "picture"),
        ("video", "video"),
        ("audio", "audio"),
        ("file", "file"),
        ("mask", "picture"),
        ("line", None),
    ]
    assert all(field.is_main for field in found)


def test_fields_whose_pictures_have_their_transparency_used() -> None:
    """As a mask: there one can be painted."""
    text = {"class_type": "PreviewAny", "inputs": {"source": ["1", 1]}}
    nodes = {
        NodeId("1"): {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
        NodeId("2"): {"class_type": "LoadImage", "inputs": {"image": "b.png"}},
        NodeId("3"): {"class_type": "LoadImageMask", "inputs": {"image": "m", "channel": "alpha"}},
        NodeId("4"): {"class_type": "LoadImageMask", "inputs": {"image": "m", "channel": "red"}},
        NodeId("5"): text,
    }
    found = {field.place: field.is_masked for field in form_of(Workflow(nodes), {})}
    assert {place for place, is_masked in found.items() if is_masked} == {"1.image", "3.image"}
    assert {"2.image", "4.image"} <= found.keys()
