"""Workflows: what runs, what it needs, what it gives."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.farm import invert_workflow
from tests.tether.core.junk import DEEP, anything, peer_texts
from tether.core.errors import BadInput, Trouble
from tether.core.ids import NodeId
from tether.core.protocol import workflow as module
from tether.core.protocol.node_info import InputInfo, NodeInfo
from tether.core.protocol.workflow import MOST_NODES, Workflow, parse_workflow, parsed, workflow_of

SAVE = {"class_type": "SaveImage", "inputs": {"images": ["2", 0]}}


def test_a_workflow_tells_which_pictures_it_takes() -> None:
    """An image that is linked from another node is no upload."""
    workflow = invert_workflow(
        **{
            "4": {"class_type": "LoadImageMask", "inputs": {"image": "mask.png"}},
            "5": {"class_type": "LoadImage", "inputs": {"image": ["4", 0]}},
        }
    )
    assert workflow.upload_inputs() == {("1", "image"): "picture", ("4", "image"): "picture"}


def test_a_server_tells_of_other_uploads() -> None:
    """By what it says of the input, not by the name of the class; a link is no file."""
    film = InputInfo("file", "COMBO", True, {"video_upload": True})
    plain = InputInfo("format", "COMBO", True, {})
    infos = {"LoadVideo": NodeInfo("LoadVideo", "", (film, plain), ("VIDEO",), False), "Gone": None}
    workflow = invert_workflow(
        **{
            "4": {"class_type": "LoadVideo", "inputs": {"file": "a.mp4", "format": "auto"}},
            "5": {"class_type": "LoadVideo", "inputs": {"file": ["4", 0]}},
            "6": {"class_type": "Gone", "inputs": {"file": "b.mp4"}},
            "0": {"class_type": "LoadImageMask", "inputs": {"image": "m.png"}},
        }
    )
    assert list(workflow.upload_inputs(infos).items()) == [
        (("1", "image"), "picture"),
        (("4", "file"), "video"),
        (("0", "image"), "picture"),
    ]


@pytest.mark.parametrize(
    ("loader", "is_used"),
    [
        ({"class_type": "LoadImage", "inputs": {"image": "a.png"}}, True),
        ({"class_type": "Other", "inputs": {"image": "a.png"}}, False),
        ({"class_type": "LoadImageMask", "inputs": {"image": "a.png", "channel": "red"}}, False),
        ({"class_type": "LoadImageMask", "inputs": {"image": "a.png", "channel": "alpha"}}, True),
    ],
)
def test_whether_the_mask_of_a_picture_is_used(loader: dict[str, Any], is_used: bool) -> None:
    """The usual loader gives it beside the picture; one that nothing takes is of no use."""
    taker = {"class_type": "PreviewAny", "inputs": {"source": ["8", 1]}}
    workflow = invert_workflow(**{"8": loader, "9": taker})
    assert workflow.uses_mask(NodeId("8")) is is_used
    assert not workflow.uses_mask(NodeId("1"))


def test_the_names_of_uploads_go_in_and_the_workflow_stays_as_it_is() -> None:
    """The same workflow is posted to another server with other names."""
    workflow = invert_workflow()
    nodes = workflow.with_names({("1", "image"): "photo (1).png"}).nodes
    assert nodes["1"]["inputs"] == {"image": "photo (1).png"}
    assert nodes["2"] == workflow.nodes["2"]
    assert workflow.nodes["1"]["inputs"] == {"image": "example.png"}


GRAPH = {
    "nodes": [
        {"id": 1, "type": "LoadImage", "widgets_values": ["example.png", "image"]},
        {"id": 2, "type": "ImageInvert"},
        {"id": 3, "type": "SaveImage", "widgets_values": ["invert"]},
    ]
}


def test_the_editors_graph_is_kept_with_it_and_shows_what_runs() -> None:
    nodes = invert_workflow().nodes
    workflow = workflow_of(nodes, GRAPH)
    assert parse_workflow(workflow.text()) == workflow == Workflow(nodes, GRAPH)
    named = workflow.with_names({(NodeId("1"), "image"): "b.png"})
    assert named.graph and named.graph["nodes"][0]["widgets_values"] == ["b.png", "image"]
    assert parse_workflow(json.dumps({"prompt": nodes})) == Workflow(nodes)
    assert json.loads(Workflow(nodes).text()) == nodes
    assert workflow_of(nodes, {"nodes": []}).graph is None, "it is another's"


def test_a_graph_that_would_make_it_too_long_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    workflow = workflow_of(invert_workflow().nodes, GRAPH)
    parts = workflow.text().count("{") + workflow.text().count("[")
    for limit, value in (("MOST_PARTS", parts), ("LONGEST_WORKFLOW", len(workflow.text()))):
        with monkeypatch.context() as patch:
            patch.setattr(module, limit, value)
            assert parse_workflow(workflow.text()) == workflow
            patch.setattr(module, limit, value - 1)
            assert parse_workflow(workflow.text()) == invert_workflow()


def test_outputs_are_known_where_all_classes_are() -> None:
    """With one class that we don't know, only a server that describes it can say what comes."""
    assert invert_workflow().outputs() == {"3"}
    odd = invert_workflow(**{"4": {"class_type": "Odd", "inputs": {}}})
    assert odd.outputs() is None
    for is_output, outputs in ((True, {"3", "4"}), (False, {"3"}), (None, None)):
        assert odd.outputs({"Odd": NodeInfo("Odd", "", (), (), is_output)}) == outputs
    assert odd.outputs({"Odd": None}) is None


