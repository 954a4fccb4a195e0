"""Results of nodes, their addresses, and their place in a task's record."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.farm import NORTH
from tests.tether.core.junk import DEEP, anything, texts
from tether.core.ids import NodeId, PromptId
from tether.core.protocol.outputs import (
    DEEPEST,
    LONGEST_NAME,
    LONGEST_SAVED,
    LONGEST_TEXT,
    MOST_OUTPUTS,
    MOST_PARTS,
    Output,
    comparable,
    first_image,
    is_time,
    kind_of,
    outputs_from_json,
    outputs_to_json,
    parse_json,
    read_json,
    read_outputs,
    saved_name,
    smaller_url,
    unique_names,
    view_url,
)

NODE = NodeId("9")


def test_files_and_texts_are_results_under_any_key() -> None:
    """Custom nodes use keys of their own; only what has a name or is a text counts."""
    output = {
        "images": [{"filename": "a.png", "subfolder": "x/y", "type": "temp"}, {"filename": ""}],
        "gifs": [{"filename": "b.MP4", "subfolder": None}],
        "text": ["a cat", 3],
        "animated": [True],
        "width": 512,
    }
    assert read_outputs(NODE, output) == (
        Output(NODE, "image", "a.png", "x/y", "temp"),
        Output(NODE, "video", "b.MP4", "", "output"),
        Output(NODE, "text", text="a cat"),
    )


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("a cat", ["a cat"]),
        (list("a cat"), ["a cat"]),
        (["a", "cat"], ["a", "cat"]),
        (["5", "7"], ["5", "7"]),
        (["x"], ["x"]),
        ([["a cat"], [["a dog"], list("mouse")]], ["a cat", "a dog", "mouse"]),
        ([[[["too deep"]]]], []),
        ("", []),
        ([], []),
        (["", None, [], {}], []),
        (None, []),
        (7, []),
        ({"a": "cat"}, []),
    ],
)
def test_texts_come_in_many_forms(value: object, found: list[str]) -> None:
    """A caption of 530 letters is one result, not so many."""
    outputs = read_outputs(NODE, {"text": value})
    assert [(each.kind, each.text) for each in outputs] == [("text", text) for text in found]


def test_a_file_may_come_without_a_list() -> None:
    (found,) = read_outputs(NODE, {"mesh": {"filename": "a.glb", "type": "output"}})
    assert (found.kind, found.filename) == ("model", "a.glb")


def test_results_are_bounded() -> None:
    """In number, in the length of texts, and in that of names."""
    many = read_outputs(NODE, {"text": ["aa"] * MOST_OUTPUTS, "more": ["b", "c", "dd"]})
    assert len(many) == MOST_OUTPUTS and {output.text for output in many} == {"aa"}
    (long,) = read_outputs(NODE, {"text": ["x" * 10**6], "images": [{"filename": "x" * 10**6}]})
    assert long.text == "x" * LONGEST_TEXT


def test_a_node_with_an_endless_name_is_cut() -> None:
    """Each of its results has its name, and all of them are saved."""
    files = [{"filename": "a.png"}] * MOST_OUTPUTS
    found = read_outputs(NodeId("9" * 10**6), {"images": files})
    assert {output.node_id for output in found} == {"9" * LONGEST_NAME}


@pytest.mark.parametrize("letter", ["x", "猫"])
def test_what_is_saved_of_results_is_bounded(letter: str) -> None:
    """However many there are, and in whatever script; those that remain keep their numbers."""
    text = Output(NODE, "text", text=letter * LONGEST_TEXT)
    image = Output(NODE, "image", "a.png", letter * LONGEST_NAME)
    rows = outputs_to_json((text,) * 20 + (image,) * (MOST_OUTPUTS - 20))
    assert len(json.dumps(rows)) < 2 * LONGEST_SAVED + 100_000
    assert len(rows) > 40
    saved = outputs_from_json(rows)
    assert [output.kind for output in saved[:20]] == ["text"] * 20
    assert set(saved[20:]) == {image}
    assert outputs_from_json(outputs_to_json((text, image))[1:]) == (image,)


def test_a_node_without_output_has_no_results() -> None:
    """`null` stands in real frames."""
    assert read_outputs(NODE, None) == ()


@pytest.mark.parametrize(
    ("filename", "kind"),
    [
        ("x.webp", "image"),
        ("x.flac", "audio"),
        ("x.WebM", "video"),
        ("x.svg", "other"),
        ("", "other"),
    ],
)
def test_the_ending_tells_how_to_show_a_file(filename: str, kind: str) -> None:
    """SVG is no picture: it can hold scripts, and servers hand it out as a download."""
    assert kind_of(filename) == kind


def test_a_result_has_an_address_of_its_own() -> None:
    """Odd names are encoded, and the prompt id keeps an older file of that name away."""
    output = Output(NODE, "image", 'a b&"ü".png', "in/ner", "temp")
    url = urlsplit(view_url(NORTH, output, PromptId("p-1")))
    assert url.netloc == "north:8188"
    assert parse_qs(url.query) == {
        "filename": ['a b&"ü".png'],
        "subfolder": ["in/ner"],
        "type": ["temp"],
        "prompt": ["p-1"],
    }


def test_a_name_that_no_address_can_hold_harms_nobody() -> None:
    """JSON can carry half of a surrogate pair; a URL cannot."""
    assert "filename=%3F&" in view_url(NORTH, Output(NODE, "other", "\ud800"), PromptId("p"))


@given(anything)
def test_any_output_can_be_read_addressed_and_kept(output: object) -> None:
    """Results survive a reload as they were, whatever a node gave."""
    found = read_outputs(NODE, {"images": output, "files": [output], "all": [{"filename": output}]})
    for result in found:
        view_url(NORTH, result, PromptId("p"))
    assert outputs_from_json(json.loads(json.dumps(outputs_to_json(found)))) == found


@given(anything)
def test_rows_of_another_shape_are_left_out(rows: object) -> None:
    """A damaged record loses a row, not the task."""
    assert all(isinstance(output, Output) for output in outputs_from_json(rows))
    assert outputs_from_json([rows, ["9", "image", "a.png", "", "output", ""]])[-1:] == (
        Output(NODE, "image", "a.png"),
    )


def test_nesting_deeper_than_the_stack_is_no_json() -> None:
    """A peer must not be able to end a browser's Python; and no deep text passes for a flat one."""
    most = "[" * DEEPEST + "]" * DEEPEST
    for deep in (
        DEEP,
        f"[{most}]",
        '{"a":[' * 2 * DEEPEST + "]}" * 2 * DEEPEST,
        DEEP + "]}" * 50_000,
        f"{DEEP}!{DEEP.replace('[', ']')}",
        '"' + '\\"' * 50_000 + DEEP,
        f'["\\" {"]" * 200}",{most}]',
    ):
        with pytest.raises(ValueError, match=r"."):
            parse_json(deep)
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_json(DEEP)


