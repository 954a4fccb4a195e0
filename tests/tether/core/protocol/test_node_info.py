"""Node classes, as a server describes them."""

import json

import pytest
from hypothesis import given

from tests.tether.core.junk import anything, is_bounded
from tether.core.errors import MessageError
from tether.core.protocol.node_info import MOST_CHOICES, InputInfo, read_node_info, takes

MEASURED = json.dumps(
    {
        "LoadImage": {
            "input": {"required": {"image": [["lab (1).png", "lab.png"], {"image_upload": True}]}},
            "input_order": {"required": ["image"]},
            "output": ["IMAGE", "MASK"],
            "name": "LoadImage",
            "display_name": "Load Image",
            "output_node": False,
        }
    }
)


def described(**content: object) -> str:
    return json.dumps({"X": content})


def inputs_of(**content: object) -> tuple[InputInfo, ...]:
    info = read_node_info("X", described(**content))
    assert info is not None
    return info.inputs


def test_a_measured_class() -> None:
    info = read_node_info("LoadImage", MEASURED)
    assert info is not None
    assert (info.title, info.outputs, info.is_output) == ("Load Image", ("IMAGE", "MASK"), False)
    image = info.input("image")
    assert image is not None and image.choices == ("lab (1).png", "lab.png")
    assert image.type == "COMBO" and image.is_upload and image.is_widget and image.is_required
    assert info.input("mask") is None


def test_a_class_the_server_lacks() -> None:
    assert read_node_info("NoSuch", "{}") is None


def test_inputs_come_in_the_servers_order_and_forgotten_ones_last() -> None:
    found = inputs_of(
        input={"required": {"b": ["INT"], "a": ["FLOAT", {}]}, "optional": {"c": ["IMAGE"]}},
        input_order={"required": ["a", "gone"], "optional": [3]},
    )
    assert [(each.name, each.is_required) for each in found] == [
        ("a", True),
        ("b", True),
        ("c", False),
    ]


def test_an_input_that_is_described_by_nonsense_is_a_link() -> None:
    (found,) = inputs_of(input={"required": {"x": "nonsense"}})
    assert (found.type, found.is_widget) == ("", False)


@pytest.mark.parametrize(
    ("described_as", "is_plain"),
    [
        ([["a", 2, 0.5]], True),
        ([[]], False),
        ([[{"content": "a"}]], False),
        ([["a.png"], {"image_upload": True}], False),
        (["INT", {}], False),
    ],
)
def test_lists_of_which_only_the_values_will_do(described_as: object, is_plain: bool) -> None:
    (found,) = inputs_of(input={"required": {"x": described_as}})
    assert found.is_plain_list is is_plain


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        ({"image_upload": True}, "picture"),
        ({"image_upload": True, "image_folder": "input"}, "picture"),
        ({"image_upload": True, "image_folder": "output"}, None),
        ({"video_upload": True}, "video"),
        ({"audio_upload": True}, "audio"),
        ({"file_upload": True}, "file"),
        ({"video_upload": False}, None),
    ],
)
def test_what_an_input_takes_as_an_upload(options: dict[str, object], taken: str | None) -> None:
    """One whose files are in another folder than uploads has none."""
    assert InputInfo("file", "COMBO", True, options).upload == taken


def test_choices_in_the_newer_form() -> None:
    (found,) = inputs_of(input={"required": {"m": ["COMBO", {"options": ["a", "b"]}]}})
    assert found.choices == ("a", "b")


def test_a_list_that_is_fetched_later_has_no_choices() -> None:
    (found,) = inputs_of(input={"required": {"m": ["COMBO", {"remote": {}}]}})
    assert found.choices == () and found.is_widget


@pytest.mark.parametrize(
    ("described_as", "is_widget"),
    [
        (["INT", {}], True),
        (["STRING", {"forceInput": True}], False),
        (["IMAGE", {}], False),
        (["CURVE", {"socketless": True}], True),
        (["IMAGE"], False),
    ],
)
def test_what_is_set_on_the_node(described_as: object, is_widget: bool) -> None:
    (found,) = inputs_of(input={"required": {"x": described_as}})
    assert found.is_widget is is_widget


def test_a_class_that_describes_nothing() -> None:
    info = read_node_info("X", described(input=None, output=[["a"], "IMAGE"], display_name=""))
    assert info is not None and info.inputs == () and info.outputs == ("COMBO", "IMAGE")
    assert info.title == "X"
    bare = read_node_info("X", described())
    assert bare is not None and bare.outputs == () and bare.is_output is None


@pytest.mark.parametrize("text", ["", "[]", "<html>", '{"Y": {}}', '{"X": 3}'])
def test_what_comfyui_never_answers(text: str) -> None:
    with pytest.raises(MessageError):
        read_node_info("X", text)


@given(anything, anything)
def test_any_description_is_read(content: object, value: object) -> None:
    inputs = {"a": ["INT", {"default": value, "max": value}], "b": [[value]]}
    whole = ({"input": {"required": each}} for each in (content, inputs))
    for described_as in (content, *whole):
        try:
            info = read_node_info("X", json.dumps({"X": described_as}))
        except MessageError as error:
            assert error.trouble.code == "message_unknown"
            continue
        assert info is not None and is_bounded(info)


def test_a_list_without_end_is_cut() -> None:
    """Each of its values would be an element of the page; a title that is none gives the name."""
    listed = [str(number) for number in range(MOST_CHOICES + 1)]
    inputs = {"required": {"old": [listed], "new": ["COMBO", {"options": listed}]}}
    answer = {"X": {"input": inputs, "display_name": "x" * 10**6}}
    info = read_node_info("X", json.dumps(answer))
    assert info is not None
    assert [len(each.choices) for each in info.inputs] == [MOST_CHOICES] * 2
    assert info.title == "X"


def test_which_inputs_take_a_file() -> None:
    """A sound may come from a film; an input for files takes all."""
    assert takes("picture", "picture")
    assert not takes("picture", "video")
    assert takes("audio", "video")
    assert not takes("video", "audio")
    assert takes("file", "picture")