def test_only_what_the_outputs_need_will_run() -> None:
    """A loose node costs no progress; a link to nowhere is the server's to refuse."""
    loose = {"class_type": "EmptyImage", "inputs": {"width": 8}}
    dangling = {"class_type": "SaveImage", "inputs": {"images": ["77", 0], "odd": ["2", "x"]}}
    workflow = invert_workflow(**{"4": loose, "5": dangling, "6": SAVE})
    assert workflow.running_nodes() == {"1", "2", "3", "5", "6"}


def test_when_unsure_all_nodes_count() -> None:
    """A class that we don't know may be an output."""
    assert invert_workflow(**{"4": {"class_type": "Odd", "inputs": {}}}).running_nodes() == {
        *("1", "2", "3", "4")
    }


def test_a_workflow_may_stand_under_a_prompt_key() -> None:
    """As in a body of `POST /prompt`."""
    nodes = invert_workflow().nodes
    assert parse_workflow(json.dumps({"prompt": nodes})).nodes == nodes


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "workflow_not_json"),
        (DEEP, "workflow_not_json"),
        ("9" * 5000, "workflow_not_workflow"),
        ("[]", "workflow_not_workflow"),
        ("{}", "workflow_not_workflow"),
        ('{"nodes": [], "links": []}', "workflow_editor_format"),
        ('{"1": {"class_type": "SaveImage"}}', "workflow_node_bad"),
        ('{"1": {"class_type": "LoadImage", "inputs": {}}}', "workflow_no_output"),
    ],
)
def test_what_cannot_run_is_refused_with_its_own_reason(text: str, code: str) -> None:
    """Nothing of it is sent or stored."""
    with pytest.raises(BadInput) as caught:
        parse_workflow(text)
    assert caught.value.trouble.code == code