def test_more_parts_than_a_page_can_read_are_no_json() -> None:
    """A million empty objects are counted, not read."""
    with pytest.raises(ValueError, match=f"more than {MOST_PARTS} lists and objects"):
        parse_json(f"[{'{},' * MOST_PARTS}0]")


def test_flat_json_may_be_as_long_as_it_likes() -> None:
    """Brackets in strings and beside each other are no nesting."""
    most = "[" * DEEPEST + "]" * DEEPEST
    assert parse_json("[1]") == [1]
    assert parse_json(most) == json.loads(most)
    wide = {"prompt": [["1", 0]] * 5_000, "text": '[[[[{"' * 200}
    assert parse_json(json.dumps(wide)) == wide


@pytest.mark.parametrize("value", [0, 1_795_452_000.5])
def test_seconds_since_the_epoch_are_a_time(value: object) -> None:
    """Both kinds of number."""
    assert is_time(value)


@pytest.mark.parametrize("value", [None, "1", -1, float("nan"), float("inf"), 10**400])
def test_other_things_are_no_time(value: object) -> None:
    """What no clock says would raise later, where nobody expects it."""
    assert not is_time(value)


@given(texts)
def test_any_name_has_a_kind(name: str) -> None:
    """There is no name without one."""
    assert kind_of(name) in ("image", "video", "audio", "text", "other")


