"""Which result fills which input of the task that takes it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.farm import NORTH, invert_workflow
from tests.tether.core.junk import anything
from tether.core.ids import NodeId, PromptId
from tether.core.protocol.handover import (
    ResultSource,
    UploadPlace,
    fitting,
    is_web_page,
    may_feed,
    places_from_json,
    places_of,
    places_to_json,
    source_from_json,
    source_to_json,
)
from tether.core.protocol.node_info import FileKind
from tether.core.protocol.outputs import Output, kind_of
from tether.core.protocol.workflow import Workflow, parse_workflow

names = st.text(max_size=8)
kinds = st.sampled_from(("picture", "video", "audio", "file"))
places = st.builds(UploadPlace, names.map(NodeId), names, kinds)
files = st.builds(
    lambda node, name: Output(node, kind_of(name), name), names.map(NodeId), names.filter(bool)
)
sources = st.builds(ResultSource, st.just(NORTH), names.map(PromptId), files, places)


def place(kind: FileKind, node: str = "1") -> UploadPlace:
    """An input that takes this kind."""
    return UploadPlace(NodeId(node), kind, kind)


def output(name: str, folder: str = "output") -> Output:
    """A file that a node gave."""
    return Output(NodeId("9"), kind_of(name), name, "", folder)


def saving(class_type: str) -> Workflow:
    """A workflow that ends in this node."""
    node = {"class_type": class_type, "inputs": {"images": ["2", 0]}}
    return parse_workflow(json.dumps({**invert_workflow().nodes, "3": node}))


@pytest.mark.parametrize(
    ("given_names", "kinds_taken", "expected"),
    [
        ("a.png b.png", "picture", ("a.png", "picture")),
        ("a.png b.mp4", "video picture", ("b.mp4", "video")),
        ("a.png", "video picture", ("a.png", "picture")),
        ("a.mp4", "audio", ("a.mp4", "audio")),
        ("a.glb", "picture file", ("a.glb", "file")),
        ("a.mp3", "picture video", None),
        ("", "file", None),
    ],
)
def test_the_first_result_that_fits_fills_the_first_input(
    given_names: str, kinds_taken: str, expected: tuple[str, str] | None
) -> None:
    """Inputs come in their own order; an input for sounds takes a film, one for files anything."""
    found = fitting(map(output, given_names.split()), map(place, kinds_taken.split()))  # type: ignore[arg-type]
    assert (found and (found[0].filename, found[1].kind)) == expected


def test_what_was_saved_comes_before_a_preview_and_texts_are_no_files() -> None:
    """A preview is gone when its server restarts."""
    text = Output(NodeId("9"), "text", text="said")
    found = fitting((text, output("p.png", "temp"), output("s.png")), [place("picture")])
    assert found is not None
    assert found[0].filename == "s.png"


def test_inputs_that_take_an_upload_are_places_in_their_order() -> None:
    """With the kind that each takes."""
    uploads: dict[tuple[NodeId, str], FileKind] = {
        (NodeId("1"), "image"): "picture",
        (NodeId("2"), "image"): "picture",
        (NodeId("3"), "video"): "video",
    }
    assert [each.node_id for each in places_of(uploads)] == ["1", "2", "3"]
    assert [each.kind for each in places_of(uploads)] == ["picture", "picture", "video"]


def test_a_workflow_follows_only_what_may_give_what_it_takes() -> None:
    """What an unknown node gives, only a run tells."""
    assert may_feed(saving("SaveImage"), [place("picture")])
    assert may_feed(saving("SaveImage"), [place("video"), place("file")])
    assert not may_feed(saving("SaveImage"), [place("video"), place("audio")])
    assert not may_feed(saving("SaveImage"), [])
    assert may_feed(saving("Somebodys"), [place("video")])
    assert may_feed(saving("SaveVideo"), [place("audio")])


def test_a_page_is_no_result() -> None:
    """Whoever stands before a server asks for a password so."""
    assert is_web_page("Text/HTML; charset=utf-8")
    assert not is_web_page("image/png")


@given(st.lists(places, max_size=3), st.none() | sources)
def test_what_a_record_says_is_read_again(
    given_places: list[UploadPlace], source: ResultSource | None
) -> None:
    """As lists of JSON."""
    rows, row = json.loads(json.dumps([places_to_json(given_places), source_to_json(source)]))
    assert places_from_json(rows) == tuple(given_places)
    assert source_from_json(row) == source


@given(anything)
def test_what_is_no_record_is_nothing(thing: Any) -> None:
    """Rows of other pages may be anything."""
    assert all(isinstance(each, UploadPlace) for each in places_from_json(thing))
    assert all(isinstance(each, UploadPlace) for each in places_from_json([thing]))
    source_from_json(thing)
    assert source_from_json([NORTH, "p", thing, ["1", "image", "picture"]]) is None
    assert source_from_json([NORTH, "p", ["1", "text", "", "", "", "x"], thing]) is None