def test_a_file_beyond_any_workflow_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody dropped a video."""
    monkeypatch.setattr(module, "LONGEST_WORKFLOW", 10)
    with pytest.raises(BadInput) as caught:
        parse_workflow(" " * 11)
    assert caught.value.trouble.code == "workflow_too_long"


classes = st.sampled_from(["LoadImage", "ImageInvert", "SaveImage", "Odd"])
links = st.lists(st.sampled_from(["1", "2", "3"]) | anything, min_size=2, max_size=2)
node = st.fixed_dictionaries(
    {"class_type": classes, "inputs": st.dictionaries(st.just("image"), links | anything)}
)
REAL = [json.dumps(invert_workflow().nodes)]


@given(
    peer_texts(REAL)
    | st.dictionaries(st.sampled_from(["1", "2", "3"]), node | anything).map(json.dumps)
)
def test_a_workflow_is_refused_or_can_be_used(text: str) -> None:
    """Whatever file was dropped; loops of links end too."""
    try:
        workflow = parse_workflow(text)
    except BadInput:
        return
    names = dict.fromkeys(workflow.upload_inputs(), "x.png")
    assert workflow.with_names(names).nodes.keys() == workflow.nodes.keys()
    assert workflow.running_nodes() <= workflow.nodes.keys()
    assert (workflow.outputs() or frozenset()) <= workflow.running_nodes()


def test_the_classes_that_not_every_server_has() -> None:
    workflow = parse_workflow(
        json.dumps(
            {
                "1": {"class_type": "LoadImage", "inputs": {}},
                "2": {"class_type": "Mine", "inputs": {}},
                "3": {"class_type": "Mine", "inputs": {}},
            }
        )
    )
    assert workflow.special_classes() == ("Mine",)


def test_a_workflow_of_a_hundred_thousand_nodes_is_refused() -> None:
    """It is no workflow that a person works with, and would cost the page as many fields."""
    node = {"class_type": "SaveImage", "inputs": {}}
    most = {str(number): node for number in range(MOST_NODES)}
    assert len(parse_workflow(json.dumps(most)).nodes) == MOST_NODES
    with pytest.raises(BadInput) as refused:
        parse_workflow(json.dumps({**most, "one more": node}))
    assert refused.value.trouble.code == "workflow_too_many_nodes"


@pytest.mark.parametrize("extra", [{"_comment": "mine"}, {"version": 0.4, "extra": {"a": {}}}])
def test_what_stands_between_the_nodes_is_passed_over(extra: dict[str, object]) -> None:
    """A server wants nodes alone."""
    nodes = invert_workflow().nodes
    assert parse_workflow(json.dumps({**extra, **nodes})).nodes == nodes


@pytest.mark.parametrize(
    ("node_id", "node"),
    [("9", {}), ("9", "x"), ("9:1", None), ("odd", {"inputs": {}}), ("odd", {"class_type": 3})],
)
def test_what_is_meant_as_a_node_must_be_one(node_id: str, node: object) -> None:
    with pytest.raises(BadInput) as refused:
        parse_workflow(json.dumps({**invert_workflow().nodes, node_id: node}))
    assert refused.value.trouble == Trouble.of("workflow_node_bad", node=node_id)


def test_scripts_give_workflows_as_text_or_as_what_that_is_made_of() -> None:
    """Or as one that is read already."""
    nodes = {"1": SAVE}
    read = parsed(json.dumps(nodes))
    assert read.nodes == parsed(nodes).nodes == nodes
    assert parsed(read) is read


def test_where_no_node_is_there_is_no_workflow() -> None:
    with pytest.raises(BadInput) as refused:
        parse_workflow('{"a": {"b": 1}}')
    assert refused.value.trouble.code == "workflow_not_workflow"


def test_what_a_server_wrote_for_itself_is_not_sent_again() -> None:
    """Older pictures have NaN in it."""
    nodes = {"1": {**SAVE, "is_changed": [None]}}
    assert parse_workflow(json.dumps(nodes)).nodes == {"1": SAVE}


@pytest.mark.parametrize(
    ("meta", "is_so"), [({"queued": {}}, True), ({}, False), ("queued", False), (None, False)]
)
def test_what_is_decided_when_it_is_queued(meta: object, is_so: bool) -> None:
    workflow = parse_workflow(json.dumps({"1": {**SAVE, "_meta": meta}}))
    assert workflow.is_decided_when_queued() is is_so