def test_a_saved_result_is_called_after_its_picture() -> None:
    """So that two photos never make one file."""
    assert saved_name("invert_00001_.png", "forest.v2.jpg") == "forest.v2-invert_00001_.png"
    assert saved_name("a.png", "scan") == "scan-a.png"
    assert saved_name("a.png", "") == "a.png"


def test_what_is_no_json_is_nothing() -> None:
    """As is what is nested too deeply."""
    assert read_json('{"a": [1]}') == {"a": [1]}
    assert read_json("{") is read_json("[" * 1_000) is read_json("null") is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("18446744073709551615", 2**64 - 1),
        ("18446744073709551617", 2**64),
        ("-" + "9" * 20, -(2**64)),
        ("9" * 5000, 2**64),
        ("-" + "9" * 5000, -(2**64)),
        ("1e308", 1e308),
        ("1e309", None),
        ("-1e309", None),
        ("NaN", None),
        ("-Infinity", None),
    ],
)
def test_no_number_of_a_peer_is_endless(text: str, number: float | None) -> None:
    """One server's queue of 10^400 tasks must not stop the sums about all others."""
    assert parse_json(f"[{text}]") == [number]


def test_a_folder_with_an_endless_name_is_none() -> None:
    """It would be written into the browser's storage with each change of the task."""
    files = [{"filename": "a.png", "subfolder": "x" * 2_000_000, "type": "y" * 2_000_000}]
    (output,) = read_outputs(NodeId("9"), {"images": files})
    assert (output.subfolder, output.folder) == ("", "output")


def test_a_smaller_copy_is_the_same_picture_encoded_again() -> None:
    whole = view_url(NORTH, Output(NODE, "image", "a.png"), PromptId("p"))
    assert smaller_url(whole) == f"{whole}&preview=webp;80"


def test_the_first_result_that_is_a_picture() -> None:
    """Texts and films may come before it."""
    film, first, second = (
        Output(NodeId("1"), "video", "a.webm"),
        Output(NodeId("2"), "image", "b.png"),
        Output(NodeId("3"), "image", "c.png"),
    )
    assert first_image((film, first, second)) == first
    preview = Output(NodeId("4"), "image", "d.png", folder="temp")
    assert first_image((preview, second)) == second
    assert first_image((preview,)) == preview
    assert first_image((film,)) is None


def test_of_two_tasks_pictures_are_compared_else_films() -> None:
    """A picture isn't compared with a film."""
    film, picture, text = (
        Output(NodeId("1"), "video", "a.webm"),
        Output(NodeId("2"), "image", "b.png"),
        Output(NodeId("3"), "text", text="c"),
    )
    assert comparable((film, picture), (picture,)) == (picture, picture)
    assert comparable((film, picture), (text, film)) == (film, film)
    assert comparable((film,), (picture,)) is None
    assert comparable((text,), (text,)) is None


def test_names_that_come_again_are_numbered() -> None:
    names = ["a.png", "A.png", "a.png", "b", "b", "a (2).png", ".x", ".x"]
    assert unique_names(names) == [
        *("a.png", "A (2).png", "a (3).png", "b", "b (2)", "a (2) (2).png", ".x", ".x (2)"),
    ]


@given(st.lists(st.text(alphabet="aA.()2 ", max_size=6)))
def test_no_two_names_are_alike(names: list[str]) -> None:
    found = unique_names(names)
    assert len({name.casefold() for name in found}) == len(names)


def numbered_slowly(names: list[str]) -> list[str]:
    """Try each number anew for each name."""
    found: list[str] = []
    for name in names:
        stem, dot, ending = name.rpartition(".")
        new, number = name, 2
        while new.casefold() in {each.casefold() for each in found}:
            new = f"{stem} ({number}){dot}{ending}" if stem else f"{name} ({number})"
            number += 1
        found.append(new)
    return found


@given(st.lists(st.sampled_from(["a", "A", "a.b", "a (2)", "a (3)", "a (2).b", ".b", ""])))
def test_a_number_is_the_first_that_is_free(names: list[str]) -> None:
    assert unique_names(names) == numbered_slowly(names)


def test_as_many_equal_names_as_there_are_results_are_numbered_at_once() -> None:
    """Each number is tried once: to try all of them for each name would take minutes."""
    assert unique_names(["a.png"] * 20_000)[-1] == "a (20000).png"
