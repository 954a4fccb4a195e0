"""Classes that a server replaces, as it lists them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tether.core.errors import MessageError
from tether.core.protocol.node_info import InputInfo, NodeInfo
from tether.core.protocol.replacements import Replacement, read_replacements

LISTED = {
    "new_node_id": "ImageBlur",
    "old_node_id": "TetherSoften",
    "old_widget_ids": ["radius", "mood"],
    "input_mapping": [
        {"new_id": "image", "old_id": "picture"},
        {"new_id": "blur_radius", "old_id": "radius"},
        {"new_id": "sigma", "set_value": 1.0},
    ],
    "output_mapping": [{"new_idx": 0, "old_idx": 0}],
}
SOFTEN = Replacement("ImageBlur", ("radius", "mood"), {"picture": "image", "radius": "blur_radius"})
IMAGE = InputInfo("image", "IMAGE", True, {})
RADIUS = InputInfo("blur_radius", "INT", True, {"max": 31})
BLUR = NodeInfo("ImageBlur", "Image Blur", (IMAGE, RADIUS), ("IMAGE",), False)


def test_the_first_of_several_counts() -> None:
    text = json.dumps({"TetherSoften": [LISTED, {"new_node_id": "Other"}]})
    assert read_replacements(text) == {"TetherSoften": SOFTEN}


@pytest.mark.parametrize("listed", [[], {}, 7, [7], [{}], [{"new_node_id": 7}]])
def test_what_replaces_nothing_is_passed_over(listed: object) -> None:
    assert read_replacements(json.dumps({"A": listed})) == {}


@pytest.mark.parametrize("mapping", [None, [], 7, [7, {"old_id": 7, "new_id": "b"}]])
def test_one_that_takes_over_no_input_is_none(mapping: object) -> None:
    content = {"A": [{"new_node_id": "B", "input_mapping": mapping}]}
    assert read_replacements(json.dumps(content)) == {}


def test_widgets_may_be_unsaid() -> None:
    content = {"A": [{"new_node_id": "B", "input_mapping": [{"old_id": "a", "new_id": "b"}]}]}
    assert read_replacements(json.dumps(content)) == {"A": Replacement("B", (), {"a": "b"})}


def test_the_old_class_is_described_by_the_new_one() -> None:
    assert SOFTEN.described("TetherSoften", BLUR) == NodeInfo(
        "TetherSoften",
        "Image Blur",
        (
            InputInfo("radius", "INT", True, {"max": 31}),
            InputInfo("mood", "STRING", False, {}),  # a widget that the new one has no more
            InputInfo("picture", "IMAGE", True, {}),
        ),
        ("IMAGE",),
        False,
    )
    gone = Replacement("ImageBlur", (), {"mask": "no more"}).described("Old", BLUR)
    assert gone.inputs == (InputInfo("mask", "*", False, {}),)


@given(
    st.recursive(
        st.none() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["A", "new_node_id", "input_mapping", "old_id", "new_id"]), inner
            )
        ),
    )
)
def test_any_json_is_read_or_refused(content: object) -> None:
    try:
        assert isinstance(read_replacements(json.dumps(content)), dict)
    except MessageError:
        assert not isinstance(content, dict)
